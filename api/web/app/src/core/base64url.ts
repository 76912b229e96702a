/** Bytes in the letters that a link may hold (RFC 4648, section 5, without padding). */

const LETTERS = /^[A-Za-z0-9_-]*$/;

/** Write bytes. */
export function toBase64Url(bytes: Uint8Array): string {
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Read bytes; null for anything but their one form. */
export function fromBase64Url(text: string): Uint8Array | null {
    if (!LETTERS.test(text) || text.length % 4 === 1) return null;
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    return toBase64Url(bytes) === text ? bytes : null; // left-over bits must be zero, or one code had several forms
}
