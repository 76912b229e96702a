/** Batches of a file, signed one after another by this device's key and kept to be sent. */

import type { BatchRow } from "../core/batch_file";
import { batchRegistration } from "../core/statement";
import { everything, keep, type Kept } from "./kept";

const SALT_BYTES = 32;

/** Of which batches this device has signed a registration that was not refused, as `GTIN lot`. */
export async function signedBatches(): Promise<ReadonlyMap<string, Kept>> {
    const kept = (await everything()).filter((each) => each.type === "BatchRegistration" && each.state !== "refused");
    return new Map(kept.map((each) => [each.about, each]));
}

/** How a batch is named in what is kept. */
export function aboutBatch({ gtin, lot }: Pick<BatchRow, "gtin" | "lot">): string {
    return `${gtin} ${lot}`;
}

/**
 * Sign the registration of one batch and keep it.
 *
 * @param manufacturer - number of the organisation
 * @throws Trouble - this device has no key
 */
export function registerBatch(batch: BatchRow, manufacturer: number): Promise<Kept> {
    const { gtin, lot, productClass, quantity, manufactured, expiry, product } = batch;
    const facts = { manufacturer, gtin, lot, productClass, quantity, manufactured, expiry };
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const { type, message, beside } = batchRegistration(
        product === "" ? facts : { ...facts, document: { product } },
        salt,
    );
    return keep(type, message, beside, aboutBatch(batch));
}
