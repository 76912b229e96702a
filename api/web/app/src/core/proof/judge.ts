/**
 * The verdict that a proof bundle allows: the thirteen checks as far as it tells. Words and precedence are those of a
 * verdict from the server. What differs: an organisation is its number and GLN, because names stand in logs and not in
 * the state; a key's doubt counts for all that it may have signed since; and the age of the proof is part of the answer.
 */

import type { Verdict } from "../verdict";
import type { Proved } from "./check";
import { Checks, type CodeInHand } from "./checks";
import { factsOf } from "./facts";
import { refuse } from "./refusal";
import { NAMES, weigh } from "./wording";

/**
 * Judge a code by what a bundle proved. `now` is Unix seconds, by this device's clock.
 *
 * Refuses [`code`] a bundle of another batch, pack or carton than the code.
 */
export function judgeProved(proved: Proved, code: CodeInHand, now: number): Verdict {
    requireSame(proved, code);
    const checks = new Checks(proved, code, now);
    const answers = checks.all();
    const { headline, ...judgement } = weigh(answers);
    return {
        ...judgement,
        headline: `${headline} (as of ${checks.age} ago)`,
        checks: answers.map(({ name, result, detail }) => ({ id: NAMES.indexOf(name) + 1, name, result, detail })),
        ...factsOf(proved, code, checks),
    };
}

function requireSame({ history, serial }: Proved, code: CodeInHand): void {
    const { gtin, lot } = history.registration;
    const isCarton = code.gtin === null && code.sscc !== null;
    if (!isCarton && (code.gtin !== gtin || code.lot !== lot))
        refuse("code", `The bundle is of GTIN ${gtin} lot ${lot}, not of this code.`);
    if (serial !== null && code.serial !== serial)
        refuse("code", `The bundle is of the pack with serial number ${serial}, not of this code.`);
}
