/**
 * Check a proof bundle against a trusted block hash: from the header down to who holds the goods, with no network.
 *
 * The steps have the numbers of docs/proofs.md, "Checking it". Nothing is taken from the bundle that does not follow
 * from the trusted hash or from a signature, and nothing may stand in it that no step needs.
 */

import { readBundle, type BatchRegistration, type ProofBundle, type ProvenEvent } from "./bundle";
import type { Event, State } from "./custody";
import { dayOfNumber } from "./day";
import { digest, type LedgerName } from "./digest";
import { areAscending, keccak, NO_WORD } from "./hash";
import { readHeader, type BlockHeader } from "./header";
import { BatchHistory, type Registration } from "./history";
import { isCanonical, latestTimes, touched } from "./order";
import { batchId, correctedIn, partsOf, placeIn } from "./parts";
import { refuse } from "./refusal";
import { P256_BYTES, sizeOf } from "./signature";
import { Signatures, type Signer } from "./signers";
import type { StoredConsignment, StoredOrganisation, StoredRecall } from "./slots";
import { LedgerState } from "./state";
import { isMember } from "./unit";
import { Kind, KIND_NAMES, PRODUCT_CLASSES, Purpose, Status } from "./vocabulary";

/** What whoever checks a bundle trusts: the hash of one block, and the ledger that is meant. Hashes are `0x…`. */
export interface Trusted extends LedgerName {
    readonly hash: string;
}

/** What a bundle proves, as of one block. */
export interface Proved {
    readonly trusted: Trusted;
    readonly header: BlockHeader;
    readonly history: BatchHistory;
    readonly organisations: ReadonlyMap<number, StoredOrganisation>;
    /** By digest of what they signed. */
    readonly signers: ReadonlyMap<string, Signer>;
    /** By digest: Unix seconds until when it was recorded at the latest. */
    readonly latest: ReadonlyMap<string, number>;
    /** Signers that are contracts: the ledger asked them, nobody can offline. */
    readonly wallets: readonly string[];
    readonly labelKeys: readonly Signer[];
    readonly recall: StoredRecall;
    /** A serial number proved to be one of the batch. */
    readonly serial: string | null;
}

/** Check everything in a bundle; throws ProofRefusal with the rule that it breaks. */
export async function checkBundle(bytes: Uint8Array, trusted: Trusted): Promise<Proved> {
    const contract = await import("./contract");
    const bundle = readBundle(bytes);
    const header = trustedHeader(bundle, trusted);
    const state = new LedgerState(header.stateRoot, bundle.ledger, bundle.state, bundle.storage);
    requireContract(state.account.codeHash, bundle.immutables, contract);
    requireNamed(bundle);
    const events = eventsOf(bundle);
    const touches = events.map(touched);
    if (!isCanonical(events, touches)) refuse("history", "The events do not stand in the one order of a bundle.");
    const history = historyOf(bundle, events, state);
    requireStates(history, state);
    const recall = requireRecall(history, state);
    requireCorrections(bundle, history, state);
    const digests = events.map((event) => event.digest);
    const { signers, wallets } = new Signatures(bundle, state, history.registration.digest, digests);
    const named = new Set([...history.organisations(), ...(recall.by ? [recall.by] : [])]);
    const organisations = new Map([...named].map((number) => [number, state.organisation(number)]));
    requireUnit(bundle);
    const labelKeys = labelKeysOf(bundle, state);
    state.requireNothingSurplus(bundle.state, bundle.storage);
    const times = latestTimes(events, touches, header.time);
    const latest = new Map([...digests, history.registration.digest].map((each, index) => [each, times[index] ?? 0]));
    const found = { signers, wallets: [...wallets], labelKeys, recall, serial: bundle.serial };
    return { trusted, header, history, organisations, latest, ...found };
}

/** (2) Require the trusted block, and the ledger that is meant: a copy of the contract has another address. */
function trustedHeader(bundle: ProofBundle, trusted: Trusted): BlockHeader {
    const header = readHeader(bundle.header);
    if (header.hash !== trusted.hash)
        refuse("block", `The bundle is of block ${header.number} ${header.hash}, which is not the trusted one.`);
    if (bundle.chainId !== trusted.chainId || bundle.ledger !== trusted.ledger)
        refuse("ledger", `The bundle is of the ledger ${bundle.ledger} on chain ${bundle.chainId}.`);
    return header;
}

/** (3) Require the published code, with the words that the deployment wrote into it. */
function requireContract(hash: string, words: readonly string[], contract: typeof import("./contract")): void {
    if (words.length !== contract.WORDS) refuse("contract", `The contract has ${contract.WORDS} words of its own.`);
    if (contract.codeHash(words) !== hash)
        refuse("contract", "The contract at that address has other code than the published one.");
}

/** (4) Require that the registration is of the batch that the code names. */
function requireNamed({ gtin, lot, registration }: ProofBundle): void {
    if (gtin !== gtinOf(registration) || lot !== registration.lot)
        refuse("code", "The registration is of another GTIN and lot.");
}

function gtinOf(registration: BatchRegistration): string {
    return registration.gtin.toString().padStart(14, "0");
}

// (5) The statements stand in order and follow from each other

function eventsOf(bundle: ProofBundle): Event[] {
    return bundle.events.map(({ message, attachment }) => {
        const own = digest(bundle, "CustodyEvent", message);
        const { consignment, previous, actor, kind, occurredAt, counterparty, quantity } = message;
        const said = { consignment, previous, actor, kind, occurredAt, counterparty, quantity };
        return { digest: own, ...said, place: message.place, parts: partsOf(message, own, attachment) };
    });
}

function historyOf(bundle: ProofBundle, events: readonly Event[], state: LedgerState): BatchHistory {
    const registration = registrationOf(bundle);
    const completed = events.map((event, index) => {
        requireAttachment(bundle.events[index]);
        const place = placeIn(event.place);
        const number = event.kind === Kind.PACK ? palletNumber(state, event.digest) : 0;
        return { ...event, place, parts: { ...event.parts, number } };
    });
    return new BatchHistory(registration, completed);
}

function registrationOf(bundle: ProofBundle): Registration {
    const { registration: signed } = bundle;
    const productClass = PRODUCT_CLASSES[signed.productClass];
    const [manufactured, expiry] = [dayOfNumber(signed.manufactured), dayOfNumber(signed.expiry)];
    if (productClass === undefined || expiry === null || (manufactured === null && signed.manufactured !== 0))
        refuse("history", "The registration is malformed.", "registration");
    return {
        digest: digest(bundle, "BatchRegistration", signed),
        batch: batchId(signed.gtin, signed.lot),
        manufacturer: signed.manufacturer,
        gtin: bundle.gtin,
        lot: signed.lot,
        productClass,
        quantity: signed.quantity,
        manufactured,
        expiry,
    };
}

const HASHED: ReadonlySet<number> = new Set([Kind.SPLIT, Kind.PACK, Kind.UNPACK]);
const ACCOMPANIED: ReadonlySet<number> = new Set([...HASHED, Kind.HANDOVER, Kind.CORRECT]);

/** Require a known kind, and beside the event what it signs and nothing else. */
function requireAttachment(event: ProvenEvent | undefined): void {
    if (event === undefined) return;
    const { kind, parts } = event.message;
    const isSigned = parts === (HASHED.has(kind) ? keccak(event.attachment) : NO_WORD);
    const isDue = event.attachment === "0x" || ACCOMPANIED.has(kind);
    if (KIND_NAMES[kind] === undefined || !isSigned || !isDue)
        refuse("history", "An event says what cannot be, or other parts stand beside it than it signs.");
}

/** A pallet's number, which the contract chose. */
function palletNumber(state: LedgerState, pallet: string): number {
    const stored = state.consignment(pallet);
    if (stored.pallet === 0 || !(stored.status & Status.PALLET))
        refuse("states", `${pallet} is not a pallet on the ledger.`);
    return stored.pallet;
}

/** (6) Require of every consignment and pallet that the contract holds what the statements come to. */
function requireStates(history: BatchHistory, state: LedgerState): void {
    const stored = [...history.states.values()].map((each) => [each, state.consignment(each.id)] as const);
    for (const [each, held] of stored)
        if (!isHeld(expected(each, history), held))
            refuse("states", `The ledger holds another state of ${each.id} than these statements come to.`);
}

function expected(state: State, history: BatchHistory): StoredConsignment {
    const { head, holder, counterparty, manufacturer, heldBy, occurredAt, rest, sequence } = state;
    const on = state.pallet === null ? undefined : history.states.get(state.pallet);
    const status = (state.seized ? Status.SEIZED : 0) | (state.number ? Status.PALLET : 0);
    const pallet = on?.number ?? state.number;
    return { head, holder, counterparty, manufacturer, heldBy, pallet, occurredAt, rest, sequence, status };
}

function isHeld(due: StoredConsignment, held: StoredConsignment): boolean {
    return (Object.keys(due) as (keyof StoredConsignment)[]).every((field) => due[field] === held[field]);
}

// (7) Recall and corrections

function requireRecall(history: BatchHistory, state: LedgerState): StoredRecall {
    const stored = state.recall(history.registration.batch);
    const { actor, occurredAt } = history.recall ?? { actor: 0, occurredAt: 0 };
    if (stored.by !== actor || stored.occurredAt !== occurredAt)
        refuse("recall", "What the statements say of a recall is not what the ledger holds.");
    return stored;
}

function requireCorrections(bundle: ProofBundle, history: BatchHistory, state: LedgerState): void {
    const corrects = bundle.events.filter((event) => event.message.kind === Kind.CORRECT);
    const named = corrects.map((event) => corrected(bundle, event));
    for (const each of [...history.events.map((event) => event.digest), ...named])
        if (state.correction(each) !== (history.corrections.get(each)?.digest ?? NO_WORD))
            refuse("corrections", `The ledger holds another correction of ${each}.`);
}

/** The digest of the event that a CORRECT carries, which is the one that it names. */
function corrected(bundle: ProofBundle, event: ProvenEvent): string {
    const named = digest(bundle, "CustodyEvent", correctedIn(event.attachment));
    if (named !== event.message.previous)
        refuse("corrections", "A correction carries another event than the one that it names.");
    return named;
}

/** (9) Require that a serial number comes with its path, and the path leads to the registered root. */
function requireUnit({ serial, unit, registration }: ProofBundle): void {
    if (serial === null && unit === null) return;
    if (serial === null || unit === null) refuse("unit", "A serial number and its path come together or not at all.");
    if (!isMember(registration.unitRoot, serial, unit.salt, unit.path))
        refuse("unit", `The serial number ${serial} is not under the batch's unit root.`);
}

/** (10) The keys that may sign the maker's labels. */
function labelKeysOf({ labelKeys, registration }: ProofBundle, state: LedgerState): Signer[] {
    if (!areAscending(labelKeys)) refuse("label_keys", "The label keys do not stand in ascending order.");
    const found = labelKeys.map((signer) => ({ signer, key: state.key(signer) }));
    for (const { signer, key } of found) {
        const isMakers = key.organisation === registration.manufacturer && (key.purposes & Purpose.LABELS) !== 0;
        if (!isMakers || sizeOf(signer) !== P256_BYTES) refuse("label_keys", "A label key is not the maker's.");
    }
    return found;
}
