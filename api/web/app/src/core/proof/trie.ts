/**
 * Reading Ethereum's state out of a few trie nodes: every node is found by its hash, so only true ones lead anywhere.
 * Which nodes were needed is told, because a bundle with others is refused.
 *
 * Sources: Ethereum yellow paper, appendix D (modified Merkle Patricia tree) and section 4.1 (accounts); EIP-1186.
 */

import { hexToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../hex";
import { keccak, NO_WORD } from "./hash";
import { refuse } from "./refusal";
import { decode, type Item } from "./rlp";

const EMPTY_ROOT = keccak("0x80"); // of a trie without entries
const EMPTY_CODE = keccak("0x");
const NOTHING = new Uint8Array();
const WORD = 32;
const BRANCH = 17;
const LEAF = 2; // bit of the first nibble of a packed path; the other bit says that the path is odd
const ODD = 1;

/** What the state holds of one address. */
export interface Account {
    readonly storageRoot: string;
    readonly codeHash: string;
    /** A contract, or an account that delegates to one (EIP-7702). */
    readonly hasCode: boolean;
}

/** Trie nodes by their hashes, and which of them were needed. */
export class Nodes {
    readonly #nodes: ReadonlyMap<string, string>;
    readonly #needed = new Map<string, Item>();

    constructor(nodes: readonly string[]) {
        this.#nodes = new Map(nodes.map((node) => [keccak(node), node]));
    }

    /** What a trie holds under a path of nibbles: the value, still encoded, or nothing if it provably holds none. */
    entry(root: string, path: string): Uint8Array {
        if (root === EMPTY_ROOT) return NOTHING;
        let step: Step = { item: hexToBytes(root.slice(2)), way: path, found: false };
        while (step.item.length > 0) {
            step = stepFrom(this.#open(step.item), step.way);
            if (step.found) return step.item instanceof Uint8Array ? step.item : malformed("a value is a list");
        }
        return NOTHING;
    }

    /** Read an account of a state root. */
    account(root: string, address: string): Account {
        const value = this.entry(root, keccak(address).slice(2));
        if (value.length === 0) return { storageRoot: EMPTY_ROOT, codeHash: EMPTY_CODE, hasCode: false };
        const fields = decode(value);
        if (fields instanceof Uint8Array || fields.length !== 4) malformed("an account does not have four fields");
        const [storageRoot, codeHash] = [hashIn(fields[2]), hashIn(fields[3])];
        return { storageRoot, codeHash, hasCode: codeHash !== EMPTY_CODE };
    }

    /** Read a storage slot as a word of 32 bytes; zeros if nothing is stored there. */
    word(root: string, slot: string): string {
        const value = this.entry(root, keccak(slot).slice(2));
        if (value.length === 0) return NO_WORD;
        const number = decode(value);
        if (!(number instanceof Uint8Array) || number.length > WORD || number[0] === 0)
            malformed("a slot holds no number");
        return `0x${toHex(number)
            .slice(2)
            .padStart(2 * WORD, "0")}`;
    }

    /** The nodes that the look-ups so far needed, in ascending order of their hashes. */
    needed(): readonly string[] {
        return [...this.#needed.keys()].sort().map((hash) => this.#nodes.get(hash) ?? "");
    }

    #open(reference: Item): readonly Item[] {
        if (!(reference instanceof Uint8Array)) return reference; // shorter than a hash, so it stands inside its parent
        if (reference.length !== WORD) malformed("a reference is neither a hash nor a node");
        const hash = toHex(reference);
        const item = this.#needed.get(hash) ?? this.#decoded(hash);
        return item instanceof Uint8Array ? malformed("a node is not a list") : item;
    }

    #decoded(hash: string): Item {
        const node = this.#nodes.get(hash) ?? refuse("missing_node", `A node of the state is missing: ${hash}.`);
        const item = decode(hexToBytes(node.slice(2)));
        this.#needed.set(hash, item);
        return item;
    }
}

interface Step {
    readonly item: Item;
    readonly way: string;
    readonly found: boolean;
}

const NOT_THERE: Step = { item: NOTHING, way: "", found: true };

/** Go from a node one step down: what is there, what is left of the way, and whether that is the value. */
function stepFrom(node: readonly Item[], way: string): Step {
    if (node.length === BRANCH) {
        const index = way ? Number.parseInt(way.charAt(0), 16) : BRANCH - 1;
        return { item: node[index] ?? NOTHING, way: way.slice(1), found: !way };
    }
    const [packed, item] = node;
    if (node.length !== 2 || !(packed instanceof Uint8Array) || item === undefined)
        malformed("a node is neither a branch nor a pair");
    const [prefix, isLeaf] = unpacked(packed);
    if (isLeaf) return prefix === way ? { item, way: "", found: true } : NOT_THERE;
    if (!prefix) malformed("an extension has no path");
    return way.startsWith(prefix) ? { item, way: way.slice(prefix.length), found: false } : NOT_THERE;
}

/** Read a packed path (yellow paper, appendix C): its nibbles, and whether it ends in a leaf. */
function unpacked(packed: Uint8Array): [string, boolean] {
    const digits = toHex(packed).slice(2);
    const flags = Number.parseInt(digits.charAt(0) || "f", 16);
    if (flags > (LEAF | ODD) || (!(flags & ODD) && digits.charAt(1) !== "0")) malformed("a path is malformed");
    return [digits.slice(flags & ODD ? 1 : 2), (flags & LEAF) !== 0];
}

function hashIn(item: Item | undefined): string {
    if (!(item instanceof Uint8Array) || item.length !== WORD) malformed("an account's hashes do not have 32 bytes");
    return toHex(item);
}

function malformed(words: string): never {
    refuse("encoding", `A proof of the state is malformed: ${words}.`);
}
