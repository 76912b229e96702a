/** Statements that were signed here, kept on this device until the ledger has them and some time after. */

import { toHex } from "../core/hex";
import type { Beside } from "../core/statement";
import { digestOf, type Message, type StructName } from "../core/typed_data";
import { Trouble } from "../core/trouble";
import { sign } from "./keys";
import { earlierSame, isBlockedBy, labelOf, laneOf } from "./lanes";
import { ledger } from "./profile";
import { database, keepFor } from "./store";

export type State = "waiting" | "sent" | "recorded" | "final" | "refused";

/** A statement that was signed here. Times are Unix seconds. */
export interface Kept {
    /** Order of making, from 1. */
    readonly order: number;
    /** The statement's identity on the ledger, `0x…`. */
    readonly digest: string;
    readonly type: StructName;
    readonly message: Message;
    readonly signer: string;
    readonly signature: string;
    /** What is sent, to the byte. */
    readonly body: string;
    /** What it is, for a message's key: the kind of an event, or the type. */
    readonly label: string;
    /** Whom or what it is about, as the person knows it. */
    readonly about: string;
    /** Statements of one lane are sent in order. */
    readonly lane: string;
    readonly made: number;
    readonly state: State;
    /** How often it was sent. */
    readonly attempts: number;
    /** Why it was refused, in the server's words. */
    readonly refusal: string | null;
    /** The contract's name for the refusal. */
    readonly error: string | null;
    /** Digest of a refused statement that this one builds on: it is not sent. */
    readonly waits_for: string | null;
    /** A person has seen the refusal, and nothing waits for it any more. */
    readonly set_aside: boolean;
    /** Digest of an earlier event that says the same, if the server answered with one. */
    readonly repeated: string | null;
    /** Of a UnitEvent: its place in the organisation's log, and whether this device found it there. */
    readonly log: { readonly index: number; readonly checked: boolean } | null;
    /** Block that records it. */
    readonly block: number | null;
}

/**
 * Sign a statement with the device's key and keep it to be sent; it is on the disk when this returns.
 *
 * The same again (the same digest, the same event of the same pack within a minute, the same step of a consignment)
 * gives what is kept already.
 *
 * @param beside - what travels with it
 * @param about - whom or what it is about, as the person knows it
 * @throws Trouble - this device has no key, or another step of the same consignment is kept already
 * @throws Offline - this device never learned for which ledger it signs, and there is no line
 */
export async function keep(type: StructName, message: Message, beside: Beside = {}, about = ""): Promise<Kept> {
    const { domain } = await ledger();
    const exact = withoutBigints(message);
    const digest = digestOf(domain, type, exact);
    const { signer, signature } = await sign(digest);
    const body = JSON.stringify({ type, message: exact, signer, signature, ...beside });
    const fresh = { digest: toHex(digest), type, message: exact, signer, signature, body, about };
    return keepFor(["outbox"], async (writing) => {
        const store = writing.objectStore("outbox");
        const kept = { ...NEW, ...fresh, label: labelOf(type, exact), lane: laneOf(type, exact, fresh.digest) };
        const last = (await store.openKeyCursor(null, "prev"))?.key ?? 0;
        const item = { ...kept, made: secondsNow(), order: last + 1 };
        const lane = await store.index("lane").getAll(item.lane);
        const same = earlierSame(lane, item);
        if (same !== null && same.state !== "refused") return same;
        const again = same === null ? item : { ...same, ...RENEWED };
        await store.put(again);
        return again;
    });
}

const RENEWED = { state: "waiting", refusal: null, error: null, waits_for: null, set_aside: false } as const;
const NEW = { ...RENEWED, attempts: 0, repeated: null, log: null, block: null } as const;

/** All that is kept, in order of making; what waits for a refused statement says so. */
export async function everything(): Promise<Kept[]> {
    const items = await (await database()).getAll("outbox");
    const refused: Kept[] = [];
    return items.map((item) => {
        const blocker = refused.find((each) => isBlockedBy(item, each));
        const told = item.state === "waiting" && blocker ? { ...item, waits_for: blocker.digest } : item;
        // What waits for a refused statement blocks in turn what builds on it.
        if (told.state === "refused" ? !told.set_aside : told.waits_for !== null) refused.push(told);
        return told;
    });
}

/** Try a refused statement once more: what stood in its way may be gone. */
export async function again(digest: string): Promise<void> {
    await change(digest, (item) => (item.state === "refused" ? { ...item, ...RENEWED } : item));
}

/**
 * Give a refused statement up, and with it what builds on it; all stays listed.
 *
 * @throws Trouble - it is not refused: what may have reached the server cannot be taken back
 */
export async function setAside(digest: string): Promise<void> {
    const items = await everything();
    const refused = items.find((item) => item.digest === digest);
    if (refused?.state !== "refused") throw new Trouble("device.not_refused");
    const waiting = items.filter((item) => item.waits_for !== null && item.lane === refused.lane);
    await keepFor(["outbox"], async (writing) => {
        const store = writing.objectStore("outbox");
        await store.put({ ...refused, set_aside: true });
        for (const item of waiting) await store.put({ ...item, state: "refused", set_aside: true });
    });
}

/** Change one statement's record in one transaction; nothing happens if it is not there any more. */
export async function change(digest: string, how: (item: Kept) => Kept): Promise<void> {
    await keepFor(["outbox"], async (writing) => {
        const store = writing.objectStore("outbox");
        const item = await store.index("digest").get(digest);
        if (item !== undefined) await store.put(how(item));
    });
}

function withoutBigints(message: Message): Message {
    const exact = Object.entries(message).map(([name, value]) => [
        name,
        typeof value === "bigint" ? value.toString() : value,
    ]);
    return Object.fromEntries(exact) as Message;
}

function secondsNow(): number {
    return Math.floor(Date.now() / 1000);
}
