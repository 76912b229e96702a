import { describe, expect, test } from "vitest";
import { fromBase64url, toBase64url } from "./base64url";
import { type Code, readCode } from "./gs1";
import { LAYOUTS } from "./gs1/layouts";
import { fromHex, toHex } from "./hex";
import { checkLabel, type LabelAnswer } from "./label";
import { holds, keyFault, labelKeyName, labelOf, messageOf, signatureFault, signatureOf } from "./label_signature";
import { findRepair } from "./label_repair";
import { changedCharacter } from "./label_walk";
import type { KeyRow, Snapshot } from "./snapshot";
import { LABELS, labelVector, MALFORMED, snapshotOf, VERDICTS, verdictVector } from "./vectors.testing";

const GOOD = verdictVector("verified_by_a_signed_label");
const SNAPSHOT = snapshotOf(GOOD);
const TEXT = GOOD.question.code;
const UNIT = labelVector("unit");
const DAY = 86_400;
const NO_PAUSE = (): Promise<void> => Promise.resolve();

function codeOf(text: string): Code {
    const read = readCode(text, { hosts: [], today: "2026-05-28" });
    if (!read.ok) throw new Error(`${text}: ${read.fault.detail}`);
    return read.code;
}

function bytesOf(hex: string): Uint8Array {
    return fromHex(hex) ?? new Uint8Array();
}

function check(text: string, snapshot: Snapshot = SNAPSHOT, now = GOOD.now): Promise<LabelAnswer> {
    return checkLabel(codeOf(text), snapshot, now);
}

/** Put other characters into the good label's value of an identifier. */
function changed(ai: string, change: (value: string) => string): string {
    const elements = codeOf(TEXT).elements.map(([code, value]) => `(${code})${code === ai ? change(value) : value}`);
    return elements.join("");
}

function put(text: string, at: number, character: string): string {
    return text.slice(0, at) + character + text.slice(at + 1);
}

/** The snapshot with the label key's row changed. */
function withKey(change: (row: KeyRow) => KeyRow): Snapshot {
    const keys = SNAPSHOT.keys.map((row) => (row[0] === UNIT.signer ? change(row) : row));
    return { ...SNAPSHOT, keys };
}

describe("the label vectors", () => {
    test.each(LABELS.map((label) => [label.name, label] as const))("%s", async (_, vector) => {
        const label = labelOf(codeOf(vector.code));
        const signature = signatureOf(label.signature);
        expect(toHex(messageOf(label))).toBe(vector.message);
        expect(signature && toHex(signature)).toBe(vector.signature);
        expect(await holds(bytesOf(vector.signer), label)).toBe(vector.holds);
        if (vector.name === "unit") expect(labelKeyName(bytesOf(vector.signer))).toBe(label.key);
    });

    test.each(MALFORMED.map((value) => [value.name, value] as const))(
        "%s is malformed",
        (_, { ai, value, rule, position }) => {
            const fault = ai === "91" ? keyFault(value) : signatureFault(value);
            expect(fault).toMatchObject({ rule, position });
        },
    );
});

test("base64url comes back, and nothing but it is read", () => {
    for (let size = 0; size < 70; size += 1) {
        const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 151 + size) % 256);
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
    }
    for (const text of ["A", "AB", "AAB", "AA==", "A+AA", "A/AA", "AAAAA", "٣AAA"])
        expect(fromBase64url(text)).toBeNull();
});

describe("the verdict vectors whose code is signed", () => {
    const signed = [...VERDICTS].filter(([, vector]) => vector.question.code.includes("(92)"));

    test("there are some", () => {
        expect(signed.length).toBeGreaterThanOrEqual(12);
    });

    test.each(signed)("%s", async (name, vector) => {
        const age = vector.as_of.head_block > vector.as_of.block ? DAY : 0;
        const answer = await check(vector.question.code, snapshotOf(vector, age), vector.now);
        if (!vector.expected.failed.includes("label_signature") && !name.includes("stolen")) {
            expect(answer).toMatchObject({ result: "passed", reason: "", who: "Biofarm" });
            return;
        }
        // Whether the batch is older than the doubt is not known without a line, so that nobody is called a forger.
        const due = name.includes("stolen") ? "label_key_doubted" : vector.expected.reason;
        expect(answer).toMatchObject({ result: "failed", reason: due });
    });
});

describe("whose key it is", () => {
    test("a label without a signature is not judged", async () => {
        expect(await check("(01)05413868000016(10)AB12")).toMatchObject({ result: "skipped", reason: "" });
        expect(await check("(00)154138680000000013(91)iDXSjaRv")).toMatchObject({ result: "skipped", reason: "" });
    });

    test("AI 91 and 92 of a maker without label keys are let be", async () => {
        const answer = await check("(01)04006381333931(10)X1(91)internal(92)7", SNAPSHOT);
        expect(answer).toMatchObject({ result: "skipped", reason: "" });
    });

    test("a key that may not sign labels, or not yet", async () => {
        const events = withKey(([signer, number]) => [signer, number, 1, 0, 0, 0, 0]);
        expect(await check(TEXT, events)).toMatchObject({ reason: "label_key_not_allowed", who: "Biofarm" });
        const later = withKey(([signer, number]) => [signer, number, 2, GOOD.now + DAY, 0, 0, 0]);
        expect(await check(TEXT, later)).toMatchObject({ reason: "label_key_not_allowed" });
    });

    test("a key of another organisation; whose prefix an old snapshot lacks, is not held against it", async () => {
        const strangers = withKey(([signer]) => [signer, 6, 2, 0, 0, 0, 0]);
        expect(await check(TEXT, strangers)).toMatchObject({ reason: "label_key_not_allowed" });
        const unlicensed = { ...SNAPSHOT, organisations: [] };
        expect(await check(TEXT, unlicensed)).toMatchObject({ reason: "label_key_not_allowed" });
        expect(await check(TEXT, unlicensed, GOOD.now + DAY)).toMatchObject({ reason: "not_yet_known" });
    });

    test("a key that ended without doubt stays good, and its end is told", async () => {
        const ended = withKey(([signer, number]) => [signer, number, 2, 0, 0, GOOD.now - DAY, 0]);
        const answer = await check(TEXT, ended);
        expect(answer.result).toBe("passed");
        expect(answer.detail).toContain("The key ended on 2026-05-27; labels printed before stay valid.");
        const over = withKey(([signer, number]) => [signer, number, 2, 0, GOOD.now, 0, 0]);
        expect((await check(TEXT, over)).detail).toContain("The key ended on 2026-05-28");
    });

    test("a key in doubt proves nothing without a line, and accuses nobody", async () => {
        const doubted = withKey(([signer, number]) => [signer, number, 2, 0, 0, GOOD.now, GOOD.now - DAY]);
        expect(await check(TEXT, doubted)).toMatchObject({ result: "failed", reason: "label_key_doubted" });
    });

    test("a key that nobody has: suspect only while the snapshot is live", async () => {
        const { question, now } = verdictVector("label_signed_with_a_key_nobody_has");
        expect(await check(question.code, SNAPSHOT, now)).toMatchObject({ reason: "label_key_unknown" });
        expect(await check(question.code, SNAPSHOT, now + DAY)).toMatchObject({ reason: "not_yet_known" });
    });

    test("an address signs no labels", async () => {
        const address = `0x${"22".repeat(20)}`;
        const named = changed("91", () => labelKeyName(bytesOf(address)));
        expect(await check(named)).toMatchObject({ reason: "label_key_not_allowed" });
    });

    test("high s is refused as the server refuses it", async () => {
        const { detail, reason } = await check(labelVector("high_s").code);
        expect(reason).toBe("label_forged");
        expect(detail).toContain("upper");
    });
});

describe("misreads", () => {
    async function isMisread(text: string, field: string | null, position: number | null): Promise<string> {
        const answer = await check(text);
        expect(answer, text).toMatchObject({ result: "failed", reason: "label_misread" });
        expect(answer.repair, text).toMatchObject({ field, position });
        return answer.detail;
    }

    test("every place of the signature is searched", async () => {
        const label = labelOf(codeOf(TEXT));
        const signer = bytesOf(UNIT.signer);
        for (let at = 0; at < label.signature.length; at += 1) {
            const others = at === 85 ? "AQgw" : "_A";
            const other = Array.from(others).find((character) => character !== label.signature.charAt(at)) ?? "";
            const read = { ...label, signature: put(label.signature, at, other) };
            expect(await changedCharacter(signer, read, NO_PAUSE), `character ${at}`).toBe(at);
        }
    }, 60_000);

    test("one character of signature, key, lot, serial number and expiry", async () => {
        await isMisread(
            changed("92", (value) => put(value, 50, "A")),
            "92",
            50,
        );
        await isMisread(
            changed("91", (value) => put(value, 3, "x")),
            "91",
            3,
        );
        await isMisread(
            changed("10", (value) => put(value, 3, "Z")),
            "10",
            3,
        );
        await isMisread(
            changed("21", (value) => put(value, 0, "1")),
            "21",
            0,
        );
        const words = await isMisread(
            changed("17", (value) => put(value, 1, "8")),
            "17",
            1,
        );
        expect(words).toContain("Character 2 of the expiry (AI 17) was misread.");
    });

    test("capitals and small letters, in a field or everywhere", async () => {
        expect(
            await isMisread(
                changed("10", (value) => value.toLowerCase()),
                "10",
                null,
            ),
        ).toContain("in the lot");
        await isMisread(
            changed("21", (value) => value.toUpperCase()),
            "21",
            null,
        );
        await isMisread(
            changed("91", (value) => value.toUpperCase()),
            "91",
            0,
        );
        const label = labelOf(codeOf(TEXT));
        const upper = { ...label, key: label.key.toUpperCase(), signature: label.signature.toUpperCase() };
        expect((await findRepair(upper, [bytesOf(UNIT.signer)]))?.words).toContain("of one case");
    });

    test("a keyboard layout that leaves the code readable", async () => {
        const german = new Map([...(LAYOUTS.get("German (QWERTZ)") ?? [])].map(([typed, meant]) => [meant, typed]));
        const typed = (value: string): string =>
            Array.from(value, (character) => german.get(character) ?? character).join("");
        const label = labelOf(codeOf(TEXT));
        const read = {
            elements: label.elements.map(([ai, value]) => [ai, typed(value)] as const),
            key: typed(label.key),
            signature: typed(label.signature),
        };
        expect((await findRepair(read, [bytesOf(UNIT.signer)]))?.words ?? "").toContain("German (QWERTZ)");
    });

    test("a value that is cut off or missing", async () => {
        await isMisread(
            changed("92", (value) => value.slice(0, -5)),
            null,
            null,
        );
        const text = TEXT.slice(0, TEXT.indexOf("(92)"));
        expect(await isMisread(text, null, null)).toContain("carries no signature (AI 92)");
    });

    test("an identifier, bracket or separator that was misread or lost", async () => {
        await isMisread(TEXT.replace("(17)", "717)"), "17", null);
        await isMisread(TEXT.replace("(17)", "17)"), "17", null);
        await isMisread(TEXT.replace("(17)", "(15)"), "17", null);
        await isMisread(TEXT.replace("(21)", "(22)"), "21", null);
        expect(await isMisread(TEXT.replace("(10)", "(90)"), "10", null)).toContain("Where the lot (AI 10) begins");
        const rest = TEXT.slice(TEXT.indexOf("(91)") + 4).replace("(92)", "\x1d92");
        await isMisread(`01054138680000161727033110AB12217Kq-R2m\x1d91${rest}`, "21", null);
    });

    test("no other character anywhere in a typed label makes a genuine pack suspect", async () => {
        for (let at = 0; at < TEXT.indexOf("(92)") + 12; at += 1) {
            for (const other of ["7", "x"]) {
                if (TEXT.charAt(at) === other) continue;
                const read = readCode(put(TEXT, at, other), { hosts: [], today: "2026-05-28" });
                if (!read.ok) continue;
                const { reason } = await checkLabel(read.code, SNAPSHOT, GOOD.now);
                expect(reason, put(TEXT, at, other)).toBe("label_misread");
            }
        }
    }, 120_000);

    test("a forgery is not explained away", async () => {
        const { question } = verdictVector("label_signature_of_another_pack");
        expect(await check(question.code)).toMatchObject({ result: "failed", reason: "label_forged", repair: null });
        const two = changed("10", (value) => put(put(value, 0, "X"), 1, "Y"));
        expect(await check(two)).toMatchObject({ reason: "label_forged" });
    });
});
