/** What went wrong on this device itself, as a key of `messages/` with its values: no words for people in code. */
export class Trouble extends Error {
    constructor(
        readonly key: string,
        readonly values: Readonly<Record<string, string | number>> = {},
    ) {
        super(key);
    }
}
