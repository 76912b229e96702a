/** Server-sent events with a token, which the browser's own EventSource cannot send (HTML Standard, section 9.2). */

import { headers } from "./session.svelte";

/** One event of a stream. */
export interface Told {
    readonly event: string;
    readonly id: string;
    readonly data: unknown;
}

const AGAIN = 3_000; // milliseconds until a stream that broke off is followed again

/**
 * Follow a stream from a place on until it is ended; one that breaks off is taken up where it was.
 *
 * @param path - of this server
 * @param place - the `id` after which it begins
 * @param tell - called for each event
 * @returns what ends it; for `onMount`
 */
export function follow(path: string, place: string, tell: (told: Told) => void): () => void {
    const ending = new AbortController();
    void keepFollowing(path, place, tell, ending.signal);
    return () => {
        ending.abort();
    };
}

async function keepFollowing(
    path: string,
    place: string,
    tell: (told: Told) => void,
    signal: AbortSignal,
): Promise<void> {
    let at = place;
    while (!signal.aborted) {
        try {
            const answer = await fetch(`${path}?after=${encodeURIComponent(at)}`, {
                headers: headers(),
                credentials: "omit",
                mode: "same-origin",
                cache: "no-store",
                signal,
            });
            if (answer.status === 401) return; // the next call of the screen says so
            for await (const told of eventsOf(answer.body)) {
                if (told.event === "ended") return;
                at = told.id;
                tell(told);
            }
        } catch {
            // no line, or ended: see below
        }
        await new Promise((after) => setTimeout(after, signal.aborted ? 0 : AGAIN));
    }
}

/** The events in the bytes of a stream. */
export async function* eventsOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Told> {
    if (body === null) return;
    const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
    let text = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
        text += read.value;
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) {
            const told = eventOf(block);
            if (told !== null) yield told;
        }
    }
}

function eventOf(block: string): Told | null {
    const fields = new Map(
        block.split("\n").flatMap((line) => {
            const [, name, value] = /^([a-z]+): (.*)$/.exec(line) ?? [];
            return name === undefined || value === undefined ? [] : [[name, value] as const];
        }),
    );
    const data = fields.get("data");
    if (data === undefined) return null;
    return { event: fields.get("event") ?? "message", id: fields.get("id") ?? "", data: JSON.parse(data) as unknown };
}
