/**
 * The enrolment code: a new key asks its organisation's administrator to be let in.
 *
 * A link with, behind `#/accept?e=`, base64url of JSON `{"v":1,"message":…,"cosignature":…,"name":…}`: the KeyAddition
 * that the administrator is asked to sign, and the new key's own signature of it. What stands behind # reaches no server.
 */

import { fromBase64url, toBase64url } from "./base64url";
import { isSignedBy } from "./p256";
import type { KeyMessage } from "./statement";
import { Trouble } from "./trouble";
import { digestOf, Misfit, type Domain } from "./typed_data";

/** What an enrolment code says. */
export interface Enrolment {
    readonly message: KeyMessage;
    /** The new key's signature of the message, `0x…`. */
    readonly cosignature: string;
    /** What the device is called, so that the administrator knows which one asks. */
    readonly name: string;
}

const PATH = "/app/";
const ROUTE = "#/accept?e=";
const MOST_CHARACTERS = 2048; // what a QR code of this purpose can hold
const MOST_NAME = 60; // characters of a device's name
const FIELDS = ["organisation", "signer", "purposes", "validFrom", "validUntil"] as const;
const ALL_PURPOSES = 7; // EVENTS, LABELS and ADMIN

/**
 * The text of an enrolment code.
 *
 * @param origin - of the server, for example `https://ledger.example`
 */
export function writeEnrolment({ message, cosignature, name }: Enrolment, origin: string): string {
    const said = JSON.stringify({ v: 1, message, cosignature, name });
    return `${origin}${PATH}${ROUTE}${toBase64url(new TextEncoder().encode(said))}`;
}

/**
 * Read an enrolment code: every field must be there, nothing else may be, and the new key must have signed it.
 *
 * @throws Trouble - it is none, or was changed on the way, or is for another ledger
 */
export async function readEnrolment(text: string, domain: Domain): Promise<Enrolment> {
    const enrolment = parsed(text);
    const digest = digestIn(domain, enrolment.message);
    if (digest === null || !(await isSignedBy(enrolment.message.signer, digest, enrolment.cosignature))) {
        throw new Trouble("device.enrolment_unsigned");
    }
    return enrolment;
}

function parsed(text: string): Enrolment {
    const [, letters] = text.split(ROUTE);
    const bytes = text.length > MOST_CHARACTERS || letters === undefined ? null : fromBase64url(letters);
    if (bytes === null || !text.startsWith("http")) throw malformed();
    let said: unknown;
    try {
        said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch {
        throw malformed();
    }
    if (!isObject(said, ["v", "message", "cosignature", "name"]) || said.v !== 1) throw malformed();
    const { message, cosignature, name } = said;
    if (!isName(name) || typeof cosignature !== "string" || !isKeyMessage(message)) throw malformed();
    return { message, cosignature, name };
}

function isName(value: unknown): value is string {
    // Letters that turn the reading direction could make one name look like another.
    return (
        typeof value === "string" && value.length <= MOST_NAME && !/[\p{Control}\p{Format}\p{Surrogate}]/u.test(value)
    );
}

function isKeyMessage(value: unknown): value is KeyMessage {
    if (!isObject(value, FIELDS) || typeof value.signer !== "string") return false;
    const numbers = ["organisation", "purposes", "validFrom", "validUntil"].map((name) => value[name]);
    const [, purposes] = numbers;
    const whole = numbers.every((number) => Number.isSafeInteger(number) && (number as number) >= 0);
    return whole && (purposes as number) >= 1 && (purposes as number) <= ALL_PURPOSES;
}

function isObject(value: unknown, fields: readonly string[]): value is Record<string, unknown> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const names = Object.keys(value);
    return names.length === fields.length && fields.every((name) => names.includes(name));
}

function digestIn(domain: Domain, message: KeyMessage): Uint8Array | null {
    try {
        return digestOf(domain, "KeyAddition", message);
    } catch (error) {
        if (error instanceof Misfit) return null;
        throw error;
    }
}

function malformed(): Trouble {
    return new Trouble("device.enrolment_malformed");
}
