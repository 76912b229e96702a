/** The closed vocabularies of the ledger, with the numbers that stand on chain (docs/statements.md). */

export const Kind = {
    SHIP: 1,
    RECEIVE: 2,
    HANDOVER: 3,
    RETURN: 4,
    SPLIT: 5,
    PACK: 6,
    UNPACK: 7,
    INSPECT: 8,
    HOLD: 9,
    RELEASE: 10,
    SEIZE: 11,
    RECALL: 12,
    DISPENSE: 13,
    DESTROY: 14,
    CORRECT: 15,
} as const;

export type KindName = keyof typeof Kind;

/** Names of the kinds, by number; 0 has none. */
export const KIND_NAMES: readonly (KindName | undefined)[] = [undefined, ...(Object.keys(Kind) as KindName[])];
export const PRODUCT_CLASSES: readonly (string | undefined)[] = [undefined, "VACCINE", "MEDICINE", "PPE", "DEVICE"];

/** What a key may sign (bits). */
export const Purpose = { EVENTS: 1, LABELS: 2 } as const;
/** Flags of a consignment's state on chain. */
export const Status = { SEIZED: 1, PALLET: 2 } as const;
