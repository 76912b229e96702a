/** Which block a bundle says it is of, before anything is trusted. */

import { readBundle } from "./bundle";
import { readHeader, type BlockHeader } from "./header";

export type { BlockHeader };

/**
 * The block that a bundle names: to be looked for at a witness or a node, and never to be trusted for itself.
 *
 * Refuses [`form`, `header`, `encoding`] what is no bundle.
 */
export function blockOf(bytes: Uint8Array): BlockHeader {
    return readHeader(readBundle(bytes).header);
}
