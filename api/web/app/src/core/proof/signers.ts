/** (8) Who signed what, by keys that the ledger holds; refuses [`signatures`] what nobody signed who could. */

import type { ProofBundle, ProvenEvent, Signed, SignedBundle } from "./bundle";
import { digest } from "./digest";
import { areAscending, keccak } from "./hash";
import { countersignatureIn } from "./parts";
import { refuse } from "./refusal";
import { verify } from "./signature";
import type { StoredKey } from "./slots";
import type { LedgerState } from "./state";
import { Kind, Purpose } from "./vocabulary";

/** A key as the contract holds it at the proved block. */
export interface Signer {
    readonly signer: string;
    readonly key: StoredKey;
}

interface Cover {
    readonly actor: number;
    readonly signer: Signer;
}

/** Checks the signatures of one bundle. */
export class Signatures {
    /** By digest of what they signed. */
    readonly signers = new Map<string, Signer>();
    /** Signers that are contracts: the ledger asked them, nobody can offline. */
    readonly wallets = new Set<string>();
    readonly #bundle: ProofBundle;
    readonly #state: LedgerState;

    /** `digests` are those of the events, in order. */
    constructor(bundle: ProofBundle, state: LedgerState, registration: string, digests: readonly string[]) {
        this.#bundle = bundle;
        this.#state = state;
        const maker = bundle.registration.manufacturer;
        this.signers.set(registration, this.#signer(bundle.registered, registration, maker));
        const covers = this.#covers(digests);
        bundle.events.forEach((event, index) => {
            this.#enter(event, digests[index] ?? "", covers);
        });
    }

    #enter(event: ProvenEvent, digest: string, covers: ReadonlyMap<string, Cover>): void {
        const { actor, counterparty, kind } = event.message;
        const signer = event.signed ? this.#signer(event.signed, digest, actor) : covered(covers, digest, actor);
        this.signers.set(digest, signer);
        if (kind !== Kind.HANDOVER) return;
        const { signer: other, signature } = countersignatureIn(event.attachment);
        this.#signer({ signer: other, signature: signature === "0x" ? null : signature }, digest, counterparty);
    }

    /** Who signed each event that is here without a signature of its own. */
    #covers(digests: readonly string[]): ReadonlyMap<string, Cover> {
        const { bundles, events } = this.#bundle;
        const signed = bundles.map((each) => digest(this.#bundle, "Bundle", each.message));
        if (!areAscending(signed)) refuse("signatures", "The bundles of events do not stand in ascending order.");
        const bare = new Set(digests.filter((_, index) => events[index]?.signed === null));
        const covers = new Map<string, Cover>();
        bundles.forEach((each, index) => {
            requireDigests(each);
            const { actor } = each.message;
            const signer = this.#signer(each.signed, signed[index] ?? "", actor);
            const here = each.digests.filter((event) => bare.has(event));
            if (here.length === 0 || here.some((event) => covers.has(event)))
                refuse("signatures", "A bundle of events is not needed here.");
            for (const event of here) covers.set(event, { actor, signer });
        });
        return covers;
    }

    /** Require a signature by a key of the organisation; of a contract, only that it is one. */
    #signer({ signer, signature }: Signed, digest: string, organisation: number): Signer {
        const key = this.#state.key(signer);
        if (key.organisation !== organisation || !(key.purposes & Purpose.EVENTS))
            refuse("signatures", `The signer of ${digest} is no key of organisation ${organisation}.`);
        if (signature !== null) {
            if (!verify(signer, digest, signature))
                refuse("signatures", `The signature under ${digest} does not hold.`);
        } else if (this.#state.isWallet(signer)) this.wallets.add(signer);
        else refuse("signatures", `The signature under ${digest} is missing.`);
        return { signer, key };
    }
}

function covered(covers: ReadonlyMap<string, Cover>, digest: string, actor: number): Signer {
    const cover = covers.get(digest);
    return cover?.actor === actor ? cover.signer : refuse("signatures", `Nobody signed ${digest}.`);
}

/** Require that a bundle's digests are those that it signs, as the contract does. */
function requireDigests({ message, digests }: SignedBundle): void {
    const isSigned = message.digests === keccak(...digests) && message.count === digests.length;
    if (!isSigned || !areAscending(digests))
        refuse("signatures", "A bundle of events signs other events than those it lists.");
}
