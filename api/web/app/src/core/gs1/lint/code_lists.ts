/** Values that must stand in a published list of codes, and bank account numbers, which begin with one. */

import tables from "../dictionary.json";
import type { Broken } from "../faults";
import { say } from "../words";
import { alien, broken, type Linter } from "./charsets";

const COUNTRY_LETTERS = new Set(tables.country_letters.split(" "));
const COUNTRY_NUMBERS = new Set(tables.country_numbers.split(" "));
const CURRENCIES = new Set(tables.currencies.split(" "));
const PACKAGES = new Set(tables.package_types.split(" "));
const SHORTEST_IBAN = 10; // characters below which the reference linter does not look further
const LONGEST_IBAN = 34; // characters

function listed(has: (data: string) => boolean, rule: string, what: string): Linter {
    return (data) => (has(data) ? null : broken(rule, 0, say.unknown(what, data)));
}

export const iso3166 = listed((data) => COUNTRY_NUMBERS.has(data), "not_iso3166", "country number");
export const iso3166999 = listed(
    (data) => data === "999" || COUNTRY_NUMBERS.has(data),
    "not_iso3166_or_999",
    "country number",
);
export const iso3166alpha2 = listed((data) => COUNTRY_LETTERS.has(data), "not_iso3166_alpha2", "country code");
export const iso4217 = listed((data) => CURRENCIES.has(data), "not_iso4217", "currency number");
export const iso5218 = listed((data) => /^[0129]$/.test(data), "invalid_biological_sex_code", "code for sex");
/** AIDC media types, General Specifications, section 3.8.19: 01 to 10 are named, 80 to 99 are free for local use. */
export const mediatype = listed((data) => /^(?:0[1-9]|10|[89][0-9])$/.test(data), "invalid_media_type", "media type");
export const packagetype = listed((data) => PACKAGES.has(data), "invalid_package_type", "package type");

/** Country, two check digits (ISO 7064 MOD 97-10) and account, ISO 13616. */
export function iban(data: string): Broken | null {
    if (data.length < SHORTEST_IBAN) return broken("iban_too_short", 0, say.tooShortFor("bank account number"));
    if (data.length > LONGEST_IBAN) return broken("iban_too_long", 0, say.ibanLong);
    const fault = alien(data, /[^0-9A-Z]/, "invalid_iban_character", say.takesIban);
    if (fault !== null) return fault;
    const country = data.slice(0, 2);
    if (!COUNTRY_LETTERS.has(country)) return broken("illegal_iban_country_code", 0, say.unknown("country", country));
    const digits = Array.from(data.slice(4) + data.slice(0, 4))
        .map((character) => String(parseInt(character, 36)))
        .join("");
    return BigInt(digits) % 97n === 1n ? null : broken("incorrect_iban_checksum", 2, say.ibanCheck);
}
