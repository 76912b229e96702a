/** Keep a file that was fetched with a token, which a plain link cannot carry. */

const LONG = 60_000; // milliseconds that the browser has to take it

/** Hand a file to the browser to be saved. */
export function save(file: Blob, name: string): void {
    const address = URL.createObjectURL(file);
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => {
        URL.revokeObjectURL(address);
    }, LONG);
}
