/**
 * The ledger's typed statements and their digests, as the contract hashes them.
 *
 * Every statement is a flat EIP-712 struct, so the fields, their order and their bounds all follow from its type
 * string. A value that the struct cannot hold is refused, never cut short: what a person signs is what they meant.
 *
 * Source: EIP-712, "Definition of encodeData".
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { concatBytes, fromHex } from "./hex";

/** Which chain and which deployed contract a signature is meant for. */
export interface Domain {
    readonly name: string;
    readonly version: string;
    readonly chainId: number | bigint;
    /** The contract's address: `0x` and 40 lower-case digits. */
    readonly verifyingContract: string;
}

/** Bytes are `0x` and lower-case digits; whole numbers also decimal digits, since JSON's stop being exact at 2^53. */
export type Value = string | number | bigint | boolean;
export type Message = Readonly<Record<string, Value>>;

const TYPES = {
    BatchRegistration:
        "uint32 manufacturer,uint64 gtin,string lot,uint8 productClass,uint32 quantity,uint32 manufactured," +
        "uint32 expiry,bytes32 unitRoot,bytes32 details",
    CustodyEvent:
        "bytes32 consignment,bytes32 previous,uint32 actor,uint8 kind,uint40 occurredAt,uint32 counterparty," +
        "uint32 quantity,bytes5 place,bytes32 parts,bytes32 details",
    Bundle: "uint32 actor,uint32 count,bytes32 digests",
    Anchor: "uint32 organisation,uint64 count,bytes32 root,bytes32 previous",
    Accreditation:
        "uint32 authority,uint32 organisation,uint64 sequence,string name,bytes2 country,uint64 gln,uint8 roles," +
        "bytes32 prefixes,bytes adminKey",
    Suspension: "uint32 authority,uint32 organisation,uint64 sequence,bool suspended",
    KeyAddition: "uint32 organisation,bytes signer,uint8 purposes,uint40 validFrom,uint40 validUntil",
    KeyEnding: "uint32 actor,bytes32 key,uint40 doubtSince",
    UnitEvent:
        "uint32 actor,uint8 kind,uint64 gtin,string lot,string serial,uint40 occurredAt,bytes5 place," +
        "bytes32 previous,bytes32 details",
    Intelligence:
        "uint32 issuer,uint8 form,uint8 marking,uint40 issuedAt,uint40 validUntil,bytes32 recipients,bytes32 content," +
        "bytes32 previous",
    TrustedStatus: "uint32 issuer,uint32 operator,uint40 issuedAt,uint40 validUntil",
    Revocation: "bytes32 attestation,uint40 since,uint40 issuedAt",
    Checkpoint: "uint64 number,bytes32 hash,uint40 time",
    Snapshot: "bytes32 hash,uint64 number,uint40 time",
} as const;
const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const PREFIX = Uint8Array.of(0x19, 0x01);
const WORD_BYTES = 32;
const ADDRESS_BYTES = 20;
const DECIMAL = /^(?:0|[1-9][0-9]{0,77})$/;

/** A struct that is signed for the ledger's domain. */
export type StructName = keyof typeof TYPES;

/** A value does not fit its field; `field` is its name as signed. */
export class Misfit extends Error {
    constructor(
        readonly field: string,
        readonly expected: string,
    ) {
        super(`${field} must be ${expected}.`);
    }
}

/**
 * What is signed, and the statement's identity on the ledger: keccak256(0x19 0x01 ‖ domain separator ‖ struct hash).
 *
 * @throws Misfit - a value is missing, surplus, or does not fit its type
 */
export function digestOf(domain: Domain, type: StructName, message: Message): Uint8Array {
    return keccak_256(concatBytes(PREFIX, domainSeparator(domain), structHash(type, message)));
}

/**
 * The fields one after another, 32 bytes each; of a struct without texts and bytes it is its `abi.encode` too.
 *
 * @throws Misfit - a value is missing, surplus, or does not fit its type
 */
export function encodeData(type: StructName, message: Message): Uint8Array {
    const members = fieldsOf(type);
    for (const name of Object.keys(message)) {
        if (!members.has(name)) throw new Misfit(name, `left out: ${type} has no such field`);
    }
    return concatBytes(...[...members].map(([name, kind]) => word(name, kind, message[name])));
}

function domainSeparator(domain: Domain): Uint8Array {
    const { name, version, chainId, verifyingContract } = domain;
    const address = octets("verifyingContract", verifyingContract, ADDRESS_BYTES);
    const words = [keccak_256(utf8(DOMAIN_TYPE)), text("name", name), text("version", version)];
    return keccak_256(concatBytes(...words, whole("chainId", chainId, 256), leftPadded(address)));
}

function structHash(type: StructName, message: Message): Uint8Array {
    return keccak_256(concatBytes(keccak_256(utf8(`${type}(${TYPES[type]})`)), encodeData(type, message)));
}

/** Name to Solidity type, in the order in which they are signed. */
function fieldsOf(type: StructName): ReadonlyMap<string, string> {
    return new Map(TYPES[type].split(",").map((member) => member.split(" ").reverse() as [string, string]));
}

function word(field: string, kind: string, value: unknown): Uint8Array {
    if (kind === "bool") return flag(field, value);
    if (kind === "string") return text(field, value);
    if (kind === "bytes") return keccak_256(octets(field, value, null));
    if (kind.startsWith("bytes")) return rightPadded(octets(field, value, Number(kind.slice(5))));
    return whole(field, value, Number(kind.slice(4)));
}

function flag(field: string, value: unknown): Uint8Array {
    if (typeof value !== "boolean") throw new Misfit(field, "true or false");
    return leftPadded(Uint8Array.of(Number(value)));
}

function text(field: string, value: unknown): Uint8Array {
    // Half a character would be written as another one, so that two texts had one digest.
    if (typeof value !== "string" || /\p{Surrogate}/u.test(value)) throw new Misfit(field, "a text");
    return keccak_256(utf8(value));
}

function octets(field: string, value: unknown, length: number | null): Uint8Array {
    const bytes = typeof value === "string" ? fromHex(value) : null;
    if (bytes === null || (length !== null && bytes.length !== length)) {
        throw new Misfit(field, `${length === null ? "" : `${length} `}bytes, written as 0x and lower-case digits`);
    }
    return bytes;
}

function whole(field: string, value: unknown, bits: number): Uint8Array {
    const number = exact(value);
    if (number === null || number < 0n || number >= 1n << BigInt(bits)) {
        throw new Misfit(field, `a whole number from 0 to below 2^${bits}`);
    }
    return hexToBytes(number.toString(16).padStart(2 * WORD_BYTES, "0"));
}

function exact(value: unknown): bigint | null {
    if (typeof value === "bigint") return value;
    if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : null;
    return typeof value === "string" && DECIMAL.test(value) ? BigInt(value) : null;
}

function leftPadded(bytes: Uint8Array): Uint8Array {
    return concatBytes(new Uint8Array(WORD_BYTES - bytes.length), bytes);
}

function rightPadded(bytes: Uint8Array): Uint8Array {
    return concatBytes(bytes, new Uint8Array(WORD_BYTES - bytes.length));
}

function utf8(value: string): Uint8Array {
    return new TextEncoder().encode(value);
}
