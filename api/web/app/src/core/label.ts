/**
 * Judge the signature on a label without a line: check 2 of a verdict, by the keys of a snapshot.
 *
 * What is judged is whether the maker issued this label. The maker is whoever holds the GTIN's company prefix; who
 * registered the batch is not known here. Where the snapshot may be too old to know, that is said instead of "suspect".
 */

import { dayAt } from "./calendar";
import type { Code } from "./gs1";
import { findRepair, type Repair } from "./label_repair";
import { hasHighS, holds, keyFault, type Label, labelOf, signatureFault, signatureOf } from "./label_signature";
import type { Snapshot } from "./snapshot";
import { isP256, LABELS, type LabelKey, labelKeys, licensee, LIVE_SECONDS, type Maker } from "./snapshot_view";
import type { Result } from "./verdict";

export interface LabelAnswer {
    readonly result: Result;
    /** In English, for check 2. */
    readonly detail: string;
    /** The name of the reason, "" if the label decides nothing. */
    readonly reason: string;
    /** Whom the reason names. */
    readonly who: string;
    /** What was misread, where one misread explains the label. */
    readonly repair: Repair | null;
}

function answer(result: Result, detail: string, reason = "", who = "", repair: Repair | null = null): LabelAnswer {
    return { result, detail, reason, who, repair };
}

function misread(repair: Repair): LabelAnswer {
    const detail = `The label's signature does not hold as read. ${repair.words}`;
    return answer("failed", detail, "label_misread", "", repair);
}

/** Say what is malformed about AI 91 and 92; "" if nothing is. */
function formFault(label: Label): string {
    if (label.key === "") return "The label carries a signature (AI 92) but not which key made it (AI 91).";
    if (label.signature === "") return "The label names a label key (AI 91) but carries no signature (AI 92).";
    const fault = keyFault(label.key) ?? signatureFault(label.signature);
    return fault === null ? "" : `${fault.words} (character ${fault.position + 1}).`;
}

function notAllowed(detail: string, maker: Maker | null): LabelAnswer {
    return answer("failed", detail, "label_key_not_allowed", maker?.name ?? "its maker");
}

function notSigned(label: Label, named: readonly LabelKey[], maker: Maker | null): LabelAnswer {
    if (!named.some(isP256)) {
        return notAllowed("The key that the label names is no P-256 key: it cannot have signed a label.", maker);
    }
    const signature = signatureOf(label.signature);
    const high = signature !== null && hasHighS(signature);
    const form = high ? " Its s is the upper one, which no maker's signature has." : "";
    const detail = `The signature is not that of the label key ${label.key}, and no misread character explains it.${form}`;
    return answer("failed", detail, "label_forged", maker?.name ?? "its maker");
}

/** No key of that name is known: of a snapshot that is not live, it may have been added since. */
function unknownKey(label: Label, maker: Maker | null, isLive: boolean): LabelAnswer {
    if (maker === null) {
        return answer("skipped", "No organisation in this phone's list has its company prefix or its label key.");
    }
    const detail = `There is no label key ${label.key}, and none of ${maker.name} that is misread so.`;
    if (isLive) return answer("failed", detail, "label_key_unknown", maker.name);
    return answer("failed", `${detail} It may be newer than this phone's list.`, "not_yet_known");
}

/** A signature that holds: may the key sign this maker's labels, and does it still prove anything? */
function signed(key: LabelKey, maker: Maker | null, now: number, isLive: boolean): LabelAnswer {
    const name = `The label key ${key.name}`;
    if (maker === null && !isLive) {
        const detail = `${name} signed it. Whose the company prefix is may be newer than this phone's list.`;
        return answer("failed", detail, "not_yet_known");
    }
    if (maker === null || key.organisation !== maker.number) {
        return notAllowed(
            `${name} signed it, but is a key of organisation ${key.organisation}, not of the maker.`,
            maker,
        );
    }
    const whose = `${name} of ${maker.name} signed it`;
    if ((key.purposes & LABELS) === 0) return notAllowed(`${whose}, but is not one for labels.`, maker);
    if (key.validFrom > now) return notAllowed(`${whose}, but is not valid before ${dayAt(key.validFrom)}.`, maker);
    if (key.doubtSince !== 0) {
        const since = `${whose}, and may have been stolen since ${dayAt(key.doubtSince)}.`;
        return answer(
            "failed",
            `${since} When the batch was registered is not known here.`,
            "label_key_doubted",
            maker.name,
        );
    }
    return answer("passed", `${whose}.${ending(key, now)}`, "", maker.name);
}

/** Tell the end of a key that nothing is held against: what it signed before stays valid. */
function ending({ endedAt, validUntil }: LabelKey, now: number): string {
    const expired = validUntil !== 0 && validUntil <= now ? validUntil : 0;
    const ended = endedAt === 0 ? expired : endedAt;
    return ended === 0 ? "" : ` The key ended on ${dayAt(ended)}; labels printed before stay valid.`;
}

/** The keys that AI 91 names; where there are none, the maker's label keys. The maker's own come first. */
function keysFor(label: Label, snapshot: Snapshot, maker: Maker | null): LabelKey[] {
    const all = labelKeys(snapshot);
    const own = (key: LabelKey): boolean => maker !== null && key.organisation === maker.number;
    const named = all.filter((key) => key.name === label.key);
    const meant = named.length > 0 ? named : all.filter((key) => own(key) && (key.purposes & LABELS) !== 0);
    return [...meant.filter(own), ...meant.filter((key) => !own(key))];
}

async function signerOf(label: Label, named: readonly LabelKey[]): Promise<LabelKey | null> {
    for (const key of named) if (await holds(key.signer, label)) return key;
    return null;
}

/**
 * Check the label signature (AI 91 and 92) of a code.
 *
 * `now` is in Unix seconds. Where the signature does not hold, the search for a misread takes about a second of a phone.
 */
export async function checkLabel(code: Code, snapshot: Snapshot, now: number): Promise<LabelAnswer> {
    if (code.labelKey === null && code.labelSignature === null) {
        return answer("skipped", "This label carries no signature.");
    }
    if (code.gtin === null) return answer("skipped", "A label signature is one over a GTIN, and this code has none.");
    const [label, maker] = [labelOf(code), licensee(snapshot, code.gtin)];
    const keys = keysFor(label, snapshot, maker);
    const signers = keys.filter(isP256).map((key) => key.signer);
    const malformed = formFault(label);
    if (malformed !== "") {
        const detail = "What AI 91 and 92 carry here is no label signature, and the maker has no known label key.";
        if (keys.length === 0) return answer("skipped", detail);
        return misread((await findRepair(label, signers)) ?? { words: malformed, field: null, position: null });
    }
    const named = keys.filter((key) => key.name === label.key);
    const good = await signerOf(label, named);
    const isLive = now - snapshot.time <= LIVE_SECONDS;
    if (good !== null) return signed(good, maker, now, isLive);
    const repair = await findRepair(label, signers);
    if (repair !== null) return misread(repair);
    if (named.length > 0) return notSigned(label, named, maker);
    return unknownKey(label, maker, isLive);
}
