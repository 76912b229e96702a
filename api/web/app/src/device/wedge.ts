/**
 * Hand scanners that act as keyboards: keys that follow each other faster than a person types, ended by Enter.
 *
 * They send FNC1 as Ctrl+] or as a group separator (0x1D); both are kept, since a GS1 code without them is another code.
 */

const FAST = 60; // milliseconds between two keys of a scanner
const SHORTEST = 6; // characters of the shortest code

/**
 * Listen for scans that are not typed into a field.
 *
 * @param scanned Is given the text of a scan.
 * @returns Ends the listening.
 */
export function listenToWedge(scanned: (text: string) => void): () => void {
    let text = "";
    let last = 0;
    function onKey(event: KeyboardEvent): void {
        if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
        if (event.timeStamp - last > FAST) text = "";
        last = event.timeStamp;
        if (event.key === "Enter" && text.length >= SHORTEST) {
            event.preventDefault();
            scanned(text);
            text = "";
        } else {
            text += typed(event);
        }
    }
    addEventListener("keydown", onKey, { capture: true });
    return () => {
        removeEventListener("keydown", onKey, { capture: true });
    };
}

/** Keep the FNC1 of a scanner that types into a field, where Ctrl+] writes nothing: without it a lot runs into its serial. */
export function keepFnc1(event: KeyboardEvent & { currentTarget: HTMLInputElement }): void {
    if (typed(event) !== "\u001d") return;
    event.preventDefault();
    const field = event.currentTarget;
    field.setRangeText("\u001d", field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** The character that a key means: FNC1 by Ctrl+], nothing for keys that write nothing. */
export function typed(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey">): string {
    if (event.ctrlKey && (event.key === "]" || event.key === "\u001d")) return "\u001d";
    if (event.ctrlKey || event.altKey || event.metaKey) return "";
    return [...event.key].length === 1 ? event.key : "";
}
