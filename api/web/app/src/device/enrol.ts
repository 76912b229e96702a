/** Letting a device's key in: the code that it shows, and what an administrator's device does with it. */

import { readEnrolment, writeEnrolment, type Enrolment } from "../core/enrolment";
import { keyAddition, PURPOSES } from "../core/statement";
import { Trouble } from "../core/trouble";
import { digestOf } from "../core/typed_data";
import { getJson } from "./api";
import { deviceKey, makeKey, sign } from "./keys";
import { keep, type Kept } from "./kept";
import { ledger } from "./profile";

/** What a device asks for. */
export interface Asked {
    readonly organisation: number;
    /** What the device is called. */
    readonly name: string;
    /** Sum of `PURPOSES`; EVENTS if not given. */
    readonly purposes?: number;
    /** Unix seconds; 0 = from now on. */
    readonly validFrom?: number;
    /** Unix seconds; 0 = open. */
    readonly validUntil?: number;
}

/**
 * The text of the code by which this device asks to be let in; its key is made if it has none.
 *
 * @param origin - of the server that the administrator will open, for example `location.origin`
 * @throws Offline - this device never learned for which ledger it signs, and there is no line
 */
export async function enrolmentCode(asked: Asked, origin: string = location.origin): Promise<string> {
    const { domain } = await ledger();
    const { organisation, name, purposes = PURPOSES.EVENTS, validFrom = 0, validUntil = 0 } = asked;
    const { signer } = await makeKey();
    const message = { organisation, signer, purposes, validFrom, validUntil };
    const { signature } = await sign(digestOf(domain, "KeyAddition", message));
    return writeEnrolment({ message, cosignature: signature, name }, origin);
}

/** A key as `GET /v1/organisations/{number}` shows it. */
interface ListedKey {
    readonly signer: string;
    readonly purposes: readonly string[];
    readonly ended_at: string | null;
}

/** How this device's key stands on the ledger. */
export type Standing =
    | { readonly state: "no_key" | "unknown" | "ended" }
    | { readonly state: "live"; readonly purposes: readonly string[] };

/**
 * Ask whether this device's key is on the ledger; a device that waits to be let in asks again and again.
 *
 * @throws Problem - there is no such organisation
 * @throws Offline - there is no line
 */
export async function keyStanding(organisation: number): Promise<Standing> {
    const own = await deviceKey();
    if (own === null) return { state: "no_key" };
    const { keys } = await getJson<{ readonly keys: readonly ListedKey[] }>(`/v1/organisations/${organisation}`);
    const listed = keys.find((key) => key.signer === own.signer);
    if (listed === undefined) return { state: "unknown" };
    return listed.ended_at === null ? { state: "live", purposes: listed.purposes } : { state: "ended" };
}

/**
 * Read the code that another device shows, to be shown to the administrator before it is accepted.
 *
 * @param organisation - the administrator's own; null if this device was not told yet
 * @throws Trouble - it is none, was changed, is for another ledger or for another organisation
 */
export async function readCode(text: string, organisation: number | null): Promise<Enrolment> {
    const { domain } = await ledger();
    const enrolment = await readEnrolment(text, domain);
    const asked = enrolment.message.organisation;
    if (organisation !== null && asked !== organisation) {
        throw new Trouble("device.enrolment_other_organisation", { number: asked });
    }
    return enrolment;
}

/**
 * Let the other device in: this device's key signs the addition, which is kept to be sent.
 *
 * @throws Trouble - this device's key may not let others in
 */
export async function acceptCode(enrolment: Enrolment): Promise<Kept> {
    const { organisation } = enrolment.message;
    const standing = await keyStanding(organisation);
    if (standing.state !== "live" || !standing.purposes.includes("ADMIN")) throw new Trouble("device.no_admin");
    const { type, message, beside } = keyAddition(enrolment.message, enrolment.cosignature);
    return keep(type, message, beside, enrolment.name);
}
