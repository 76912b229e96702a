/** An enrolment code as it was scanned: of a link that says `#/accept?e=`, only what follows counts. */

const LINK = /#\/accept\?e=([A-Za-z0-9_-]{1,2048})$/;

/**
 * What an enrolment link carries; null if the text is none.
 *
 * The host is not looked at and never opened: what is carried is signed, and read by this app alone.
 */
export function acceptValue(text: string): string | null {
    return LINK.exec(text.trim())?.[1] ?? null;
}
