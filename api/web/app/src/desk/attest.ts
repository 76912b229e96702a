/** Attestations that an administration signs at its desk: a trusted status, and taking one back. */

import { digestOf, type Message } from "../core/typed_data";
import { sign } from "../device/keys";
import { refreshLedger } from "../device/profile";
import type { Attestation } from "./lane";
import { tell } from "./session.svelte";

/**
 * Sign an attestation with this device's key and hand it in.
 *
 * @throws Problem - the server refuses it
 * @throws Offline - there is no line; it may have been taken all the same
 */
export async function attest(type: "TrustedStatus" | "Revocation", message: Message): Promise<Attestation> {
    const { domain } = await refreshLedger();
    const signed = await sign(digestOf(domain, type, message));
    return tell<Attestation>("/v1/attestations", { type, message, ...signed, content: null });
}
