/** Base64url without padding. RFC 4648, section 5. */

/** The alphabet, by value (table 2). */
export const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Write bytes. */
export function toBase64url(bytes: Uint8Array): string {
    let written = "";
    let [held, bits] = [0, 0];
    for (const byte of bytes) {
        held = (held << 8) | byte;
        for (bits += 8; bits >= 6; bits -= 6) written += ALPHABET.charAt((held >> (bits - 6)) & 63);
        held &= (1 << bits) - 1;
    }
    return bits === 0 ? written : written + ALPHABET.charAt((held << (6 - bits)) & 63);
}

/** Read what `toBase64url` writes; null for anything else, such as another alphabet, padding or bits to spare. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
    const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
    let [held, bits, at] = [0, 0, 0];
    for (const character of text) {
        const value = ALPHABET.indexOf(character);
        if (value < 0) return null;
        held = (held << 6) | value;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes[at] = held >> bits;
        at += 1;
        held &= (1 << bits) - 1;
    }
    return held === 0 && bits < 6 ? bytes : null;
}
