/** The ledger's state as a bundle's nodes prove it, read by what is stored and not by slot. */

import { refuse } from "./refusal";
import { ADDRESS_BYTES, sizeOf } from "./signature";
import { keccak } from "./hash";
import * as slots from "./slots";
import { Nodes, type Account } from "./trie";

export class LedgerState {
    readonly account: Account;
    readonly #root: string;
    readonly #state: Nodes;
    readonly #storage: Nodes;

    /** `root` is the state root of a trusted header; refuses [`missing_node`] if the ledger's account is not proved. */
    constructor(root: string, ledger: string, state: readonly string[], storage: readonly string[]) {
        this.#root = root;
        this.#state = new Nodes(state);
        this.#storage = new Nodes(storage);
        this.account = this.#state.account(root, ledger);
    }

    consignment(id: string): slots.StoredConsignment {
        const first = slots.slotOf(id, slots.CONSIGNMENTS);
        return slots.consignmentIn(this.#word(first), this.#word(slots.following(first)));
    }

    recall(batch: string): slots.StoredRecall {
        return slots.recallIn(this.#word(slots.slotOf(batch, slots.RECALLS)));
    }

    /** The digest of the CORRECT that names an event wrong; zero if none does. */
    correction(event: string): string {
        return this.#word(slots.slotOf(event, slots.CORRECTIONS));
    }

    organisation(number: number): slots.StoredOrganisation {
        return slots.organisationIn(this.#word(slots.slotOf(number, slots.ORGANISATIONS)));
    }

    key(signer: string): slots.StoredKey {
        return slots.keyIn(this.#word(slots.slotOf(keccak(signer), slots.KEYS)));
    }

    /** Whether a signer is a contract, which the ledger asked for its signatures (ERC-1271). */
    isWallet(signer: string): boolean {
        return sizeOf(signer) === ADDRESS_BYTES && this.#state.account(this.#root, signer).hasCode;
    }

    /** (11) Refuse [`surplus`] nodes that no look-up needed, and nodes out of order. */
    requireNothingSurplus(state: readonly string[], storage: readonly string[]): void {
        if (!isSame(this.#state.needed(), state) || !isSame(this.#storage.needed(), storage))
            refuse("surplus", "Some nodes prove nothing here, or do not stand in ascending order.");
    }

    #word(slot: string): string {
        return this.#storage.word(this.account.storageRoot, slot);
    }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
    return one.length === other.length && one.every((each, index) => each === other[index]);
}
