import { expect, test } from "vitest";
import { beginning, payloadOf, type FieldSpec } from "./form";

const FIELDS: readonly FieldSpec[] = [
    { name: "words", kind: "words", needed: true },
    { name: "units", kind: "whole" },
    { name: "due_at", kind: "time" },
    { name: "to", kind: "choice", needed: true, options: [{ value: "waiting", label: "Waiting" }] },
    { name: "operation", kind: "choice", empty: true, options: [{ value: "ab12", label: "Mask" }] },
    { name: "task", kind: "choice", whole: true, options: [{ value: "3", label: "Weigh" }] },
    { name: "invite", kind: "choices", options: [{ value: "7", label: "TH" }] },
];

test("a form begins empty, but for a choice that must be made", () => {
    expect(beginning(FIELDS)).toEqual({
        words: "",
        units: "",
        due_at: "",
        to: "waiting",
        operation: "",
        task: "",
        invite: [],
    });
    expect(beginning([{ name: "most", kind: "whole", value: "20" }])).toEqual({ most: "20" });
});

test("what was filled in is sent in the server's form", () => {
    const values = {
        words: "  two cartons ",
        units: "500",
        due_at: "2026-11-26T12:00",
        to: "waiting",
        operation: "ab12",
        task: "3",
        invite: ["7", "8"],
    };
    expect(payloadOf(FIELDS, values)).toEqual({
        words: "two cartons",
        units: 500,
        due_at: new Date("2026-11-26T12:00").toISOString().replace(".000", ""),
        to: "waiting",
        operation: "ab12",
        task: 3,
        invite: [7, 8],
    });
});

test("what was left empty is left out, but where nothing says something", () => {
    expect(payloadOf(FIELDS, { ...beginning(FIELDS), words: " " })).toEqual({
        to: "waiting",
        operation: "",
        invite: [],
    });
});
