/** Cases and joint operations as the server tells them (docs/api.md), and the fields of each act on them. */

import { moment, t } from "../parts/i18n.svelte";
import type { FieldSpec } from "./form";
import type { Signed } from "./signed";
import { wordOr } from "./words";

export interface Who {
    readonly number: number;
    readonly name: string;
}

export interface GoodsNamed {
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    readonly sscc: string | null;
}

export interface Source extends Readonly<Record<string, unknown>> {
    readonly kind: string;
}

interface CaseFacts {
    readonly number: number;
    readonly version: number;
    readonly state: string;
    readonly title: string;
    readonly source: Source;
    readonly goods: readonly GoodsNamed[];
    readonly owner: string;
    readonly opened_at: string;
    readonly changed_at: string;
    readonly due_at: string | null;
    readonly overdue: boolean;
    readonly tasks_open: number;
    readonly seized_units: number;
    readonly operation: string | null;
}

export interface Card extends CaseFacts {
    readonly evidence: number;
    readonly outcomes: readonly string[];
}

export interface Task {
    readonly number: number;
    readonly words: string;
    readonly due_at: string | null;
    readonly overdue: boolean;
    readonly done_at: string | null;
}

export interface Evidence {
    readonly number: number;
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly chain: readonly {
        readonly holder: string;
        readonly at: string;
        readonly key: string;
        readonly words: string;
        readonly hash: string;
    }[];
}

export interface Entry {
    readonly position: number;
    readonly at: string;
    readonly key: string;
    readonly act: string;
    readonly hash: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly organisation?: Who;
}

export interface Case extends CaseFacts {
    readonly tasks: readonly Task[];
    readonly evidence: readonly Evidence[];
    readonly outcomes: readonly (GoodsNamed & {
        readonly digest: string;
        readonly kind: string;
        readonly units: number;
        readonly at: string;
        readonly recorded: { readonly block: number; readonly time: string } | null;
        readonly final: boolean;
    })[];
    readonly seizures: readonly {
        readonly product_class: string;
        readonly units: number;
        readonly words: string;
        readonly at: string;
    }[];
    readonly closed: { readonly at: string; readonly words: string } | null;
    readonly history: readonly Entry[];
    readonly head: string;
    readonly may: readonly string[];
    readonly officers: readonly { readonly key: string; readonly supervisor: boolean }[];
}

export interface OperationCard {
    readonly reference: string;
    readonly version: number;
    readonly name: string;
    readonly phase: string;
    readonly begins_at: string;
    readonly ends_at: string;
    readonly lead: Who;
    readonly status: string;
    readonly changed_at: string;
    readonly members: number;
    readonly targets: number | null;
    readonly cases: number | null;
}

export interface Counts {
    readonly cases: number;
    readonly closed: number;
    readonly holds: number;
    readonly releases: number;
    readonly seizures: number;
    readonly units: number;
}

export interface Results extends Counts {
    readonly counted_at: string;
    readonly frozen: boolean;
    readonly by_kind: readonly {
        readonly product_class: string;
        readonly seizures: number;
        readonly units: number;
        readonly stated_seizures: number;
        readonly stated_units: number;
    }[];
    readonly by_member: readonly (Counts & {
        readonly organisation: Who;
        readonly stated_seizures: number;
        readonly stated_units: number;
    })[];
}

export interface Operation extends Omit<OperationCard, "members" | "targets" | "cases"> {
    readonly words: string;
    readonly members: readonly (Who & { readonly status: string; readonly at: string })[];
    readonly may: readonly string[];
    /** What follows is for members alone, not for those that are only invited. */
    readonly targets?: readonly {
        readonly number: number;
        readonly organisation: Who;
        readonly at: string;
        readonly source: Source;
        readonly goods: GoodsNamed;
        readonly risk: number | null;
        readonly signals: readonly string[];
        readonly route: readonly string[];
        readonly words: string;
        readonly dropped_at: string | null;
    }[];
    readonly board?: readonly Entry[];
    readonly cases?: readonly {
        readonly organisation: Who;
        readonly number: number;
        readonly state: string;
        readonly opened_at: string;
        readonly goods: readonly GoodsNamed[];
        readonly outcomes: readonly { readonly kind: string; readonly units: number; readonly counted: boolean }[];
        readonly seizures: readonly { readonly units: number; readonly counted: boolean }[];
        readonly counted: boolean;
    }[];
    readonly results?: Results;
}

const CLASSES = ["VACCINE", "MEDICINE", "PPE", "DEVICE", "OTHER"];
const FOLLOWING = ["examining", "waiting", "deciding"];

/** Goods in one line. */
export function goodsWords({ gtin, lot, serial, sscc }: GoodsNamed): string {
    const parts = [gtin, lot && t("case.lot", { lot }), serial, sscc && t("queue.sscc", { sscc })];
    return parts.filter(Boolean).join(" · ");
}

/** A key in the few digits that officers tell theirs apart by. */
export function keyWords(key: string): string {
    return (key.slice(2, 10).match(/.{4}/g) ?? []).join(" ");
}

const options = (values: readonly string[], area: string): FieldSpec["options"] =>
    values.map((value) => ({ value, label: wordOr(area, value) }));

const words: FieldSpec = { name: "words", kind: "words", needed: true };
const remark: FieldSpec = { name: "words", kind: "words" };
const named: readonly FieldSpec[] = ["gtin", "lot", "serial", "sscc"].map((name) => ({ name, kind: "text" }));

/**
 * The fields of every act on a case but handing evidence in, which has a file.
 *
 * @param operations - those that it can be put on the board of
 * @param signed - holds, releases and seizures of its goods that stand on the ledger
 */
export function caseFields(
    shown: Case,
    operations: readonly OperationCard[],
    signed: readonly Signed[],
): Readonly<Record<string, readonly FieldSpec[]>> {
    const officers = shown.officers.map(({ key, supervisor }) => ({
        value: key,
        label: `${keyWords(key)}${supervisor ? ` (${t("desk.supervisor")})` : ""}`,
    }));
    const open = shown.tasks.filter((task) => task.done_at === null);
    return {
        note: [words],
        move: [
            {
                name: "to",
                kind: "choice",
                needed: true,
                options:
                    options(
                        FOLLOWING.filter((each) => each !== shown.state),
                        "case.state",
                    ) ?? [],
            },
            remark,
        ],
        assign: [{ name: "owner", kind: "choice", needed: true, options: officers }],
        due: [{ name: "due_at", kind: "time", needed: true }, words],
        task: [words, { name: "due_at", kind: "time" }],
        task_done: [
            {
                name: "task",
                kind: "choice",
                whole: true,
                needed: true,
                options: open.map(({ number, words: label }) => ({ value: String(number), label })),
            },
            remark,
        ],
        goods: named,
        hand_over: [
            {
                name: "evidence",
                kind: "choice",
                whole: true,
                needed: true,
                options: shown.evidence.map(({ number, name }) => ({ value: String(number), label: name })),
            },
            { name: "holder", kind: "text", needed: true },
            remark,
        ],
        outcome: [
            {
                name: "digest",
                kind: "choice",
                needed: true,
                options: signed.map(({ digest, kind, occurred_at, place }) => ({
                    value: digest,
                    label: t("case.at", { kind: t(`kind.${kind}`), time: moment(occurred_at), place: place ?? "" }),
                })),
            },
        ],
        seizure: [
            { name: "product_class", kind: "choice", needed: true, options: options(CLASSES, "case.class") ?? [] },
            { name: "units", kind: "whole", needed: true },
            words,
        ],
        operation: [
            {
                name: "operation",
                kind: "choice",
                empty: true,
                value: shown.operation ?? "",
                options: operations.map(({ reference, name }) => ({ value: reference, label: name })),
            },
        ],
        close: [remark],
        reopen: [words],
    };
}

/**
 * The fields of every act on an operation.
 *
 * @param administrations - that can be invited
 * @param own - the number of who is signed in
 */
export function operationFields(
    shown: Operation,
    administrations: readonly Who[],
    own: number,
): Readonly<Record<string, readonly FieldSpec[]>> {
    const choice = (name: string, from: readonly Who[]): FieldSpec => ({
        name,
        kind: "choice",
        whole: true,
        needed: true,
        options: from.map(({ number, name: label }) => ({ value: String(number), label })),
    });
    const members = new Set(shown.members.map(({ number }) => number));
    const targets = (shown.targets ?? []).filter(
        (each) => each.organisation.number === own && each.dropped_at === null,
    );
    return {
        accept: [],
        decline: [remark],
        post: [words],
        target: [
            { name: "line", kind: "whole" },
            { name: "match", kind: "whole" },
            ...named.filter(({ name }) => name !== "serial"),
            remark,
        ],
        draw: [
            { name: "least_risk", kind: "whole", needed: true, value: "50" },
            { name: "most", kind: "whole", needed: true, value: "20" },
        ],
        drop: [
            {
                name: "target",
                kind: "choice",
                whole: true,
                needed: true,
                options: targets.map(({ number, goods, words: said }) => ({
                    value: String(number),
                    label: [`${number}`, goodsWords(goods), said].filter(Boolean).join(" · "),
                })),
            },
            remark,
        ],
        invite: [
            choice(
                "organisation",
                administrations.filter(({ number }) => !members.has(number)),
            ),
        ],
        remove: [
            choice(
                "organisation",
                shown.members.filter(({ status }) => status === "accepted" || status === "invited"),
            ),
            remark,
        ],
        window: [
            { name: "begins_at", kind: "time", needed: true },
            { name: "ends_at", kind: "time", needed: true },
            remark,
        ],
        leave: [remark],
        close: [remark],
    };
}

/** The fields of a new operation. */
export function newOperation(administrations: readonly Who[]): readonly FieldSpec[] {
    return [
        { name: "name", kind: "text", needed: true },
        remark,
        { name: "begins_at", kind: "time", needed: true },
        { name: "ends_at", kind: "time", needed: true },
        {
            name: "invite",
            kind: "choices",
            options: administrations.map(({ number, name }) => ({ value: String(number), label: name })),
        },
    ];
}
