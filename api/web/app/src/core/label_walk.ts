/**
 * Find the one character of AI 92 whose change makes a label's signature hold, by one point addition a candidate.
 *
 * With e the message's hash, Q the key and G the generator, r‖s holds if s·R = e·G + r·Q for a point R with x = r. One
 * character stands for six bits, so its change adds d·2^k to the number r‖s, with -63 ≤ d ≤ 63:
 *
 * - where it lies in s, R stays, and (s + d·2^k)·R must be ±(e·G + r·Q);
 * - where it lies in r, the point (e·G + r·Q)/s + d·2^k·(Q/s) must have x = r + d·2^k.
 *
 * So all 64 values of one character are one walk in equal steps. The one character that lies in both is tried as it is.
 * What is found is verified before it counts. Source: SEC 1 version 2, section 4.1.4.
 */

import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ALPHABET } from "./base64url";
import { concatBytes } from "./hex";
import {
    holds,
    type Label,
    LAST_CHARACTERS,
    messageOf,
    numberOf,
    P256_BYTES,
    SIGNATURE_CHARACTERS,
    signatureOf,
} from "./label_signature";

const { Point } = p256;
type Point = InstanceType<typeof Point>;

const LAST = SIGNATURE_CHARACTERS - 1;
const IN_BOTH = 42; // the character that has 4 bits of r and 2 of s
const CHARACTER_BITS = 6;
const SPARE_BITS = 4; // of the last character
const HALF_BITS = 256;
const HALF_BYTES = P256_BYTES / 2;
const [EVEN, UNCOMPRESSED] = [2, 4]; // SEC 1, section 2.3.3
const AT_ONCE = 4; // characters searched between two pauses: a few milliseconds of a phone

/** One character as a digit of r or s: its place in AI 92, its lowest bit there, and what it may be, by value. */
interface Place {
    readonly at: number;
    readonly shift: number;
    readonly digits: string;
}

/** r and s as read, the key Q, and e·G + r·Q. */
interface Parts {
    readonly r: bigint;
    readonly s: bigint;
    readonly key: Point;
    readonly total: Point;
}

/** A character and what it may have been; null whenever one place is done. */
type Candidates = Generator<readonly [number, string] | null>;

/** Whether a point is where the walk should end, having changed r or s by `by`. */
type Arrived = (reached: Point, by: bigint) => boolean;

function places(from: number, to: number, spare: number): Place[] {
    const found: Place[] = [];
    for (let at = from; at > to; at -= 1) {
        const digits = at === LAST ? LAST_CHARACTERS : ALPHABET;
        found.push({ at, shift: Math.max(0, CHARACTER_BITS * (LAST - at) - spare), digits });
    }
    return found;
}

const PLACES_IN_S = places(LAST, IN_BOTH, SPARE_BITS);
const PLACES_IN_R = places(IN_BOTH - 1, -1, SPARE_BITS + HALF_BITS);

function reduced(number: bigint): bigint {
    return Point.Fn.create(number);
}

/** A point as SEC 1, section 2.3.4, writes it; null if there is none. */
function pointOf(form: number, bytes: Uint8Array): Point | null {
    try {
        return Point.fromBytes(concatBytes(Uint8Array.of(form), bytes));
    } catch {
        return null;
    }
}

function partsOf(signer: Uint8Array, label: Label, signature: Uint8Array): Parts | null {
    const [r, s] = [numberOf(signature.slice(0, HALF_BYTES)), numberOf(signature.slice(HALF_BYTES))];
    const key = pointOf(UNCOMPRESSED, signer);
    if (key === null || reduced(r) === 0n || reduced(s) === 0n) return null;
    const hashed = numberOf(sha256(messageOf(label)));
    const total = Point.BASE.multiplyUnsafe(reduced(hashed)).add(key.multiplyUnsafe(reduced(r)));
    return { r, s, key, total };
}

/** Whether the x of a point, which has projective coordinates, is a number. */
function hasX({ X, Z }: Point, x: bigint): boolean {
    return Point.Fp.eql(X, Point.Fp.mul(Z, Point.Fp.create(x)));
}

/** Go from `start` by d·2^k steps for each value of each character; `route` stands in order of its shifts. */
function* walked(start: Point, step: Point, route: readonly Place[], text: string, arrived: Arrived): Candidates {
    let [stride, height] = [step, 0];
    for (const { at, shift, digits } of route) {
        for (; height < shift; height += 1) stride = stride.double();
        const read = digits.indexOf(text.charAt(at));
        let reached = start.add(stride.negate().multiplyUnsafe(BigInt(read)));
        for (let digit = 0; digit < digits.length; digit += 1) {
            const by = BigInt(digit - read) << BigInt(shift);
            if (digit !== read && arrived(reached, by)) yield [at, digits.charAt(digit)];
            reached = reached.add(stride);
        }
        yield null;
    }
}

/** Walk over (s + d·2^k)·R to wherever its x is that of e·G + r·Q. */
function* inS({ s, total }: Parts, signature: Uint8Array, text: string): Candidates {
    const point = pointOf(EVEN, signature.slice(0, HALF_BYTES));
    if (point === null || total.is0()) return;
    const goal = total.toAffine().x;
    yield* walked(point.multiplyUnsafe(reduced(s)), point, PLACES_IN_S, text, (reached) => hasX(reached, goal));
}

/** Walk over (e·G + r·Q)/s + d·2^k·(Q/s) to wherever its x is r + d·2^k. */
function* inR({ r, s, key, total }: Parts, text: string): Candidates {
    const inverse = Point.Fn.inv(reduced(s));
    const [start, step] = [total.multiplyUnsafe(inverse), key.multiplyUnsafe(inverse)];
    yield* walked(start, step, PLACES_IN_R, text, (reached, by) => hasX(reached, r + by));
}

function* candidates(signer: Uint8Array, label: Label, signature: Uint8Array): Candidates {
    const parts = partsOf(signer, label, signature);
    if (parts !== null) {
        yield* inS(parts, signature, label.signature);
        yield* inR(parts, label.signature);
    }
    for (const character of ALPHABET) yield [IN_BOTH, character];
}

/**
 * Find the zero-based character of AI 92 whose change makes the signature hold; null if no change of one does.
 *
 * `pause` is awaited every few milliseconds, so that the page stays alive.
 */
export async function changedCharacter(
    signer: Uint8Array,
    label: Label,
    pause: () => Promise<void>,
): Promise<number | null> {
    const signature = signatureOf(label.signature);
    if (signature === null) return null;
    let searched = 0;
    for (const candidate of candidates(signer, label, signature)) {
        if (candidate === null) {
            searched += 1;
            if (searched % AT_ONCE === 0) await pause();
            continue;
        }
        const [at, character] = candidate;
        const text = label.signature.slice(0, at) + character + label.signature.slice(at + 1);
        if (await holds(signer, { ...label, signature: text })) return at;
    }
    return null;
}
