/**
 * GS1 Digital Link URIs, read. GS1 Digital Link Standard: URI Syntax, release 1.6, section 4.
 *
 * A link's host is never opened or trusted here; only the code inside the link is read.
 */

import { named, onlyDigits } from "./characters";
import { type Ai, AIS } from "./dictionary";
import { refused, type Refused } from "./faults";
import { decoded } from "./percent";
import type { Traced } from "./traced";
import { checkValue, type Element } from "./values";
import { say } from "./words";

const SCHEME = /^(?:https?|HTTPS?):\/\//;
const NOT_IN_HOST = /[^A-Za-z0-9\-.:[\]]/;
const NOT_IN_URI = /[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]/; // RFC 3986, section 2
/** The short names of release 1.0 and 1.1, withdrawn since: named in the refusal, so that a person knows what to ask for. */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map(
    (
        "gtin 01 itip 8006 gmn 8013 cpid 8010 shipTo 410 billTo 411 purchasedFrom 412 shipFor 413 gln 414 payTo 415 " +
        "glnProd 416 gsrnp 8017 gsrn 8018 gcn 255 sscc 00 gdti 253 ginc 401 gsin 402 grai 8003 giai 8004"
    )
        .match(/\S+ \S+/g)
        ?.map((pair) => pair.split(" ") as [string, string]),
);

/** A Digital Link taken apart: its host in lower case, with the port if it names one. */
export interface Link {
    readonly host: string;
    readonly elements: readonly Element[];
    readonly notes: readonly string[];
}

/** An identifier of the path with its value, and where it stood. */
interface Pair {
    readonly ai: Ai;
    readonly value: Traced;
    readonly position: number;
}

export function beginsAsLink(text: string): boolean {
    return SCHEME.test(text);
}

function split(text: Traced, separators: string): Traced[] {
    const pieces: Traced[] = [];
    let begin = 0;
    for (let index = 0; index < text.length; index += 1) {
        if (!separators.includes(text.text.charAt(index))) continue;
        pieces.push(text.cut(begin, index));
        begin = index + 1;
    }
    return [...pieces, text.cut(begin)];
}

/** The part before the first `mark`; all of it where there is none. */
function before(text: Traced, mark: string): Traced {
    const index = text.text.indexOf(mark);
    return index < 0 ? text : text.cut(0, index);
}

function checkCharacters(text: Traced): void {
    const index = text.text.search(NOT_IN_URI);
    if (index < 0) return;
    throw refused("invalid_uri_character", say.notInLink(named(text.text.charAt(index))), text.at(index));
}

/** Separate the host from the path that follows it, which begins after the slash. */
function hostAndRest(text: Traced): readonly [Traced, Traced] {
    const start = text.text.indexOf("://") + "://".length;
    const stop = text.text.indexOf("/", start);
    if (stop < 0) throw refused("no_key", say.nothingAfterHost, text.at(text.length));
    const host = text.cut(start, stop);
    const alien = host.text.search(NOT_IN_HOST);
    if (alien >= 0 || host.length === 0) throw refused("invalid_host", say.noHost, host.at(Math.max(0, alien)));
    return [host, text.cut(stop + 1)];
}

function noKey(path: Traced, segments: readonly Traced[]): Refused {
    for (const segment of segments) {
        const code = SHORT_NAMES.get(segment.text);
        if (code === undefined) continue;
        return refused("short_name", say.shortName(segment.text, code), segment.at(0), say.askTheMaker);
    }
    return refused("no_key", say.noKeyInLink, path.at(0));
}

/** Find the rightmost primary key among the pairs that the path ends with, and what qualifies it. */
function keyAndQualifiers(path: Traced): readonly [Pair, ...Pair[]] {
    const segments = split(path, "/");
    const qualifiers: Pair[] = [];
    for (let index = segments.length - 2; index >= 0; index -= 2) {
        const [name, value] = [segments[index], segments[index + 1]];
        const ai = name && AIS.get(name.text);
        if (!name || !value || !ai) break;
        const pair = { ai, value, position: name.at(0) };
        if (ai.qualifiers !== null) return [pair, ...qualifiers];
        qualifiers.unshift(pair);
    }
    throw noKey(path, segments);
}

/** Whether qualifiers follow a key in an order that the dictionary allows. */
function fits(key: Ai, qualifiers: readonly string[]): boolean {
    return (key.qualifiers ?? []).some((allowed) => {
        let from = 0;
        return qualifiers.every((qualifier) => {
            const at = allowed.indexOf(qualifier, from);
            from = at + 1;
            return at >= 0;
        });
    });
}

/** Whether an identifier may stand in the query: not if it could stand in the path of this very link. */
function canBeAttribute(ai: Ai, key: Ai, qualifiers: readonly string[]): boolean {
    if (!ai.attribute || !(key.qualifiers ?? []).some((allowed) => allowed.includes(ai.code))) return ai.attribute;
    for (let at = 0; at <= qualifiers.length; at += 1) {
        if (fits(key, [...qualifiers.slice(0, at), ai.code, ...qualifiers.slice(at)])) return false;
    }
    return true;
}

function checked({ ai, value, position }: Pair, query: boolean): Element {
    const plain = decoded(value, query);
    checkValue(ai, plain);
    return { ai, value: plain, position };
}

function pathElements(path: Traced): readonly [Element, ...Element[]] {
    const [key, ...qualifiers] = keyAndQualifiers(path);
    const codes = qualifiers.map((pair) => pair.ai.code);
    if (!fits(key.ai, codes)) {
        throw refused("qualifier_order", say.wrongOrder(key.ai.code, codes), qualifiers[0]?.position ?? 0);
    }
    const first = checked(key, false);
    return [first, ...qualifiers.map((pair) => checked(pair, false))];
}

function attribute(name: Traced, value: Traced, path: readonly [Element, ...Element[]]): Element {
    const ai = AIS.get(name.text);
    if (ai === undefined) throw refused("unknown_ai", say.noSuchAi(name.text), name.at(0));
    const [key, ...qualifiers] = path;
    if (
        !canBeAttribute(
            ai,
            key.ai,
            qualifiers.map((element) => element.ai.code),
        )
    ) {
        throw refused("not_an_attribute", say.notInQuery(ai), name.at(0));
    }
    return checked({ ai, value, position: name.at(0) }, true);
}

function queryElements(query: Traced, path: readonly [Element, ...Element[]]): readonly [Element[], string[]] {
    const elements: Element[] = [];
    const notes: string[] = [];
    for (const parameter of split(query, "&;")) {
        const written = before(parameter, "=");
        const name = decoded(written, true);
        if (!onlyDigits(name.text) || name.text === "") {
            if (name.text !== "") notes.push(say.ignored(name.text));
            continue;
        }
        const element = attribute(name, parameter.cut(written.length + 1), path);
        if ([...path, ...elements].some((other) => other.ai === element.ai)) {
            throw refused("repeated_ai", say.twiceInLink(element.ai), element.position);
        }
        elements.push(element);
    }
    return [elements, notes];
}

/** Take a Digital Link apart and check each value on its own. */
export function readDigitalLink(text: Traced): Link {
    checkCharacters(text);
    const [host, rest] = hostAndRest(text);
    const link = before(rest, "#");
    const path = before(link, "?");
    const elements = pathElements(path);
    const [attributes, notes] = queryElements(link.cut(path.length + 1), elements);
    return { host: host.text.toLowerCase(), elements: [...elements, ...attributes], notes };
}
