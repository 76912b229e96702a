/** Percent-coding of values in a Digital Link, undone. RFC 3986, section 2.1; GS1 Digital Link: URI Syntax, section 4. */

import { Traced } from "./traced";

const ESCAPE = /^%([0-9a-fA-F]{2})/;

/**
 * Undo percent-coding; `query` tells whether the text stands in the query, where `+` means a space.
 *
 * A `%` without two hexadecimal digits stays, as GS1's own syntax engine leaves it.
 */
export function decoded(text: Traced, query: boolean): Traced {
    let characters = "";
    const origins: number[] = [];
    let index = 0;
    while (index < text.length) {
        const pair = ESCAPE.exec(text.text.slice(index, index + 3))?.[1];
        const character = text.text.charAt(index);
        origins.push(text.at(index));
        if (pair === undefined) characters += query && character === "+" ? " " : character;
        else characters += String.fromCharCode(parseInt(pair, 16));
        index += pair === undefined ? 1 : 3;
    }
    return new Traced(characters, [...origins, text.at(text.length)]);
}
