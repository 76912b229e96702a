import { describe, expect, test } from "vitest";
import scans from "../../../../../tests/vectors/scans.json";
import type { OwnEvent } from "./history_view";
import { judgeOffline, OFFLINE_REASONS, VOUCHES_FOR } from "./offline";
import type { HoldRow, Snapshot } from "./snapshot";
import type { Result, Verdict } from "./verdict";
import { snapshotOf, verdictVector } from "./vectors.testing";

const GOOD = verdictVector("verified_by_a_signed_label");
const SIGNED = GOOD.question.code;
const UNSIGNED = "(01)05413868000016(10)AB12(17)270331(21)7Kq-R2m";
const SSCC = "154138680000000013";
const SNAPSHOT = snapshotOf(GOOD, 3 * 3600);
const { now: NOW } = GOOD;
const HELD: HoldRow = ["05413868000016", "AB12", SSCC, "0x01", "held", 5, NOW - 9000];
const seen = new Set<string>();

interface Changes {
    readonly snapshot?: Snapshot | null;
    readonly now?: number;
    readonly history?: readonly OwnEvent[];
}

async function judged(text: string, { snapshot = SNAPSHOT, now = NOW, history = [] }: Changes = {}): Promise<Verdict> {
    const verdict = await judgeOffline(text, { snapshot, now, history });
    expect(verdict.checks.map((check) => check.id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(verdict.checks.every((check) => check.detail !== "")).toBe(true);
    seen.add(verdict.reason);
    return verdict;
}

function resultOf(verdict: Verdict, name: string): Result | undefined {
    return verdict.checks.find((check) => check.name === name)?.result;
}

function detailOf(verdict: Verdict, name: string): string {
    return verdict.checks.find((check) => check.name === name)?.detail ?? "";
}

function makers(roles: number, suspendedSince: number): Snapshot {
    const organisations = SNAPSHOT.organisations.map((row) =>
        row[0] === 2 ? ([2, row[1], row[2], row[3], roles, suspendedSince, row[6]] as const) : row,
    );
    return { ...SNAPSHOT, organisations };
}

function own(kind: OwnEvent["kind"], at: number): OwnEvent {
    return { gtin: "05413868000016", lot: "AB12", serial: "7Kq-R2m", kind, at };
}

describe("what a good label gets", () => {
    test("a signed label of an active maker is verified as of the snapshot, and says what is not known", async () => {
        const verdict = await judged(SIGNED);
        expect(verdict).toMatchObject({ verdict: "verified", reason: "label_verified_offline", who: "Biofarm" });
        expect(verdict).toMatchObject({ headline: "", advice: "", batch: null, custody: [], proof: null });
        expect(verdict.offline).toEqual({ snapshot_time: SNAPSHOT.time });
        expect(verdict.as_of).toMatchObject({ chain_id: 31337, time: "2026-05-28T17:28:16Z" });
        const passed = ["code_readable", "label_signature", "maker_accredited", "not_recalled", "not_expired"];
        for (const name of [...passed, "not_held_or_seized"]) expect(resultOf(verdict, name), name).toBe("passed");
        for (const name of ["batch_registered", "facts_agree", "unit_in_batch", "custody_unbroken", "no_conflict"]) {
            expect(resultOf(verdict, name), name).toBe("skipped");
        }
        expect(resultOf(verdict, "fresh")).toBe("failed");
        expect(detailOf(verdict, "fresh")).toBe("As of 3 hours ago, 2026-05-28T17:28:16Z.");
    });

    test("without a signature nothing proves it", async () => {
        expect(await judged(UNSIGNED)).toMatchObject({ verdict: "undetermined", reason: "offline_unsigned" });
        expect(await judged(`(00)${SSCC}`)).toMatchObject({ verdict: "undetermined", reason: "offline_unsigned" });
    });

    test("a snapshot of seven days no longer vouches for it", async () => {
        const young = { ...SNAPSHOT, time: NOW - VOUCHES_FOR + 1 };
        expect(await judged(SIGNED, { snapshot: young })).toMatchObject({ reason: "label_verified_offline" });
        const old = { ...SNAPSHOT, time: NOW - VOUCHES_FOR };
        expect(await judged(SIGNED, { snapshot: old })).toMatchObject({
            verdict: "undetermined",
            reason: "snapshot_old",
        });
    });

    test("without a snapshot only label and history speak", async () => {
        const verdict = await judged(SIGNED, { snapshot: null });
        expect(verdict).toMatchObject({
            verdict: "undetermined",
            reason: "no_snapshot",
            offline: { snapshot_time: null },
        });
        expect(verdict.as_of.time).toBeNull();
        expect(resultOf(verdict, "label_signature")).toBe("skipped");
        expect(resultOf(verdict, "not_expired")).toBe("passed");
        const late = await judged(SIGNED, { snapshot: null, now: NOW + 400 * 86_400 });
        expect(late.reason).toBe("expired");
    });

    test("a link to a foreign host is read, and the host is named as not ours", async () => {
        const ours = await judged("https://lotproof.example/01/05413868000016/10/AB12");
        expect(detailOf(ours, "code_readable")).toBe("Read without fault.");
        const foreign = await judged("https://lotproof.example.evil.example/01/05413868000016/10/AB12");
        expect(detailOf(foreign, "code_readable")).toContain("lotproof.example.evil.example, which is not one");
    });
});

describe("what speaks against it", () => {
    test("a label that was misread, even of a recalled batch, says nothing of the product", async () => {
        const { question } = verdictVector("serial_number_misread");
        const snapshot: Snapshot = { ...SNAPSHOT, recalls: [["05413868000016", "AB12", 2, NOW - 1000]] };
        expect(await judged(question.code, { snapshot })).toMatchObject({
            verdict: "unreadable",
            reason: "label_misread",
        });
    });

    test("forged and foreign signatures", async () => {
        const forged = verdictVector("label_signature_of_another_pack").question.code;
        expect(await judged(forged)).toMatchObject({ verdict: "suspect", reason: "label_forged", who: "Biofarm" });
        const { question } = verdictVector("label_signed_with_a_key_of_another_organisation");
        const snapshot = snapshotOf(verdictVector("label_signed_with_a_key_of_another_organisation"), 3600);
        expect(await judged(question.code, { snapshot })).toMatchObject({ reason: "label_key_not_allowed" });
        const unknown = verdictVector("label_signed_with_a_key_nobody_has").question.code;
        expect(await judged(unknown)).toMatchObject({ verdict: "undetermined", reason: "not_yet_known" });
        const live = { ...SNAPSHOT, time: NOW };
        expect(await judged(unknown, { snapshot: live })).toMatchObject({
            verdict: "suspect",
            reason: "label_key_unknown",
        });
    });

    test("a key in doubt", async () => {
        const vector = verdictVector("label_signed_with_a_stolen_key");
        const verdict = await judged(vector.question.code, { snapshot: snapshotOf(vector, 3600) });
        expect(verdict).toMatchObject({ verdict: "undetermined", reason: "label_key_doubted", who: "Biofarm" });
    });

    test("a recall of its GTIN and lot, and of no other", async () => {
        const recalls = [["05413868000016", "AB12", 1, NOW - 86_400]] as const;
        const verdict = await judged(SIGNED, { snapshot: { ...SNAPSHOT, recalls } });
        expect(verdict).toMatchObject({ verdict: "do_not_use", reason: "recalled", who: "FAMHP" });
        expect(detailOf(verdict, "not_recalled")).toBe("Recalled by FAMHP on 2026-05-27.");
        const carton = `(00)${SSCC}(02)05413868000016(37)5(10)AB12`;
        expect(await judged(carton, { snapshot: { ...SNAPSHOT, recalls } })).toMatchObject({ reason: "recalled" });
        const other = [
            ["05413868000016", "AB13", 1, NOW],
            ["05413868000023", "AB12", 1, NOW],
        ] as const;
        expect(await judged(SIGNED, { snapshot: { ...SNAPSHOT, recalls: other } })).toMatchObject({
            verdict: "verified",
        });
    });

    test("a hold or a seizure, of its lot or of its very carton", async () => {
        const held = { ...SNAPSHOT, holds: [HELD] };
        const verdict = await judged(SIGNED, { snapshot: held });
        expect(verdict).toMatchObject({ verdict: "do_not_use", reason: "held", who: "Singapore Customs" });
        expect(detailOf(verdict, "not_held_or_seized")).toContain("there may be others");
        const carton = await judged(`(00)${SSCC}`, { snapshot: held });
        expect(carton.reason).toBe("held");
        expect(detailOf(carton, "not_held_or_seized")).not.toContain("others");
        expect(await judged("(00)154138680000000020", { snapshot: held })).toMatchObject({
            reason: "offline_unsigned",
        });
        const onIt = await judged("(00)154138680000000020(02)05413868000016(37)5(10)AB12", { snapshot: held });
        expect(onIt.reason).toBe("held");
        expect(detailOf(onIt, "not_held_or_seized")).toContain("there may be others");
        const seized: HoldRow = [HELD[0], HELD[1], "", "0x02", "seized", 5, NOW];
        const both = { ...SNAPSHOT, holds: [HELD, seized] };
        expect(await judged(UNSIGNED, { snapshot: both })).toMatchObject({ verdict: "do_not_use", reason: "seized" });
    });

    test("the last day of use ends when it has ended everywhere on earth", async () => {
        const end = 1_806_451_200 + 36 * 3600; // 2027-03-31T00:00Z, and noon of the day after
        const at = (now: number): Promise<Verdict> => judged(UNSIGNED, { now, snapshot: { ...SNAPSHOT, time: now } });
        expect(await at(end)).toMatchObject({ verdict: "do_not_use", reason: "expired" });
        const near = await at(end - 1);
        expect(near.reason).toBe("offline_unsigned");
        expect(detailOf(near, "not_expired")).toContain("compare it with the date where you are");
        expect(detailOf(await at(end - 5 * 86_400), "not_expired")).toBe("Its last day of use is 2027-03-31.");
    });

    test("a phone whose clock was set back still knows the time of its snapshot", async () => {
        const snapshot = { ...SNAPSHOT, time: NOW + 400 * 86_400 };
        expect(await judged(UNSIGNED, { snapshot })).toMatchObject({ reason: "expired" });
        expect(detailOf(await judged(UNSIGNED, { snapshot }), "fresh")).toContain("As of 0 seconds ago");
    });

    test("this phone dispensed it before", async () => {
        const day = 86_400;
        const verdict = await judged(SIGNED, { history: [own("SCAN", NOW - 3 * day), own("DISPENSE", NOW - day)] });
        expect(verdict).toMatchObject({ verdict: "do_not_use", reason: "already_dispensed_here" });
        expect(detailOf(verdict, "unit_unused")).toContain("2026-05-27T");
        const undone = [own("UNDO", NOW - day), own("DISPENSE", NOW - 2 * day)];
        expect(await judged(SIGNED, { history: undone })).toMatchObject({ verdict: "verified" });
        const again = await judged(SIGNED, { history: [...undone, own("DISPENSE", NOW - 901)] });
        expect(again.reason).toBe("already_dispensed_here");
        const inHand = await judged(SIGNED, { history: [own("DISPENSE", NOW - 900)] });
        expect(inHand.verdict).toBe("verified");
        expect(detailOf(inHand, "unit_unused")).toContain("a moment ago");
        const other = [{ ...own("DISPENSE", NOW - day), serial: "other" }];
        expect(await judged(SIGNED, { history: other })).toMatchObject({ verdict: "verified" });
    });

    test("a maker that is suspended or no manufacturer is no forger: what it registered before stays good", async () => {
        const suspended = await judged(SIGNED, { snapshot: makers(1, NOW - 86_400) });
        expect(suspended).toMatchObject({ verdict: "undetermined", reason: "maker_inactive", who: "Biofarm" });
        const carrier = await judged(SIGNED, { snapshot: makers(2, 0) });
        expect(carrier).toMatchObject({ verdict: "undetermined", reason: "maker_inactive" });
    });

    test("a maker that nobody knows, a lot that is missing, and what is no product", async () => {
        expect(await judged("(01)04006381333931(10)X1")).toMatchObject({
            verdict: "undetermined",
            reason: "maker_unknown",
        });
        expect(await judged("05413868000016")).toMatchObject({ verdict: "undetermined", reason: "lot_needed" });
        expect(await judged("(414)5413868000009")).toMatchObject({ verdict: "undetermined", reason: "not_a_product" });
    });

    test("what cannot be read is unreadable, with or without a snapshot", async () => {
        for (const snapshot of [SNAPSHOT, null]) {
            const verdict = await judged("(01)05413868000017(10)AB12", { snapshot });
            expect(verdict).toMatchObject({ verdict: "unreadable", reason: "incorrect_check_digit" });
            expect(detailOf(verdict, "code_readable")).toContain("(character 18)");
            expect(verdict.code.gtin).toBeNull();
        }
    });
});

test("no scan makes it throw", async () => {
    for (const { text } of scans.scans) {
        const verdict = await judgeOffline(text, { snapshot: SNAPSHOT, now: NOW, history: [] });
        expect(verdict.reason in OFFLINE_REASONS || verdict.verdict === "unreadable", text).toBe(true);
    }
}, 60_000);

test("every reason was given above", () => {
    for (const reason of Object.keys(OFFLINE_REASONS)) expect(seen, reason).toContain(reason);
});
