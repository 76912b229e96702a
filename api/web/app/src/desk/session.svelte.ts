/**
 * Who is signed in at this desk, and every call that needs it.
 *
 * The token stands in this tab's own storage, which a restart of the browser empties, and goes nowhere but to this
 * server. What is shown is cleared when the session ends: by signing out, unused, or at the server's word.
 */

import { bytesToSign } from "../core/challenge";
import { Trouble } from "../core/trouble";
import { callJson, getFile, getJson, postJson, Problem, type CallOptions } from "../device/api";
import { deviceKey, sign } from "../device/keys";
import { refreshLedger } from "../device/profile";

/** As `GET /v1/session` tells it. */
export interface Session {
    readonly organisation: { readonly number: number; readonly name: string };
    /** `0x` and 64 digits. */
    readonly key: string;
    readonly administration: boolean;
    /** Whose declarations this desk works on; "" if none. */
    readonly country: string;
    /** Whether this key assigns, closes and invites. */
    readonly supervisor?: boolean;
    readonly began_at: string;
    readonly ends_at: string;
}

interface Stored {
    readonly token: string;
    /** Milliseconds that a session lasts unused. */
    readonly idle: number;
}

const PLACE = "lotproof.desk";
const LOOK_EVERY = 5_000; // milliseconds
const WARN = 120_000; // milliseconds before the end of an unused session
const held = $state<{ session: Session | null; why: "" | "ended" | "out"; left: number | null }>({
    session: null,
    why: "",
    left: null,
});
let stored: Stored | null = null;
let used = 0;

interface Opened extends Session {
    readonly token: string;
}

/** An administration of a demonstration. */
export interface DemoDesk {
    readonly number: number;
    readonly name: string;
}

/** Who is signed in; null if nobody is. */
export function session(): Session | null {
    return held.session;
}

/** Why nobody is signed in any more: "" at the beginning, "ended" by itself, "out" by signing out. */
export function whyOut(): "" | "ended" | "out" {
    return held.why;
}

/** Milliseconds until an unused session ends, as soon as that is near; null before. */
export function left(): number | null {
    return held.left;
}

/** Go on with the session of this tab, if there is one. */
export async function resume(): Promise<void> {
    setInterval(look, LOOK_EVERY);
    stored = read();
    if (stored === null) return;
    try {
        held.session = await ask<Session>("/v1/session");
    } catch {
        held.session = null; // ended, or out of reach: signing in says which
    }
}

/**
 * Sign in with this device's key.
 *
 * @throws Trouble - this device has no key, or the server gave something else to sign
 * @throws Problem - the server lets this key not in
 * @throws Offline - there is no line
 */
export async function signIn(): Promise<void> {
    const key = await deviceKey();
    if (key === null) throw new Trouble("sign_in.no_key");
    const { domain } = await refreshLedger();
    const asked = { signer: key.signer };
    const { message } = await postJson<{ readonly message: string }>("/v1/session/challenge", JSON.stringify(asked));
    const bytes = bytesToSign(message, { origin: location.origin, signer: key.signer, chainId: domain.chainId });
    const { signature } = await sign(bytes);
    const answer = { message, signature };
    begin(await postJson<Opened>("/v1/session", JSON.stringify(answer)));
}

/** The administrations of a demonstration, whose desks anybody may enter; none where no demonstration runs. */
export async function demoDesks(): Promise<readonly DemoDesk[]> {
    try {
        return (await getJson<{ readonly desks: readonly DemoDesk[] }>("/demo/desks")).desks;
    } catch {
        return [];
    }
}

/**
 * Enter the desk of one of them.
 *
 * @throws Problem - there is none
 * @throws Offline - there is no line
 */
export async function enterDemo(number: number): Promise<void> {
    begin(await postJson<Opened>(`/demo/desks/${String(number)}`, "{}"));
}

function begin({ token, ...rest }: Opened): void {
    stored = { token, idle: Date.parse(rest.ends_at) - Date.parse(rest.began_at) };
    sessionStorage.setItem(PLACE, JSON.stringify(stored));
    used = Date.now();
    held.session = rest;
    held.why = "";
}

/** End the session, here and at the server. */
export async function signOut(): Promise<void> {
    const token = headers();
    clear("out");
    await callJson("DELETE", "/v1/session", { headers: token }).catch(() => undefined); // unused, it ends by itself
}

/** Use the session, so that it goes on. */
export async function stay(): Promise<void> {
    held.session = await ask<Session>("/v1/session");
}

/**
 * Read JSON as who is signed in.
 *
 * @throws Problem - the server refuses; by 401 the session has ended, and the screen for signing in is shown
 * @throws Offline - there is no line
 */
export function ask<T>(path: string, options: CallOptions = {}): Promise<T> {
    return within(() => getJson<T>(path, withToken(options)));
}

/** Send JSON, a text (with its type in `headers`) or a form, and read the answer; as `ask`. */
export function tell<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    const sent = typeof body === "string" || body instanceof FormData ? body : JSON.stringify(body);
    return within(() => postJson<T>(path, sent, withToken(options)));
}

/** Put, without a body, and read the answer; as `ask`. */
export function put<T>(path: string): Promise<T> {
    return within(() => callJson<T>("PUT", path, withToken({})));
}

/** Read a file; as `ask`. */
export function fetchFile(path: string, type: string): Promise<Blob> {
    return within(() => getFile(path, type, withToken({ timeout: 60_000 })));
}

/** The header that says who asks. */
export function headers(): Readonly<Record<string, string>> {
    return stored === null ? {} : { authorization: `Bearer ${stored.token}` };
}

function withToken(options: CallOptions): CallOptions {
    return { ...options, headers: { ...options.headers, ...headers() } };
}

async function within<T>(call: () => Promise<T>): Promise<T> {
    try {
        const answer = await call();
        used = Date.now();
        held.left = null;
        return answer;
    } catch (error) {
        if (error instanceof Problem && error.status === 401) clear("ended");
        throw error;
    }
}

/** End an unused session also here, so that nobody finds an open screen. */
function look(): void {
    if (stored === null || held.session === null) return;
    const remains = used + stored.idle - Date.now();
    if (remains <= 0) clear("ended");
    else held.left = remains < WARN ? remains : null;
}

function clear(why: "ended" | "out"): void {
    stored = null;
    sessionStorage.removeItem(PLACE);
    if (held.session !== null || why === "out") held.why = why;
    held.session = held.left = null;
}

function read(): Stored | null {
    try {
        const found = JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Partial<Stored> | null;
        used = Date.now();
        return typeof found?.token === "string" && typeof found.idle === "number" ? (found as Stored) : null;
    } catch {
        return null;
    }
}
