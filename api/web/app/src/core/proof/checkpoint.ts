/**
 * Checkpoints: a block that witnesses saw final on their own nodes, signed, so that others can trust its hash
 * (docs/proofs.md, "Checkpoints and witnesses"). Nothing else about a checkpoint is believed.
 */

import { digest, type LedgerName } from "./digest";
import { Fields, parse } from "./json";
import { refuse } from "./refusal";
import { ADDRESS_BYTES, P256_BYTES, sizeOf, verify } from "./signature";

const MAX_BYTES = 1 << 20;
const MAX_DEPTH = 3; // object, list, object
const FIELDS = ["chain_id", "ledger", "number", "hash", "time", "signatures"];

/** A block that may be trusted; `time` is its Unix seconds. */
export interface Checkpoint {
    readonly number: number;
    readonly hash: string;
    readonly time: number;
}

interface Witnessed extends LedgerName, Checkpoint {
    readonly signatures: readonly { readonly signer: string; readonly signature: string }[];
}

/**
 * Require that enough of the believed witnesses signed one checkpoint of a ledger.
 *
 * Files of one block count together, a witness once, strangers not at all. `witnesses` are signers as `readWitnesses`
 * gives them; `threshold` is how many must agree, 0 for all of them.
 *
 * Refuses [`form`] files and thresholds that are none, [`ledger`] another ledger, [`checkpoint`] files of different
 * blocks and too few signatures.
 */
export function readCheckpoints(
    files: readonly Uint8Array[],
    witnesses: readonly string[],
    threshold: number,
    domain: LedgerName,
): Checkpoint {
    const needed = threshold === 0 ? witnesses.length : threshold;
    if (!(needed > 0 && needed <= witnesses.length))
        refuse("form", `It must be from 1 to ${witnesses.length}, the number of witnesses.`, "threshold");
    const read = files.map(readCheckpoint);
    const { chainId, ledger, number, hash, time } = requireSame(read);
    if (chainId !== domain.chainId || ledger !== domain.ledger)
        refuse("ledger", `The checkpoint is of the ledger ${ledger} on chain ${chainId}.`);
    const signed = digest(domain, "Checkpoint", { number, hash, time });
    const counted = new Set(
        read
            .flatMap((each) => each.signatures)
            .filter(({ signer, signature }) => witnesses.includes(signer) && verify(signer, signed, signature))
            .map(({ signer }) => signer),
    );
    if (counted.size < needed)
        refuse("checkpoint", `${counted.size} of the ${witnesses.length} witnesses signed; ${needed} are needed.`);
    return { number, hash, time };
}

/** Read the witnesses that a verifier believes: a JSON list of signers; refuses [`form`] what is none. */
export function readWitnesses(bytes: Uint8Array): string[] {
    const fields = new Fields({ witnesses: parse(bytes, MAX_BYTES, MAX_DEPTH, "witnesses") }, "", ["witnesses"]);
    const found = fields.list("witnesses", (value) => (typeof value === "string" ? value : ""));
    const isSigner = (each: string) => /^0x(?:[0-9a-f]{2})+$/.test(each) && isSignerSize(sizeOf(each));
    if (!found.every(isSigner) || new Set(found).size !== found.length)
        refuse("form", "Each witness is named once, by 20 bytes (an address) or 64 (a P-256 key).", "witnesses");
    return found;
}

function isSignerSize(size: number): boolean {
    return size === ADDRESS_BYTES || size === P256_BYTES;
}

function requireSame(read: readonly Witnessed[]): Witnessed {
    const [first] = read;
    const same = (["chainId", "ledger", "number", "hash", "time"] as const).every((field) =>
        read.every((each) => each[field] === first?.[field]),
    );
    return first !== undefined && same ? first : refuse("checkpoint", "The checkpoints are not of one block.");
}

function readCheckpoint(bytes: Uint8Array): Witnessed {
    const fields = new Fields(parse(bytes, MAX_BYTES, MAX_DEPTH, "checkpoint"), "", FIELDS);
    return {
        chainId: fields.number("chain_id"),
        ledger: fields.hex("ledger", 20),
        number: fields.number("number"),
        hash: fields.hex("hash", 32),
        time: fields.number("time", 40),
        signatures: fields.list("signatures", (value, path) => {
            const pair = new Fields(value, path, ["signer", "signature"]);
            return { signer: someBytes(pair, "signer"), signature: someBytes(pair, "signature") };
        }),
    };
}

function someBytes(fields: Fields, name: string): string {
    const value = fields.hex(name);
    return value === "0x" ? refuse("form", "Bytes are expected.", fields.place(name)) : value;
}
