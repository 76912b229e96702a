import { expect, test } from "vitest";
import { judgeOffline, OFFLINE_REASONS } from "../core/offline";
import checks from "./en/checks.json";
import reasons from "./en/reasons.json";

const WORDS: Readonly<Record<string, string>> = { ...checks, ...reasons };

test.each(Object.keys(OFFLINE_REASONS))("%s, which the app gives by itself, has its own words", (reason) => {
    expect(WORDS[`reason.${reason}.headline`]).toBeTruthy();
    expect(WORDS[`reason.${reason}.advice`]).toBeTruthy();
});

test("what a check cannot know without a line is said in the words of the catalogue", async () => {
    const verdict = await judgeOffline("(414)5413868000009", { snapshot: null, now: 1_780_000_000, history: [] });
    for (const { name, result, detail } of verdict.checks) {
        expect(WORDS[`check.${name}`], name).toBeTruthy();
        if (result === "skipped" && name !== "unit_unused") expect(WORDS[`check.${name}.skipped_offline`]).toBe(detail);
    }
});
