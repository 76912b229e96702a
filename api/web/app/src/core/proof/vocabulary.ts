/** The closed vocabularies of the ledger, with the numbers that stand on chain (docs/statements.md). */

import { KINDS } from "../vocabulary";

export { KINDS as Kind };

export type KindName = keyof typeof KINDS;

/** Names of the kinds, by number; 0 has none. */
export const KIND_NAMES: readonly (KindName | undefined)[] = [undefined, ...(Object.keys(KINDS) as KindName[])];
export const PRODUCT_CLASSES: readonly (string | undefined)[] = [undefined, "VACCINE", "MEDICINE", "PPE", "DEVICE"];

/** What a key may sign (bits). */
export const Purpose = { EVENTS: 1, LABELS: 2 } as const;
/** Flags of a consignment's state on chain. */
export const Status = { SEIZED: 1, PALLET: 2 } as const;
