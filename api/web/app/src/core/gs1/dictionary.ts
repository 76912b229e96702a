/** The application identifiers of the GS1 Barcode Syntax Dictionary, from `dictionary.json` (scripts/web_dictionary.py). */

import tables from "./dictionary.json";
import { LINTERS, type Linter } from "./lint/linters";

/** One part of a value: how many characters, and the rules they meet, the character set first. */
interface Component {
    readonly shortest: number;
    readonly longest: number;
    readonly optional: boolean;
    readonly linters: readonly Linter[];
}

export interface Ai {
    /** Its two to four digits. */
    readonly code: string;
    /** Its data title, such as `BATCH/LOT`. */
    readonly title: string;
    /** Its length is predefined, so no FNC1 follows it. */
    readonly fixed: boolean;
    /** It may stand in the query of a Digital Link. */
    readonly attribute: boolean;
    readonly components: readonly Component[];
    /** Fewest and most characters that its value can have. */
    readonly shortest: number;
    readonly longest: number;
    /** Each group needs one of its alternatives; all identifiers of an alternative must be present. */
    readonly requires: readonly (readonly (readonly string[])[])[];
    /** Identifiers, or patterns such as `394n`, that it must not stand with. */
    readonly excludes: readonly string[];
    /** For a primary key of a Digital Link, the sequences of qualifiers that may follow; otherwise null. */
    readonly qualifiers: readonly (readonly string[])[] | null;
}

type Row = readonly [string, string, string, string, string, string, string | null, string];

const CHARACTER_SETS: Readonly<Record<string, string>> = { N: "csetnumeric", X: "cset82", Y: "cset39", Z: "cset64" };

function split(text: string, separator: string): string[] {
    return text === "" ? [] : text.split(separator);
}

function linter(name: string): Linter {
    const found = LINTERS[name];
    if (found === undefined) throw new Error(`no linter ${name}`);
    return found;
}

/** Read a part as the table writes it: `N13,csum`, `X1..20` or `X1..17?`. */
function component(part: string): Component {
    const [size = "", ...names] = part.split(",");
    const optional = size.endsWith("?");
    const [shortest = "", longest = shortest] = size.slice(1).replace("?", "").split("..");
    const set = CHARACTER_SETS[size.charAt(0)] ?? "";
    return { shortest: Number(shortest), longest: Number(longest), optional, linters: [set, ...names].map(linter) };
}

function total(components: readonly Component[], size: (component: Component) => number): number {
    return components.reduce((sum, each) => sum + size(each), 0);
}

function described([, , flags, parts, requires, excludes, qualifiers, title]: Row): Omit<Ai, "code"> {
    const components = parts.split(" ").map(component);
    return {
        title,
        fixed: flags.includes("*"),
        attribute: flags.includes("?"),
        components,
        shortest: total(components, (each) => (each.optional ? 0 : each.shortest)),
        longest: total(components, (each) => each.longest),
        requires: split(requires, " ").map((group) => group.split(",").map((one) => one.split("+"))),
        excludes: split(excludes, " "),
        qualifiers: qualifiers === null ? null : qualifiers.split("|").map((one) => split(one, ",")),
    };
}

function table(): ReadonlyMap<string, Ai> {
    const found = new Map<string, Ai>();
    for (const row of tables.identifiers as unknown as readonly Row[]) {
        const [first, last] = row;
        const facts = described(row);
        for (let number = Number(first); number <= Number(last); number += 1) {
            const code = String(number).padStart(first.length, "0");
            found.set(code, { code, ...facts });
        }
    }
    return found;
}

export const AIS: ReadonlyMap<string, Ai> = table();

/** An identifier that the dictionary is known to have. */
export function knownAi(code: string): Ai {
    const ai = AIS.get(code);
    if (ai === undefined) throw new Error(`no application identifier ${code}`);
    return ai;
}

/** Whether an identifier meets a pattern of the dictionary, where `n` stands for any digit. */
export function matches(code: string, pattern: string): boolean {
    if (code.length !== pattern.length) return false;
    return Array.from(pattern).every((wanted, index) => wanted === "n" || wanted === code.charAt(index));
}
