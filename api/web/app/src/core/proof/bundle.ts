/**
 * A proof bundle as a file: one JSON object in its one canonical form, or no bundle at all. Whatever could be written in
 * two ways is refused, so each field that is there is one that `check` checks (docs/proofs.md, "The file").
 */

import type { CustodyMessage, RegistrationMessage } from "../statement";
import { canonical, Fields, parse, readHex, readWord } from "./json";
import { refuse } from "./refusal";

const FORMAT = "lotproof-proof-1";
const MAX_BYTES = 16 << 20; // 2,000 events on a chain as deep as Ethereum's need about 12 MB
const MAX_EVENTS = 2_000;
const MAX_DEPTH = 4; // object, list, object, message
const MAX_PATH = 64; // of a unit; more than any tree has levels

/** What makers and holders signed, as for any statement. */
export type BatchRegistration = RegistrationMessage;
export type CustodyEvent = CustodyMessage;

export type BundleStatement = Readonly<{ actor: number; count: number; digests: string }>;

/** Who signed what; `signature` is null for a wallet (ERC-1271), which only the chain could ask. */
export interface Signed {
    readonly signer: string;
    readonly signature: string | null;
}

/** A custody event; `signed` is null if one of the bundles signs it. */
export interface ProvenEvent {
    readonly message: CustodyEvent;
    readonly attachment: string;
    readonly signed: Signed | null;
}

/** One signature over many events, of which this proof may need only some. */
export interface SignedBundle {
    readonly message: BundleStatement;
    readonly digests: readonly string[];
    readonly signed: Signed;
}

export interface ProofBundle {
    readonly chainId: number;
    readonly ledger: string;
    readonly gtin: string;
    readonly lot: string;
    readonly serial: string | null;
    readonly unit: { readonly salt: string; readonly path: readonly string[] } | null;
    readonly registration: BatchRegistration;
    readonly registered: Signed;
    readonly events: readonly ProvenEvent[];
    readonly bundles: readonly SignedBundle[];
    readonly labelKeys: readonly string[];
    readonly immutables: readonly string[];
    readonly header: string;
    readonly state: readonly string[];
    readonly storage: readonly string[];
}

const TOP =
    "format chain_id ledger code unit registration events bundles label_keys immutables header state storage".split(
        " ",
    );
const SIGNED = ["message", "signer", "signature"];
const REGISTRATION = "manufacturer gtin lot productClass quantity manufactured expiry unitRoot details".split(" ");
const EVENT = "consignment previous actor kind occurredAt counterparty quantity place parts details".split(" ");

/** (1) Read a bundle; nothing of it is proved yet. Refuses [`form`] what is none in its canonical form. */
export function readBundle(bytes: Uint8Array): ProofBundle {
    const value = parse(bytes, MAX_BYTES, MAX_DEPTH, "bundle");
    const fields = new Fields(value, "", TOP);
    if (fields.value("format") !== FORMAT) refuse("form", `This program reads ${FORMAT}.`, "format");
    const bundle = bundleOf(fields);
    if (canonical(value) !== new TextDecoder().decode(bytes))
        refuse("form", "It is not in canonical form: sorted keys, no spaces, no line end.", "bundle");
    return bundle;
}

function bundleOf(fields: Fields): ProofBundle {
    const code = new Fields(fields.value("code"), "code", ["gtin", "lot", "serial"]);
    const registration = new Fields(fields.value("registration"), "registration", SIGNED);
    return {
        chainId: fields.number("chain_id"),
        ledger: fields.hex("ledger", 20),
        gtin: code.text("gtin"),
        lot: code.text("lot"),
        serial: code.value("serial") === null ? null : code.text("serial"),
        unit: unitOf(fields.value("unit")),
        registration: registrationOf(new Fields(registration.value("message"), "registration.message", REGISTRATION)),
        registered: signedOf(registration),
        events: fields.list("events", eventOf, MAX_EVENTS),
        bundles: fields.list("bundles", signedBundleOf, MAX_EVENTS),
        labelKeys: fields.list("label_keys", readHex),
        immutables: fields.list("immutables", readWord),
        header: fields.hex("header"),
        state: fields.list("state", readHex),
        storage: fields.list("storage", readHex),
    };
}

function unitOf(value: unknown): ProofBundle["unit"] {
    if (value === null) return null;
    const fields = new Fields(value, "unit", ["salt", "path"]);
    return { salt: fields.hex("salt", 32), path: fields.list("path", readWord, MAX_PATH) };
}

function registrationOf(fields: Fields): BatchRegistration {
    return {
        manufacturer: fields.number("manufacturer", 32),
        gtin: fields.number("gtin"),
        lot: fields.text("lot"),
        productClass: fields.number("productClass", 8),
        quantity: fields.number("quantity", 32),
        manufactured: fields.number("manufactured", 32),
        expiry: fields.number("expiry", 32),
        unitRoot: fields.hex("unitRoot", 32),
        details: fields.hex("details", 32),
    };
}

function eventOf(value: unknown, path: string): ProvenEvent {
    const fields = new Fields(value, path, [...SIGNED, "attachment"]);
    const isBare = fields.value("signer") === null && fields.value("signature") === null;
    return {
        message: custodyEventOf(new Fields(fields.value("message"), fields.place("message"), EVENT)),
        attachment: fields.hex("attachment"),
        signed: isBare ? null : signedOf(fields),
    };
}

function custodyEventOf(fields: Fields): CustodyEvent {
    return {
        consignment: fields.hex("consignment", 32),
        previous: fields.hex("previous", 32),
        actor: fields.number("actor", 32),
        kind: fields.number("kind", 8),
        occurredAt: fields.number("occurredAt", 40),
        counterparty: fields.number("counterparty", 32),
        quantity: fields.number("quantity", 32),
        place: fields.hex("place", 5),
        parts: fields.hex("parts", 32),
        details: fields.hex("details", 32),
    };
}

function signedBundleOf(value: unknown, path: string): SignedBundle {
    const fields = new Fields(value, path, [...SIGNED, "digests"]);
    const message = new Fields(fields.value("message"), fields.place("message"), ["actor", "count", "digests"]);
    return {
        message: {
            actor: message.number("actor", 32),
            count: message.number("count", 32),
            digests: message.hex("digests", 32),
        },
        digests: fields.list("digests", readWord),
        signed: signedOf(fields),
    };
}

function signedOf(fields: Fields): Signed {
    return {
        signer: fields.hex("signer"),
        signature: fields.value("signature") === null ? null : fields.hex("signature"),
    };
}
