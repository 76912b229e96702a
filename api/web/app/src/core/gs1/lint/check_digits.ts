/** Check digits, check pairs and company prefixes. GS1 General Specifications, sections 7.9 and 1.4. */

import type { Broken } from "../faults";
import { say } from "../words";
import { broken, cset82, CSET82_ORDER, csetnumeric } from "./charsets";

const PAIR = 2; // characters of a check pair
const PAIR_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; // 32 characters that are not mistaken for one another
const PAIR_MODULUS = 1021;
const MAX_PAIR_PAYLOAD = 97; // characters; the reference linter has that many prime weights
const SHORTEST_PREFIX = 4; // digits of the shortest GS1 Company Prefix

/** The digit that makes the weighted sum (3, 1, 3 … from the right) a multiple of ten. */
export function checkDigit(digits: string): number {
    let total = 0;
    for (let index = 0; index < digits.length; index += 1) {
        total += Number(digits.charAt(digits.length - 1 - index)) * (index % 2 === 1 ? 1 : 3);
    }
    return (10 - (total % 10)) % 10;
}

export function csum(data: string): Broken | null {
    if (data === "") return broken("too_short_for_check_digit", 0, say.tooShortFor("check digit"));
    const fault = csetnumeric(data);
    if (fault !== null) return fault;
    const expected = String(checkDigit(data.slice(0, -1)));
    const given = data.slice(-1);
    if (given === expected) return null;
    return broken("incorrect_check_digit", data.length - 1, say.wrongCheck("digit", given, expected));
}

/** The first so many primes: the weights of the check pair, from the right. */
function primes(count: number): number[] {
    const found: number[] = [];
    for (let candidate = 2; found.length < count; candidate += 1) {
        if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
    }
    return found;
}

/** The check character pair of a Global Model Number (section 7.9.5). */
function checkPair(payload: string): string {
    const characters = Array.from(payload).reverse();
    const total = primes(characters.length).reduce(
        (sum, weight, index) => sum + CSET82_ORDER.indexOf(characters[index] ?? "") * weight,
        0,
    );
    const rest = total % PAIR_MODULUS;
    const { length } = PAIR_ALPHABET;
    return PAIR_ALPHABET.charAt(Math.floor(rest / length)) + PAIR_ALPHABET.charAt(rest % length);
}

export function csumalpha(data: string): Broken | null {
    if (data.length < PAIR) return broken("too_short_for_check_pair", 0, say.tooShortFor("check pair"));
    const payload = data.slice(0, -PAIR);
    if (payload.length > MAX_PAIR_PAYLOAD) {
        return broken("too_long_for_check_pair_implementation", 0, say.tooLongForPair);
    }
    const fault = cset82(payload);
    if (fault !== null) return fault;
    const expected = checkPair(payload);
    const given = data.slice(-PAIR);
    if (given === expected) return null;
    return broken("incorrect_check_pair", payload.length, say.wrongCheck("pair", given, expected));
}

/** Room and digits for the shortest company prefix; which are licensed only GS1's register knows. */
function companyPrefix(data: string, start: number): Broken | null {
    const prefix = data.slice(start, start + SHORTEST_PREFIX);
    if (prefix.length < SHORTEST_PREFIX) return broken("too_short_for_gcp", 0, say.tooShortFor("GS1 Company Prefix"));
    return /^[0-9]+$/.test(prefix) ? null : broken("invalid_gcp_prefix", start, say.noPrefix);
}

export function gcppos1(data: string): Broken | null {
    return companyPrefix(data, 0);
}

export function gcppos2(data: string): Broken | null {
    return companyPrefix(data, 1);
}
