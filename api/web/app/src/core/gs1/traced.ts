/** Text that remembers where each of its characters stood in what the scanner sent. */

export class Traced {
    readonly text: string;
    private readonly origins: readonly number[];

    /** `origins` has one more entry than `text` has characters: the last is where the text ends. */
    constructor(text: string, origins: readonly number[]) {
        this.text = text;
        this.origins = origins;
    }

    /** Trace text that is unchanged from the scanned one but begins at `offset` in it. */
    static from(text: string, offset = 0): Traced {
        return new Traced(
            text,
            Array.from({ length: text.length + 1 }, (_, index) => offset + index),
        );
    }

    get length(): number {
        return this.text.length;
    }

    /** Take the characters from `start` to `stop`, with where they stood. */
    cut(start: number, stop: number = this.text.length): Traced {
        const end = Math.min(stop, this.text.length);
        const begin = Math.min(start, end);
        return new Traced(this.text.slice(begin, end), this.origins.slice(begin, end + 1));
    }

    /** Where the character at this index stood in the scanned text. */
    at(index: number): number {
        return this.origins[Math.min(index, this.text.length)] ?? 0;
    }
}
