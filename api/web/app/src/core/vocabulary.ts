/** The closed vocabularies that more than one part needs, as on chain and in verdicts (docs/statements.md, docs/verdicts.md). */

/** What happens to a consignment; `kind` of a CustodyEvent. */
export const KINDS = {
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

/** The thirteen checks, in order. */
export const CHECKS = [
    "code_readable",
    "label_signature",
    "batch_registered",
    "maker_accredited",
    "facts_agree",
    "unit_in_batch",
    "custody_unbroken",
    "not_recalled",
    "not_expired",
    "not_held_or_seized",
    "unit_unused",
    "no_conflict",
    "fresh",
] as const;
/** A fourteenth, of protective equipment only: it decides nothing (docs/certificates.md). */
export const CERTIFICATE = "certificate_covers";
export type CheckName = (typeof CHECKS)[number] | typeof CERTIFICATE;
