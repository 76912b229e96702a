/** What the contract could not have recorded is no history, whoever signed it; each case breaks one condition. */

import { describe, expect, test } from "vitest";
import type { Event } from "./custody";
import { ruleOf } from "./vectors.testing";
import { NO_WORD, wordOf } from "./hash";
import { BatchHistory, type Registration } from "./history";
import { childId, nextHead, type Parts } from "./parts";
import { ProofRefusal } from "./refusal";
import { Kind, type KindName } from "./vocabulary";

const BATCH = wordOf(0xba);
const REGISTRATION: Registration = {
    digest: wordOf(0xd0),
    batch: BATCH,
    manufacturer: 2,
    gtin: "05413868000016",
    lot: "AB12",
    productClass: "VACCINE",
    quantity: 100,
    manufactured: null,
    expiry: "2029-01-31",
};
const NO_PARTS: Parts = { children: [], members: [], sscc: null, number: 0 };

type Told = Partial<Omit<Event, "kind" | "parts">> & { readonly parts?: Partial<Parts> };
type Step = readonly [KindName, Told?];

/** Events in order, each after the head or sequence that is due unless it says otherwise. */
function events(steps: readonly Step[]): Event[] {
    const heads = new Map([[BATCH, REGISTRATION.digest]]);
    const sequences = new Map<string, number>();
    return steps.map(([name, told = {}], index) => {
        const kind = Kind[name];
        const digest = told.digest ?? wordOf(index + 1);
        const consignment = told.consignment ?? (kind === Kind.PACK ? NO_WORD : BATCH);
        const isOrdered = ["INSPECT", "HOLD", "RELEASE", "SEIZE", "RECALL"].includes(name);
        const sequence = sequences.get(consignment) ?? 0;
        const head = heads.get(consignment) ?? NO_WORD;
        const previous = kind === Kind.PACK ? NO_WORD : isOrdered ? wordOf(sequence) : head;
        if (isOrdered) sequences.set(consignment, sequence + 1);
        if (kind === Kind.PACK) heads.set(digest, digest);
        else if (kind !== Kind.CORRECT) heads.set(consignment, nextHead(head, digest));
        const parts = { ...NO_PARTS, ...told.parts };
        for (const child of parts.children) heads.set(child.id, digest);
        if (kind === Kind.UNPACK)
            for (const { id } of parts.members) heads.set(id, nextHead(heads.get(id) ?? NO_WORD, digest));
        const own = { actor: 2, occurredAt: 1_000 + index, counterparty: 0, quantity: 100, place: "SGSIN" };
        return { ...own, ...told, digest, consignment, previous: told.previous ?? previous, kind, parts };
    });
}

function fold(...steps: readonly Step[]): BatchHistory {
    return new BatchHistory(REGISTRATION, events(steps));
}

/** The contract's error that a history breaks; null if it holds. */
function broken(steps: readonly Step[]): string | null {
    try {
        fold(...steps);
        return null;
    } catch (error) {
        expect(ruleOf(error)).toBe("history");
        return error instanceof ProofRefusal
            ? (/contradict each other: (\w+)/.exec(error.detail)?.[1] ?? error.detail)
            : "";
    }
}

const SHIP: Step = ["SHIP", { counterparty: 3 }];
const RECEIVE: Step = ["RECEIVE", { actor: 3, counterparty: 2 }];
const HOLD: Step = ["HOLD", { actor: 9 }];
const SEIZE: Step = ["SEIZE", { actor: 9 }];
const HALVES = [
    { id: childId(wordOf(1), 0), sscc: null, quantity: 40 },
    { id: childId(wordOf(1), 1), sscc: "340123450000000017", quantity: 60 },
];
const [SMALL, LARGE] = [childId(wordOf(1), 0), childId(wordOf(1), 1)];
const SPLIT: Step = ["SPLIT", { parts: { children: HALVES } }];
const PALLET = wordOf(0xaa);
const ON = { id: BATCH, head: REGISTRATION.digest };
const PACK: Step = [
    "PACK",
    { digest: PALLET, quantity: 2, parts: { number: 5, members: [ON, { id: wordOf(7), head: NO_WORD }] } },
];
const UNPACK: Step = ["UNPACK", { consignment: PALLET, quantity: 1, parts: { members: [{ id: BATCH, head: null }] } }];
const on = (consignment: string, [kind, told]: Step): Step => [kind, { ...told, consignment }];
const but = ([kind, told]: Step, changes: Told): Step => [kind, { ...told, ...changes }];

describe("what holds", () => {
    test.each<[string, readonly Step[]]>([
        ["shipped and received", [SHIP, RECEIVE]],
        ["received with less", [SHIP, but(RECEIVE, { quantity: 90 })]],
        ["shipped and refused", [SHIP, ["RETURN", { actor: 3, counterparty: 2 }]]],
        ["shipped and called back", [SHIP, ["RETURN", { actor: 2, counterparty: 3 }]]],
        [
            "handed over",
            [
                ["HANDOVER", { counterparty: 3 }],
                ["DISPENSE", { actor: 3, quantity: 1 }],
            ],
        ],
        ["split, and one part shipped", [SPLIT, on(SMALL, but(SHIP, { quantity: 40 }))]],
        ["held, inspected, released and shipped", [HOLD, ["INSPECT", { actor: 9 }], ["RELEASE", { actor: 9 }], SHIP]],
        ["seized, then destroyed by who seized it", [SEIZE, ["DESTROY", { actor: 9, previous: wordOf(1) }]]],
        ["destroyed by its holder", [["DESTROY", { quantity: 100 }]]],
        [
            "packed, shipped as a pallet, received and unpacked",
            [
                PACK,
                on(PALLET, but(SHIP, { quantity: 2 })),
                on(PALLET, but(RECEIVE, { quantity: 2 })),
                but(UNPACK, { actor: 3 }),
                ["DISPENSE", { actor: 3, quantity: 100 }],
            ],
        ],
        ["corrected", [SHIP, ["CORRECT", { previous: wordOf(1) }]]],
        ["recalled on the way", [SHIP, ["RECALL"], RECEIVE]],
    ])("%s", (_name, steps) => {
        expect(broken(steps)).toBeNull();
    });
});

describe("what does not hold", () => {
    test.each<[string, readonly Step[], string]>([
        ["of an unknown consignment", [on(wordOf(1), SHIP)], "UnknownConsignment"],
        ["recorded twice", [SHIP, but(SHIP, { digest: wordOf(1), previous: REGISTRATION.digest })], "AlreadyRecorded"],
        ["after another head", [but(SHIP, { previous: wordOf(1) })], "StaleHead"],
        ["shipped by somebody else", [but(SHIP, { actor: 4 })], "NotHolder"],
        ["shipped to itself", [but(SHIP, { counterparty: 2 })], "NotCounterparty"],
        ["shipped on the way", [SHIP, SHIP], "InTransit"],
        ["shipped in part", [but(SHIP, { quantity: 99 })], "QuantityMismatch"],
        ["shipped with nothing left", [["DESTROY"], but(SHIP, { quantity: 0 })], "NoQuantity"],
        ["dated before what came before", [SHIP, but(RECEIVE, { occurredAt: 999 })], "OccurredAtOutOfRange"],
        ["received at rest", [RECEIVE], "NotInTransit"],
        ["received by somebody else", [SHIP, but(RECEIVE, { actor: 4 })], "NotCounterparty"],
        ["received from somebody else", [SHIP, but(RECEIVE, { counterparty: 4 })], "NotCounterparty"],
        ["returned at rest", [["RETURN", { counterparty: 3 }]], "NotInTransit"],
        ["returned by somebody else", [SHIP, ["RETURN", { actor: 4, counterparty: 2 }]], "NotCounterparty"],
        ["returned to somebody else", [SHIP, ["RETURN", { actor: 3, counterparty: 4 }]], "NotCounterparty"],
        ["split into more", [but(SPLIT, { quantity: 101 })], "QuantityExceeded"],
        ["split into other parts", [but(SPLIT, { quantity: 99 })], "QuantityMismatch"],
        ["split as a pallet", [PACK, on(PALLET, but(SPLIT, { quantity: 2 }))], "IsPallet"],
        ["packed under a name", [but(PACK, { consignment: BATCH })], "UnexpectedField"],
        ["packed after something", [but(PACK, { previous: wordOf(1) })], "UnexpectedField"],
        ["packed with another number", [but(PACK, { quantity: 3 })], "QuantityMismatch"],
        ["packed twice over", [but(PACK, { parts: { number: 5, members: [ON, ON] } })], "InvalidParts"],
        [
            "packed with another head",
            [but(PACK, { parts: { number: 5, members: [{ ...ON, head: wordOf(1) }, ON] }, quantity: 2 })],
            "InvalidParts",
        ],
        ["packed after an event that the packer did not see", [HOLD, ["RELEASE", { actor: 9 }], PACK], "StaleHead"],
        ["packed on two pallets", [PACK, but(PACK, { digest: wordOf(0xab) })], "InPallet"],
        ["packed by somebody else", [but(PACK, { actor: 4 })], "NotHolder"],
        [
            "packed as a pallet",
            [
                PACK,
                but(PACK, {
                    digest: wordOf(0xab),
                    quantity: 1,
                    parts: { number: 6, members: [{ id: PALLET, head: PALLET }] },
                }),
            ],
            "IsPallet",
        ],
        ["shipped on a pallet", [PACK, SHIP], "InPallet"],
        ["unpacked from no pallet", [on(BATCH, UNPACK)], "NotPallet"],
        ["unpacked twice", [PACK, UNPACK, UNPACK], "NotOnPallet"],
        [
            "unpacked in more than there are",
            [
                PACK,
                but(UNPACK, {
                    quantity: 3,
                    parts: { members: [1, 2, 3].map((id) => ({ id: wordOf(id), head: null })) },
                }),
            ],
            "QuantityExceeded",
        ],
        ["unpacked with another number", [PACK, but(UNPACK, { quantity: 2 })], "QuantityMismatch"],
        ["dispensed in more than there is", [["DISPENSE", { quantity: 101 }]], "QuantityExceeded"],
        ["nothing dispensed", [["DISPENSE", { quantity: 0 }]], "NoQuantity"],
        ["dispensed as a pallet", [PACK, on(PALLET, ["DISPENSE", { quantity: 1 }])], "IsPallet"],
        ["destroyed as part of a pallet", [PACK, on(PALLET, ["DESTROY", { quantity: 1 }])], "QuantityMismatch"],
        ["shipped under a hold", [HOLD, SHIP], "Held"],
        ["shipped although seized", [SEIZE, SHIP], "Seized"],
        ["held under a hold", [HOLD, HOLD], "Held"],
        ["held although seized", [SEIZE, HOLD], "Seized"],
        ["released without a hold", [["RELEASE", { actor: 9 }]], "NotHeld"],
        ["held out of sequence", [but(HOLD, { previous: wordOf(1) })], "StaleSequence"],
        ["held by an event recorded before", [HOLD, but(HOLD, { digest: wordOf(1) })], "AlreadyRecorded"],
        ["held on a pallet", [PACK, HOLD], "InPallet"],
        ["recalled twice", [["RECALL"], ["RECALL"]], "AlreadyRecalled"],
        ["recalled in part", [SPLIT, on(SMALL, ["RECALL"])], "NotBatch"],
        [
            "corrected twice",
            [SHIP, ["CORRECT", { previous: wordOf(1) }], ["CORRECT", { previous: wordOf(1) }]],
            "AlreadyRecorded",
        ],
        ["corrected by somebody else", [SHIP, ["CORRECT", { actor: 4, previous: wordOf(1) }]], "NotActor"],
        [
            "corrected elsewhere",
            [SHIP, ["CORRECT", { consignment: wordOf(9), previous: wordOf(1) }]],
            "UnexpectedField",
        ],
    ])("%s", (_name, steps, error) => {
        expect(broken(steps)).toBe(error);
    });

    test("a pallet that never carried anything of the batch", () => {
        const alone = but(PACK, { quantity: 1, parts: { number: 5, members: [{ id: wordOf(7), head: NO_WORD }] } });
        expect(broken([alone])).toBe("A pallet never carried anything of this batch.");
    });
});

describe("what is left and where it has been", () => {
    test("a part has its own way since the split", () => {
        const history = fold(SPLIT, on(SMALL, but(SHIP, { quantity: 40 })), on(LARGE, HOLD), ["RECALL"]);
        expect(history.live()).toEqual([SMALL, LARGE]);
        expect(history.positions(SMALL)).toEqual([0, 1, 3]);
        expect(history.positions(LARGE)).toEqual([0, 2, 3]);
        expect(history.effective(LARGE)).toMatchObject({ heldBy: 9, rest: 60, sscc: "340123450000000017" });
        expect(history.organisations()).toEqual([2, 3, 9]);
    });

    test("what is on a pallet moves, is held and is destroyed with it, and only while it is there", () => {
        const held = fold(PACK, on(PALLET, HOLD));
        expect(held.effective(BATCH)).toMatchObject({ heldBy: 9, rest: 100 });
        expect(held.onPallet(PALLET)).toEqual([BATCH]);
        const apart = fold(PACK, UNPACK, on(PALLET, HOLD));
        expect(apart.effective(BATCH)).toMatchObject({ heldBy: 0, pallet: null });
        expect(apart.positions(BATCH)).toEqual([0, 1]);
        expect(apart.onPallet(PALLET)).toEqual([BATCH]);
        const gone = fold(PACK, on(PALLET, ["DESTROY", { quantity: 2 }]));
        expect(gone.effective(BATCH)).toMatchObject({ rest: 0, destroyed: 100 });
        expect(gone.live()).toEqual([]);
    });
});
