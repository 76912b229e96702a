/** Asking after statements that were just signed, for as long as their screen is open. */

import type { Kept } from "../device/outbox";
import { isAnswered } from "./stage";
import { app, send } from "./state.svelte";

const EVERY = 3000; // milliseconds between two questions to the server

/**
 * Send and ask, again and again, while there is a line and one of them is not answered.
 *
 * @param kept - those that are followed now
 * @returns what ends it; for `onMount`
 */
export function follow(kept: () => readonly Kept[]): () => void {
    const timer = setInterval(() => {
        if (app.online && kept().some((each) => !isAnswered(each))) void send().catch(() => undefined);
    }, EVERY);
    return () => {
        clearInterval(timer);
    };
}
