/** Where in the app one is: the address's fragment, which never reaches a server. */

export interface Route {
    readonly name: string;
    readonly values: URLSearchParams;
}

let first = "scan";

/** Name the screen that an address without one means. */
export function beginWith(name: string): void {
    first = name;
    current = read();
}

function read(): Route {
    const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
    return { name: path === "" ? first : path, values: new URLSearchParams(query) };
}

let current = $state.raw<Route>(read());

addEventListener("hashchange", () => {
    current = read();
});

/** Where one is. */
export function route(): Route {
    return current;
}

/** The address of a screen, for links. */
export function to(name: string, values: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams(values).toString();
    return `#/${name === first ? "" : name}${query === "" ? "" : `?${query}`}`;
}

/** Go to a screen. */
export function go(name: string, values: Readonly<Record<string, string>> = {}): void {
    location.hash = to(name, values);
}
