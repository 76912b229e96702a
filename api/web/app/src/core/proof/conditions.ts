/**
 * What each kind of custody event requires of the state before it, named as the contract names its errors.
 *
 * Signatures, accreditations and the time of recording are not here: the first are checked by themselves, the others
 * were the contract's to check, whose code is proved. Source: docs/contract.md; the contract's `CustodyRules`.
 */

import { byAuthority, known, type Event, type State } from "./custody";
import { NO_WORD } from "./hash";
import { nextHead } from "./parts";
import { refuse } from "./refusal";
import { Kind } from "./vocabulary";

/** What the conditions ask: everything folded so far. */
export interface Book {
    readonly states: ReadonlyMap<string, State>;
    readonly byDigest: ReadonlyMap<string, Event>;
    readonly corrections: ReadonlyMap<string, Event>;
    readonly recall: Event | null;
}

/** Refuse [`history`] an event that the contract could not have recorded on this state. */
export function requireAllowed(event: Event, book: Book): void {
    CONDITIONS[event.kind]?.(event, book);
}

function must(holds: boolean, error: string, event: Event): asserts holds {
    if (!holds) refuse("history", `The statements contradict each other: ${error} for ${event.digest}.`);
}

// Order

function stateOf(event: Event, book: Book): State {
    const state = book.states.get(event.consignment);
    must(state !== undefined, "UnknownConsignment", event);
    return state;
}

function requireNext(event: Event, book: Book): State {
    const state = stateOf(event, book);
    must(state.head !== nextHead(event.previous, event.digest), "AlreadyRecorded", event);
    must(state.head === event.previous, "StaleHead", event);
    requireFree(event, state);
    return state;
}

function requireNextAtRest(event: Event, book: Book): State {
    const state = requireNext(event, book);
    requireAtRest(event, state);
    return state;
}

function requireNextOfAuthority(event: Event, book: Book): State {
    const state = stateOf(event, book);
    must(!book.byDigest.has(event.digest), "AlreadyRecorded", event);
    must(BigInt(event.previous) === BigInt(state.sequence), "StaleSequence", event);
    return state;
}

// Of a state

function requireFree(event: Event, state: State): void {
    must(state.pallet === null, "InPallet", event);
    must(!state.seized, "Seized", event);
    must(state.heldBy === 0, "Held", event);
    must(event.occurredAt >= state.occurredAt, "OccurredAtOutOfRange", event);
}

function requireAtRest(event: Event, state: State): void {
    must(state.holder === event.actor, "NotHolder", event);
    must(state.counterparty === 0, "InTransit", event);
}

function requireNoPallet(event: Event, state: State): void {
    must(state.number === 0, "IsPallet", event);
}

function requireQuantity(event: Event, state: State): void {
    must(event.quantity > 0, "NoQuantity", event);
    must(event.quantity <= state.rest, "QuantityExceeded", event);
}

// The kinds that move goods

function checkShip(event: Event, book: Book): void {
    const state = requireNextAtRest(event, book);
    must(event.counterparty !== event.actor, "NotCounterparty", event);
    must(state.rest > 0, "NoQuantity", event);
    must(state.rest === event.quantity, "QuantityMismatch", event);
}

function checkReceive(event: Event, book: Book): void {
    const state = requireNext(event, book);
    must(state.counterparty !== 0, "NotInTransit", event);
    must(state.counterparty === event.actor && state.holder === event.counterparty, "NotCounterparty", event);
}

function checkReturn(event: Event, book: Book): void {
    const { holder, counterparty } = requireNext(event, book);
    must(counterparty !== 0, "NotInTransit", event);
    must(event.actor === counterparty || event.actor === holder, "NotCounterparty", event);
    must(event.counterparty === (event.actor === counterparty ? holder : counterparty), "NotCounterparty", event);
}

// The kinds that divide and combine

function checkSplit(event: Event, book: Book): void {
    const state = requireNextAtRest(event, book);
    requireNoPallet(event, state);
    must(event.quantity <= state.rest, "QuantityExceeded", event);
    const sum = event.parts.children.reduce((total, child) => total + child.quantity, 0);
    must(sum === event.quantity, "QuantityMismatch", event);
}

function checkPack(event: Event, book: Book): void {
    must(event.consignment === NO_WORD && event.previous === NO_WORD, "UnexpectedField", event);
    must(!book.states.has(event.digest), "AlreadyRecorded", event);
    requireCounted(event);
    for (const { id, head } of event.parts.members)
        must((book.states.get(id)?.head ?? head) === head, "StaleHead", event);
    for (const state of known(event, book.states)) {
        requireNoPallet(event, state);
        requireFree(event, state);
        requireAtRest(event, state);
    }
}

function checkUnpack(event: Event, book: Book): void {
    const pallet = requireNextAtRest(event, book);
    must(pallet.number !== 0, "NotPallet", event);
    requireCounted(event);
    must(event.quantity <= pallet.rest, "QuantityExceeded", event);
    for (const state of known(event, book.states)) must(state.pallet === pallet.id, "NotOnPallet", event);
}

/** Members are as many as the event says, and none stands twice. */
function requireCounted(event: Event): void {
    const members = event.parts.members;
    must(members.length === event.quantity, "QuantityMismatch", event);
    must(new Set(members.map((member) => member.id)).size === members.length, "InvalidParts", event);
}

// The kinds that use up

function checkDispense(event: Event, book: Book): void {
    const state = requireNextAtRest(event, book);
    requireNoPallet(event, state);
    requireQuantity(event, state);
}

function checkDestroy(event: Event, book: Book): void {
    const isOfAuthority = byAuthority(event, book.states.get(event.consignment));
    const state = isOfAuthority ? requireAdministered(event, book) : requireNextAtRest(event, book);
    requireQuantity(event, state);
    // Of a pallet, only the whole: which of its consignments would be gone?
    must(state.number === 0 || state.rest === event.quantity, "QuantityMismatch", event);
}

// The kinds of administrations

function requireAdministered(event: Event, book: Book): State {
    const state = requireNextOfAuthority(event, book);
    must(state.pallet === null, "InPallet", event);
    return state;
}

function requireNotSeized(event: Event, book: Book): State {
    const state = requireAdministered(event, book);
    must(!state.seized, "Seized", event);
    return state;
}

function checkHold(event: Event, book: Book): void {
    must(requireNotSeized(event, book).heldBy === 0, "Held", event);
}

function checkRelease(event: Event, book: Book): void {
    must(requireNotSeized(event, book).heldBy !== 0, "NotHeld", event);
}

function checkRecall(event: Event, book: Book): void {
    const state = requireNextOfAuthority(event, book);
    must(state.number === 0 && state.parent === null, "NotBatch", event);
    must(book.recall === null, "AlreadyRecalled", event);
}

function checkCorrect(event: Event, book: Book): void {
    must(!book.corrections.has(event.previous), "AlreadyRecorded", event);
    const earlier = book.byDigest.get(event.previous);
    if (earlier === undefined) return;
    must(earlier.consignment === event.consignment, "UnexpectedField", event);
    must(earlier.actor === event.actor, "NotActor", event);
}

const CONDITIONS: Readonly<Record<number, (event: Event, book: Book) => unknown>> = {
    [Kind.SHIP]: checkShip,
    [Kind.RECEIVE]: checkReceive,
    [Kind.HANDOVER]: checkShip,
    [Kind.RETURN]: checkReturn,
    [Kind.SPLIT]: checkSplit,
    [Kind.PACK]: checkPack,
    [Kind.UNPACK]: checkUnpack,
    [Kind.INSPECT]: requireAdministered,
    [Kind.HOLD]: checkHold,
    [Kind.RELEASE]: checkRelease,
    [Kind.SEIZE]: requireNotSeized,
    [Kind.RECALL]: checkRecall,
    [Kind.DISPENSE]: checkDispense,
    [Kind.DESTROY]: checkDestroy,
    [Kind.CORRECT]: checkCorrect,
};
