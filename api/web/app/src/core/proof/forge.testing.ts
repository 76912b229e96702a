/**
 * For tests: a ledger of our own making, whose state may hold anything, with tries and a header that are whole. So each
 * step of the check can be given what the step before it lets pass.
 */

import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../hex";
import { codeHash, WORDS } from "./contract";
import { digest, type LedgerName } from "./digest";
import type { Vector } from "./vectors.testing";
import { hashOf, keccak, NO_WORD, wordOf } from "./hash";
import { canonical } from "./json";
import type { Item } from "./rlp";
import * as slots from "./slots";

export const LEDGER: LedgerName = { chainId: 31_337, ledger: `0x${"1e".repeat(20)}` };
export const TIME = 1_790_000_000;

// RLP and tries

/** Encode bytes or a list. */
export function encode(item: Item): Uint8Array {
    if (item instanceof Uint8Array) {
        const isItself = item.length === 1 && (item[0] ?? 0) < 0x80;
        return isItself ? item : concatBytes(prefix(item.length, 0x80), item);
    }
    const body = concatBytes(...item.map(encode));
    return concatBytes(prefix(body.length, 0xc0), body);
}

function prefix(length: number, base: number): Uint8Array {
    if (length <= 55) return Uint8Array.of(base + length);
    const size = numberBytes(length);
    return concatBytes(Uint8Array.of(base + 55 + size.length), size);
}

/** A number as RLP's contents hold it: without leading zeros. */
export function numberBytes(value: number | bigint): Uint8Array {
    const digits = value === 0 || value === 0n ? "" : value.toString(16);
    return hexToBytes(digits.length % 2 ? `0${digits}` : digits);
}

/** The trie over values by their paths in hexadecimal digits: its root and its nodes. */
export function trieOf(entries: ReadonlyMap<string, Uint8Array>): { root: string; nodes: string[] } {
    const nodes = new Map<string, string>();
    const keep = (node: Item): string => {
        const bytes = encode(node);
        nodes.set(hashOf(bytes), toHex(bytes));
        return hashOf(bytes);
    };
    const reference = (node: Item): Item => (encode(node).length < 32 ? node : hexToBytes(keep(node).slice(2)));
    const build = (rest: readonly (readonly [string, Uint8Array])[]): Item => {
        const [[first, value] = ["", new Uint8Array()]] = rest;
        if (rest.length === 1) return [packed(first, 2), value];
        let shared = 0;
        while (rest.every(([path]) => path.charAt(shared) === first.charAt(shared))) shared += 1;
        if (shared > 0) {
            const below = build(rest.map(([path, each]) => [path.slice(shared), each]));
            return [packed(first.slice(0, shared), 0), reference(below)];
        }
        const children = Array.from({ length: 16 }, (_, index) => {
            const nibble = index.toString(16);
            const own = rest
                .filter(([path]) => path.startsWith(nibble))
                .map(([path, each]) => [path.slice(1), each] as const);
            return own.length > 0 ? reference(build(own)) : new Uint8Array();
        });
        return [...children, new Uint8Array()];
    };
    const root = keep(build([...entries]));
    return { root, nodes: [...nodes].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, node]) => node) };
}

function packed(path: string, flags: number): Uint8Array {
    return hexToBytes(path.length % 2 ? `${flags | 1}${path}` : `${flags}0${path}`);
}

/** A header of the first fork's fields. */
export function headerOf(stateRoot: string, changes: Readonly<Record<number, Item>> = {}, length = 15): string {
    const fields: Item[] = Array.from({ length }, () => new Uint8Array());
    fields[3] = hexToBytes(stateRoot.slice(2));
    fields[8] = numberBytes(7);
    fields[11] = numberBytes(TIME);
    for (const [index, item] of Object.entries(changes)) fields[Number(index)] = item;
    return toHex(encode(fields));
}

// Keys and signatures

export interface Pen {
    readonly signer: string;
    sign(digest: string): string;
}

/** A secp256k1 key, by a number of its own. */
export function walletPen(secret: number): Pen {
    const key = hexToBytes(wordOf(secret).slice(2));
    const address = keccak(toHex(secp256k1.getPublicKey(key, false).subarray(1))).slice(-40);
    return {
        signer: `0x${address}`,
        sign: (hash) => {
            const signed = secp256k1.sign(hexToBytes(hash.slice(2)), key, { prehash: false, format: "recovered" });
            return toHex(concatBytes(signed.subarray(1), Uint8Array.of(27 + (signed[0] ?? 0))));
        },
    };
}

/** A P-256 key, by a number of its own. */
export function phonePen(secret: number): Pen {
    const key = hexToBytes(wordOf(secret).slice(2));
    return {
        signer: toHex(p256.getPublicKey(key, false).subarray(1)),
        sign: (hash) => toHex(p256.sign(hexToBytes(hash.slice(2)), key, { lowS: true })),
    };
}

// Bundles

export interface Told {
    message: Record<string, string | number>;
    attachment: string;
    signer: string | null;
    signature: string | null;
}

/** A bundle in the making: whoever tests changes the document and the storage, then seals it. */
export class Forge {
    /** By slot; zero words are not kept by a trie. */
    readonly storage = new Map<string, string>();
    /** Addresses with code, beside the ledger's. */
    readonly contracts = new Set<string>();
    readonly registration = {
        manufacturer: 2,
        gtin: 5_413_868_000_016,
        lot: "FORGED",
        productClass: 1,
        quantity: 100,
        manufactured: 0,
        expiry: 20_290_131,
        unitRoot: NO_WORD,
        details: NO_WORD,
    };
    readonly document = {
        format: "lotproof-proof-1",
        chain_id: LEDGER.chainId,
        ledger: LEDGER.ledger,
        code: { gtin: "05413868000016", lot: "FORGED", serial: null as string | null },
        unit: null as { salt: string; path: string[] } | null,
        events: [] as Told[],
        bundles: [] as {
            message: Record<string, string | number>;
            digests: string[];
            signer: string;
            signature: string;
        }[],
        label_keys: [] as string[],
        immutables: Array.from({ length: WORDS }, (_, index) => wordOf(index)),
    };
    readonly maker = walletPen(2);

    constructor() {
        this.key(this.maker, 2);
    }

    /** Let the ledger hold a key; `purposes` are bits. */
    key(pen: Pen, organisation: number, purposes = 1): void {
        const word = `0x${purposes.toString(16).padStart(56, "0")}${organisation.toString(16).padStart(8, "0")}`;
        this.storage.set(slots.slotOf(keccak(pen.signer), slots.KEYS), word);
    }

    /** Let the ledger hold a consignment or pallet; everything that is not told is 0. */
    consignment(id: string, head: string, told: Partial<slots.StoredConsignment>): void {
        const { holder = 2, counterparty = 0, manufacturer = 2, heldBy = 0, pallet = 0 } = told;
        const { occurredAt = 0, rest = 100, sequence = 0, status = 0 } = told;
        const words = [rest, occurredAt, pallet, heldBy, manufacturer, counterparty, holder];
        const packed = words.map((each) => each.toString(16).padStart(8, "0")).join("");
        const slot = slots.slotOf(id, slots.CONSIGNMENTS);
        const flags = status.toString(16).padStart(4, "0") + sequence.toString(16).padStart(4, "0");
        this.storage.set(slot, head).set(slots.following(slot), `0x${flags}${packed}`);
    }

    /** The digest of the registration as it stands. */
    registered(): string {
        return digest(LEDGER, "BatchRegistration", this.registration);
    }

    /** Add an event; gives its digest. Without a pen it is signed by nobody. */
    event(message: Record<string, string | number>, attachment = "0x", pen: Pen | null = this.maker): string {
        const none = { counterparty: 0, quantity: 100, place: "0x534753494e", parts: NO_WORD, details: NO_WORD };
        const whole = { ...none, actor: 2, occurredAt: TIME - 100, ...message };
        const own = digest(LEDGER, "CustodyEvent", whole);
        const signature = pen?.sign(own) ?? null;
        this.document.events.push({ message: whole, attachment, signer: pen?.signer ?? null, signature });
        return own;
    }

    /** Add a bundle that signs these digests. */
    bundle(digests: string[], pen: Pen = this.maker, count = digests.length): string {
        const message = { actor: 2, count, digests: keccak(...digests) };
        const own = digest(LEDGER, "Bundle", message);
        this.document.bundles.push({ message, digests, signer: pen.signer, signature: pen.sign(own) });
        return own;
    }

    /** Make the bundle's file, with all nodes there are: what passes every other step is refused as surplus. */
    seal(): Vector {
        const held = [...this.storage].filter(([, word]) => word !== NO_WORD);
        const values = held.map(([slot, word]) => [keccak(slot).slice(2), encode(numberBytes(BigInt(word)))] as const);
        const storage = trieOf(new Map(values));
        const account = (root: string, hash: string) =>
            encode([Uint8Array.of(1), new Uint8Array(), hexToBytes(root.slice(2)), hexToBytes(hash.slice(2))]);
        const accounts = new Map([[LEDGER.ledger, account(storage.root, codeHash(this.document.immutables))]]);
        for (const each of this.contracts) accounts.set(each, account(keccak("0x80"), keccak("0xfe")));
        const state = trieOf(new Map([...accounts].map(([address, value]) => [keccak(address).slice(2), value])));
        const header = headerOf(state.root);
        const signed = { signer: this.maker.signer, signature: this.maker.sign(this.registered()) };
        const registration = { message: this.registration, ...signed };
        const bundle = canonical({
            ...this.document,
            registration,
            header,
            state: state.nodes,
            storage: storage.nodes,
        });
        const trusted = { ...LEDGER, hash: keccak(header) };
        return { name: "forged", description: "", bundle, trusted, code: "", now: TIME, expected: {} };
    }
}
