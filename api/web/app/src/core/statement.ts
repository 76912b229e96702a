/** Statements ready to be signed, made from what the server shows and what a person chose. */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { isByAuthority, KINDS, sequenceWord, type Consignment, type Kind } from "./consignment";
import { detailsOf, withSalt, type Document } from "./document";
import { concatBytes, fromHex, toHex } from "./hex";
import type { Message, StructName } from "./typed_data";

/** What travels beside a statement: the server takes it in the same JSON object. */
export interface Beside {
    readonly attachment?: string;
    readonly cosignature?: string;
    readonly document?: Document;
}

/** A statement that nobody signed yet. */
export interface Draft<M extends Message = Message> {
    readonly type: StructName;
    readonly message: M;
    readonly beside: Beside;
}

/** Fields as signed; times are Unix seconds, `0x…` are bytes. */
export type CustodyMessage = Readonly<{
    consignment: string;
    previous: string;
    actor: number;
    kind: number;
    occurredAt: number;
    counterparty: number;
    quantity: number;
    place: string;
    parts: string;
    details: string;
}>;
export type UnitMessage = Readonly<{
    actor: number;
    kind: number;
    gtin: number;
    lot: string;
    serial: string;
    occurredAt: number;
    place: string;
    previous: string;
    details: string;
}>;
export type RegistrationMessage = Readonly<{
    manufacturer: number;
    gtin: number;
    lot: string;
    productClass: number;
    quantity: number;
    manufactured: number;
    expiry: number;
    unitRoot: string;
    details: string;
}>;
export type KeyMessage = Readonly<{
    organisation: number;
    signer: string;
    purposes: number;
    validFrom: number;
    validUntil: number;
}>;
export type AnchorMessage = Readonly<{ organisation: number; count: number; root: string; previous: string }>;

/** What happens to one pack; `kind` of a UnitEvent. UNDO takes back a DISPENSE of the same organisation. */
export const UNIT_KINDS = { SCAN: 1, DISPENSE: 2, UNDO: 3, DESTROY: 4, SAMPLE: 5 } as const;
export type UnitKind = keyof typeof UNIT_KINDS;
export const PRODUCT_CLASSES = { VACCINE: 1, MEDICINE: 2, PPE: 3, DEVICE: 4 } as const;
export type ProductClass = keyof typeof PRODUCT_CLASSES;
/** What a key may sign, as bits to be added. */
export const PURPOSES = { EVENTS: 1, LABELS: 2, ADMIN: 4 } as const;

/** 32 zeros: nothing. */
export const NOTHING = `0x${"00".repeat(32)}`;
const NO_PLACE = `0x${"00".repeat(5)}`;
const LOCODE = /^[A-Z]{2}[A-Z0-9]{3}$/; // UNECE Recommendation 16
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const GTIN = /^[0-9]{14}$/;

/** What a person says of a consignment. */
export interface Custody {
    readonly kind: Exclude<Kind, "HANDOVER" | "SPLIT" | "PACK" | "UNPACK" | "CORRECT">;
    /** The organisation that signs. */
    readonly actor: number;
    /** UN/LOCODE; "" only for RECALL. */
    readonly place: string;
    /** Unix seconds. */
    readonly occurredAt: number;
    /** The other organisation of a SHIP; RECEIVE and RETURN find theirs by the shipment. */
    readonly to?: number;
    /** Units of RECEIVE, DISPENSE and DESTROY; all that is left if not given. */
    readonly quantity?: number;
    /** Kept off chain, its salted hash is signed. */
    readonly document?: Document;
}

/**
 * An event about a consignment.
 *
 * @param salt - 32 random bytes, needed with a document
 * @throws RangeError - the kind and the consignment do not fit together, or a value is malformed
 */
export function custodyEvent(said: Custody, goods: Consignment, salt?: Uint8Array): Draft<CustodyMessage> {
    const { kind, actor, place, occurredAt } = said;
    const { details, beside } = documented(said.document, salt);
    const message = {
        consignment: kind === "RECALL" ? batchOf(goods) : goods.id,
        previous: isByAuthority(kind, actor, goods) ? sequenceWord(goods.sequence) : goods.head,
        actor,
        kind: KINDS[kind],
        occurredAt,
        counterparty: otherParty(said, goods),
        quantity: OF_UNITS.has(kind) ? (said.quantity ?? goods.rest) : 0,
        place: place === "" && kind === "RECALL" ? NO_PLACE : placeBytes(place),
        parts: NOTHING,
        details,
    };
    return { type: "CustodyEvent", message, beside };
}

const OF_UNITS: ReadonlySet<Kind> = new Set<Kind>(["SHIP", "RECEIVE", "RETURN", "DISPENSE", "DESTROY"]);

/** A RECEIVE names the sender, a RETURN the other party of the shipment that it undoes. */
function otherParty({ kind, actor, to }: Custody, goods: Consignment): number {
    if (kind === "SHIP") return required(to, "to whom it is shipped");
    if (kind !== "RECEIVE" && kind !== "RETURN") return 0;
    const named = kind === "RETURN" && goods.holder?.number === actor ? goods.counterparty : goods.holder;
    return to ?? required(named?.number, "from whom it comes");
}

/** What a person says of one pack. */
export interface UnitSaying {
    readonly kind: UnitKind;
    readonly actor: number;
    /** 14 digits. */
    readonly gtin: string;
    readonly lot: string;
    readonly serial: string;
    /** UN/LOCODE. */
    readonly place: string;
    /** Unix seconds. */
    readonly occurredAt: number;
    /** Of an UNDO: the digest of the DISPENSE. */
    readonly previous?: string;
}

/** An event about one pack. */
export function unitEvent(said: UnitSaying): Draft<UnitMessage> {
    const undo = said.kind === "UNDO";
    const message = {
        actor: said.actor,
        kind: UNIT_KINDS[said.kind],
        gtin: gtinNumber(said.gtin),
        lot: said.lot,
        serial: said.serial,
        occurredAt: said.occurredAt,
        place: placeBytes(said.place),
        previous: undo ? required(said.previous, "what is undone") : NOTHING,
        details: NOTHING,
    };
    return { type: "UnitEvent", message, beside: {} };
}

/** What a manufacturer says of a new batch; dates are ISO 8601, YYYY-MM-DD. */
export interface NewBatch {
    readonly manufacturer: number;
    readonly gtin: string;
    readonly lot: string;
    readonly productClass: ProductClass;
    readonly quantity: number;
    readonly manufactured: string | null;
    readonly expiry: string;
    /** Merkle root of the serial numbers, `0x…`; none if the packs have none. */
    readonly unitRoot?: string;
    readonly document?: Document;
}

/** The registration of a batch. */
export function batchRegistration(said: NewBatch, salt?: Uint8Array): Draft<RegistrationMessage> {
    const { details, beside } = documented(said.document, salt);
    const message = {
        manufacturer: said.manufacturer,
        gtin: gtinNumber(said.gtin),
        lot: said.lot,
        productClass: PRODUCT_CLASSES[said.productClass],
        quantity: said.quantity,
        manufactured: said.manufactured === null ? 0 : dateNumber(said.manufactured),
        expiry: dateNumber(said.expiry),
        unitRoot: said.unitRoot ?? NOTHING,
        details,
    };
    return { type: "BatchRegistration", message, beside };
}

/** A batch's id, which is also its first consignment's: keccak256(abi.encode(uint64 gtin, string lot)). */
export function batchId(gtin: string, lot: string): string {
    const text = new TextEncoder().encode(lot);
    const padded = new Uint8Array(Math.ceil(text.length / 32) * 32);
    padded.set(text);
    return toHex(keccak_256(concatBytes(number(gtinNumber(gtin)), number(64), number(text.length), padded)));
}

/** The addition of a key; the new key signs it too, as `cosignature`. */
export function keyAddition(message: KeyMessage, cosignature: string): Draft<KeyMessage> {
    return { type: "KeyAddition", message, beside: { cosignature } };
}

/** The head of an organisation's log, for the chain. */
export function anchor(message: AnchorMessage): Draft<AnchorMessage> {
    return { type: "Anchor", message, beside: {} };
}

function documented(document: Document | undefined, salt: Uint8Array | undefined): { details: string; beside: Beside } {
    if (document === undefined) return { details: NOTHING, beside: {} };
    const salted = withSalt(document, required(salt, "the document's salt"));
    return { details: detailsOf(salted), beside: { document: salted } };
}

function batchOf(goods: Consignment): string {
    return required(goods.batch?.id, "the batch: a pallet may carry several");
}

function placeBytes(place: string): string {
    if (!LOCODE.test(place)) throw new RangeError(`${JSON.stringify(place)} is no UN/LOCODE.`);
    return toHex(new TextEncoder().encode(place));
}

function gtinNumber(gtin: string): number {
    if (!GTIN.test(gtin)) throw new RangeError("A GTIN has 14 digits here.");
    return Number(gtin);
}

function dateNumber(date: string): number {
    const [, year, month, day] = DATE.exec(date) ?? [];
    if (year === undefined || month === undefined || day === undefined) throw new RangeError(`${date} is no date.`);
    return Number(year + month + day);
}

function number(value: number): Uint8Array {
    return fromHex(sequenceWord(value)) ?? new Uint8Array(32);
}

function required<T>(value: T | undefined, what: string): T {
    if (value === undefined) throw new RangeError(`It must be said ${what}.`);
    return value;
}
