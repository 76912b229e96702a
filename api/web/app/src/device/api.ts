/** Calls to the server that this app came from, and to no other. */

const PATIENCE = 8000; // milliseconds, for a slow line; a person waits no longer

/** The server answers that something is wrong: problem details (RFC 9457), in the server's words. */
export class Problem extends Error {
    readonly status: number;
    /** For example `/problems/refused`. */
    readonly type: string;
    /** What happened. */
    readonly detail: string;
    /** What to do; "" if there is nothing to say. */
    readonly advice: string;
    readonly field: string | null;
    /** The contract's name for it, if the ledger's rules refuse a statement. */
    readonly error: string | null;

    constructor(status: number, members: Readonly<Record<string, unknown>>) {
        super(textOf(members.detail));
        this.status = status;
        this.type = textOf(members.type);
        this.detail = textOf(members.detail);
        this.advice = textOf(members.advice);
        this.field = typeof members.field === "string" ? members.field : null;
        this.error = typeof members.error === "string" ? members.error : null;
    }
}

/** Nothing was heard of the server, or what answered was not it: the same may be tried again later. */
export class Offline extends Error {}

/** How a call differs from the plain one. */
export interface CallOptions {
    /** Milliseconds until the call is given up. */
    readonly timeout?: number;
    /** Request headers. */
    readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Read JSON.
 *
 * @param path - of this server, for example `/v1/chain`
 * @throws Problem - the server refuses
 * @throws Offline - there is no line, or no answer in time
 */
export async function getJson<T>(path: string, options: CallOptions = {}): Promise<T> {
    return (await jsonOf(await call(path, {}, options))) as T;
}

/**
 * Read a file to the byte, for example a proof bundle or a picture.
 *
 * @param path - of this server
 * @param type - media type that is asked for
 * @throws Problem - the server refuses
 * @throws Offline - there is no line, or no answer in time
 */
export async function getFile(path: string, type: string, options: CallOptions = {}): Promise<Blob> {
    const answer = await call(path, {}, { ...options, headers: { accept: type, ...options.headers } });
    return answer.blob().catch((error: unknown) => {
        throw new Offline("The answer broke off.", { cause: error });
    });
}

/**
 * Send a body and read the JSON of the answer.
 *
 * @param body - JSON as text, or a form
 * @throws Problem - the server refuses
 * @throws Offline - there is no line, or no answer in time; the server may have taken it all the same
 */
export async function postJson<T>(path: string, body: string | FormData, options: CallOptions = {}): Promise<T> {
    const headers = typeof body === "string" ? { "content-type": "application/json" } : {};
    const answer = await call(path, { method: "POST", body, headers }, options);
    return (await jsonOf(answer)) as T;
}

/**
 * Call by another method, with or without a body, and read the JSON of the answer.
 *
 * @throws Problem - the server refuses
 * @throws Offline - there is no line, or no answer in time; the server may have done it all the same
 */
export async function callJson<T>(method: "PUT" | "DELETE", path: string, options: CallOptions = {}): Promise<T> {
    return (await jsonOf(await call(path, { method }, options))) as T;
}

/**
 * Read JSON if it has changed.
 *
 * @param etag - of what is held; null if nothing is
 * @returns null if what is held is the newest
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- names what the server documents
export async function getChanged<T>(
    path: string,
    etag: string | null,
): Promise<{ readonly value: T; readonly etag: string | null } | null> {
    const headers = etag === null ? undefined : { "if-none-match": etag };
    const answer = await call(path, {}, headers === undefined ? {} : { headers });
    if (answer.status === 304) return null;
    return { value: (await jsonOf(answer)) as T, etag: answer.headers.get("etag") };
}

/** Whether trying the same again later may succeed. */
export function isPassing(error: unknown): boolean {
    if (error instanceof Offline) return true;
    return error instanceof Problem && (error.status >= 500 || PASSING.has(error.status));
}

const PASSING: ReadonlySet<number> = new Set([408, 425, 429]); // too slow, too early, too often

async function call(path: string, request: RequestInit, options: CallOptions): Promise<Response> {
    if (!/^\/(?!\/)/.test(path)) throw new TypeError("Only paths of this server are called.");
    const answer = await fetch(path, {
        ...request,
        headers: { accept: "application/json", ...(request.headers as Record<string, string>), ...options.headers },
        credentials: "omit",
        mode: "same-origin",
        redirect: "error", // a sign-in page of a hotel's network is no answer
        cache: "no-store",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(options.timeout ?? PATIENCE),
    }).catch((error: unknown) => {
        throw new Offline("The server cannot be reached.", { cause: error });
    });
    if (answer.ok || answer.status === 304) return answer;
    throw await problemOf(answer);
}

async function problemOf(answer: Response): Promise<Problem | Offline> {
    const media = answer.headers.get("content-type") ?? "";
    if (!media.startsWith("application/problem+json")) {
        return new Offline(`Something else than the server answered, with ${answer.status}.`);
    }
    const members = await jsonOf(answer);
    const given = typeof members === "object" && members !== null ? members : {};
    return new Problem(answer.status, given as Readonly<Record<string, unknown>>);
}

async function jsonOf(answer: Response): Promise<unknown> {
    try {
        return await answer.json();
    } catch (error) {
        throw new Offline("The answer broke off.", { cause: error });
    }
}

function textOf(value: unknown): string {
    return typeof value === "string" ? value : "";
}
