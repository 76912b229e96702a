/** Places as people write them. */

const LOCODE = /^[A-Z]{2}[A-Z2-9]{3}$/; // UNECE Recommendation 16

/** A UN/LOCODE as it is sent: without spaces, in capitals. */
export function placeOf(text: string): string {
    return text.toUpperCase().replace(/\s/g, "");
}

/** Whether a text has the form of a UN/LOCODE. */
export function isPlace(text: string): boolean {
    return LOCODE.test(text);
}
