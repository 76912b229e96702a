/** What a screen gets from the server: it comes, is there, or did not come and says why. */

import { words } from "../parts/problems";

export class Loaded<T> {
    value = $state.raw<T | null>(null);
    busy = $state(false);
    trouble = $state("");

    /** Get it; what was there stays until the new is. Of several that are under way the last one counts. */
    async get(call: () => Promise<T>): Promise<void> {
        const turn = ++this.#turn;
        this.busy = true;
        this.trouble = "";
        try {
            const value = await call();
            if (turn === this.#turn) this.value = value;
        } catch (error) {
            if (turn === this.#turn) this.trouble = words(error);
        }
        if (turn === this.#turn) this.busy = false;
    }

    #turn = 0;
}
