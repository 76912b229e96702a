/**
 * What travels beside an event, in the exact bytes that its hash was taken over, and the ids that follow from it
 * (docs/statements.md). What cannot be read refuses the bundle [`history`].
 */

import { hexToBytes } from "@noble/hashes/utils.js";
import type { CustodyEvent } from "./bundle";
import { hexOfText, keccak, wordOf } from "./hash";
import { refuse } from "./refusal";
import { Kind } from "./vocabulary";

const SSCC_DIGITS = 18;
const SSCC = 16; // hexadecimal digits: uint64
const QUANTITY = 8; // uint32
const WORD = 64;
const PLACE = 10; // bytes5

/** A consignment that a SPLIT makes. */
export interface Child {
    readonly id: string;
    readonly sscc: string | null;
    readonly quantity: number;
}

/** A consignment that a PACK puts on a pallet or an UNPACK takes off; `head` is the one that the packer saw. */
export interface Member {
    readonly id: string;
    readonly head: string | null;
}

/** What an event names beside itself; of a PACK also the pallet's SSCC and number. */
export interface Parts {
    readonly children: readonly Child[];
    readonly members: readonly Member[];
    readonly sscc: string | null;
    readonly number: number;
}

const NO_PARTS: Parts = { children: [], members: [], sscc: null, number: 0 };

/** Read the parts of an event; a pallet's number is not among them. */
export function partsOf(event: CustodyEvent, digest: string, attachment: string): Parts {
    if (event.kind === Kind.SPLIT) return { ...NO_PARTS, children: childrenIn(attachment, digest) };
    if (event.kind === Kind.PACK) return { ...NO_PARTS, ...palletIn(attachment) };
    if (event.kind !== Kind.UNPACK) return NO_PARTS;
    const members = pieces(attachment.slice(2), WORD, "an UNPACK").map((id) => ({ id: `0x${id}`, head: null }));
    return { ...NO_PARTS, members };
}

function childrenIn(attachment: string, digest: string): Child[] {
    return pieces(attachment.slice(2), SSCC + QUANTITY, "a SPLIT").map((packed, index) => {
        const quantity = Number.parseInt(packed.slice(SSCC), 16);
        if (quantity === 0) refuse("history", `Child ${index} of a split is empty.`);
        return { id: childId(digest, index), sscc: ssccIn(packed.slice(0, SSCC)), quantity };
    });
}

function palletIn(attachment: string): Pick<Parts, "sscc" | "members"> {
    const digits = attachment.slice(2);
    const members = pieces(digits.slice(SSCC), 2 * WORD, "a PACK").map((packed) => ({
        id: `0x${packed.slice(0, WORD)}`,
        head: `0x${packed.slice(WORD)}`,
    }));
    return { sscc: ssccIn(digits.slice(0, SSCC)), members };
}

function pieces(digits: string, size: number, whose: string): string[] {
    if (digits.length === 0 || digits.length % size !== 0)
        refuse("history", `The attachment of ${whose} has a wrong length.`);
    return Array.from({ length: digits.length / size }, (_, index) => digits.slice(index * size, (index + 1) * size));
}

function ssccIn(packed: string): string | null {
    const text = BigInt(`0x${packed}`).toString().padStart(SSCC_DIGITS, "0");
    if (text.length > SSCC_DIGITS) refuse("history", "An SSCC has 18 digits.");
    return Number(text) === 0 ? null : text;
}

/** Read a HANDOVER's attachment, `abi.encode(bytes signer, bytes signature)`, in its canonical encoding only. */
export function countersignatureIn(attachment: string): { signer: string; signature: string } {
    const secondAt = Number.parseInt(attachment.slice(2 + WORD, 2 + 2 * WORD), 16);
    const [signer, signature] = [dynamicAt(attachment, 64), dynamicAt(attachment, secondAt)];
    const first = dynamic(signer);
    const encoded = [wordOf(64), wordOf(64 + first.length / 2), first, dynamic(signature)];
    if (attachment !== `0x${encoded.map((each) => each.replace("0x", "")).join("")}`)
        refuse("history", "The attachment of a HANDOVER must be abi.encode(bytes signer, bytes signature).");
    return { signer, signature };
}

/** Read `bytes` out of the tail of an encoding; what is not there reads as shorter, and encodes otherwise then. */
function dynamicAt(encoded: string, at: number): string {
    const start = 2 + 2 * at;
    const length = Number.parseInt(encoded.slice(start, start + WORD), 16) || 0;
    return `0x${encoded.slice(start + WORD, start + WORD + 2 * length)}`;
}

/** Write `bytes` or `string` as in the tail of `abi.encode`, without 0x: length, then data padded to words. */
function dynamic(value: string): string {
    const digits = value.slice(2);
    const padded = Math.ceil(digits.length / WORD) * WORD;
    return wordOf(digits.length / 2).slice(2) + digits.padEnd(padded, "0");
}

/** Read the attachment of a CORRECT, `abi.encode(CustodyEvent)`: the event that it names wrong. */
export function correctedIn(attachment: string): CustodyEvent {
    const words = pieces(attachment.slice(2), WORD, "a CORRECT");
    const at = (index: number) => words[index] ?? "";
    if (words.length !== 10 || /[^0]/.test(at(7).slice(PLACE))) malformedEvent();
    return {
        consignment: `0x${at(0)}`,
        previous: `0x${at(1)}`,
        actor: numberIn(at(2), 32),
        kind: numberIn(at(3), 8),
        occurredAt: numberIn(at(4), 40),
        counterparty: numberIn(at(5), 32),
        quantity: numberIn(at(6), 32),
        place: `0x${at(7).slice(0, PLACE)}`,
        parts: `0x${at(8)}`,
        details: `0x${at(9)}`,
    };
}

function numberIn(word: string, bits: number): number {
    const value = BigInt(`0x${word}`);
    return value < 1n << BigInt(bits) ? Number(value) : malformedEvent();
}

function malformedEvent(): never {
    refuse("history", "The attachment of a CORRECT must be abi.encode(CustodyEvent).");
}

/** A batch's id, which is also its first consignment's: keccak256(abi.encode(uint64 gtin, string lot)). */
export function batchId(gtin: number, lot: string): string {
    return keccak(wordOf(gtin), wordOf(64), `0x${dynamic(hexOfText(lot))}`);
}

/** The id of a consignment that a SPLIT made: keccak256(abi.encode(digest, uint256 index)). */
export function childId(digest: string, index: number): string {
    return keccak(digest, wordOf(index));
}

/** A consignment's head after an event: keccak256(abi.encode(head, digest)). */
export function nextHead(head: string, digest: string): string {
    return keccak(head, digest);
}

/** A place as text: a UN/LOCODE, "" where none; refuses [`history`] what is not ASCII. */
export function placeIn(place: string): string {
    const bytes = hexToBytes(place.slice(2));
    if (bytes.some((byte) => byte > 0x7f)) refuse("history", "A place is not a UN/LOCODE.");
    return new TextDecoder().decode(bytes).replace(/\0+$/, "");
}
