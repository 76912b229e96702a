/** Whether a snapshot is what its signer signed, for this ledger: nothing else of it is believed. */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { toHex } from "./hex";
import { isSignedBy } from "./p256";
import type { SignedSnapshot, Snapshot } from "./snapshot";
import { Trouble } from "./trouble";
import { digestOf, type Domain } from "./typed_data";

const FORMAT = "lotproof-snapshot-1";

/**
 * Read a signed snapshot.
 *
 * @param signer - the key that this device trusts, `0x…`
 * @throws Trouble - another signer's, another ledger's, changed on the way, or malformed
 */
export async function readSnapshot(signed: SignedSnapshot, domain: Domain, signer: string): Promise<Snapshot> {
    if (signed.signer !== signer) throw new Trouble("device.snapshot_other_signer", { signer: signed.signer });
    const snapshot = parsed(signed.snapshot);
    if (snapshot.chain_id !== Number(domain.chainId) || snapshot.ledger !== domain.verifyingContract) {
        throw new Trouble("device.snapshot_other_ledger", { ledger: snapshot.ledger });
    }
    const message = {
        hash: toHex(keccak_256(new TextEncoder().encode(signed.snapshot))),
        number: snapshot.block,
        time: snapshot.time,
    };
    if (!(await isSignedBy(signer, digestOf(domain, "Snapshot", message), signed.signature))) {
        throw new Trouble("device.snapshot_forged");
    }
    return snapshot;
}

function parsed(text: string): Snapshot {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        throw new Trouble("device.snapshot_malformed");
    }
    if (!isSnapshot(value)) throw new Trouble("device.snapshot_malformed");
    return value;
}

function isSnapshot(value: unknown): value is Snapshot {
    if (typeof value !== "object" || value === null) return false;
    const given = value as Readonly<Record<string, unknown>>;
    const lists = ["hosts", "organisations", "keys", "recalls", "holds"];
    const times = ["chain_id", "block", "time"];
    return (
        given.format === FORMAT &&
        typeof given.ledger === "string" &&
        lists.every((name) => Array.isArray(given[name])) &&
        times.every((name) => Number.isSafeInteger(given[name]) && (given[name] as number) >= 0)
    );
}
