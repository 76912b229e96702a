/**
 * The way of signed statements to the ledger: each reaches it exactly once.
 *
 * A statement is on the disk before `keep` returns. The same bytes are sent until the server answers them, and the
 * server knows a statement by its digest, so that sending one again changes nothing. Nothing is marked before it is
 * answered: a tab that dies between any two steps has lost nothing and doubled nothing, and recovery is the normal way.
 */

import { getJson, isPassing, Offline, postJson, Problem } from "./api";
import { change, everything, type Kept, type State } from "./kept";
import { alone } from "./locks";
import { keepFor } from "./store";

export { again, everything, keep, setAside, type Kept, type State } from "./kept";

const LOCK = "lotproof-outbox";
const FOLLOWED = 100; // statements asked after in one go
const REMEMBERED = 14 * 24 * 3600; // seconds that what is done stays listed: longer than the 10 days for an UNDO

/** What the server answers about a statement (docs/api.md). */
interface Answer {
    readonly digest: string;
    readonly state: "pending" | "sent" | "recorded" | "final" | "refused" | "logged" | "anchored";
    readonly reason: { readonly error: string | null; readonly detail: string; readonly advice: string } | null;
    readonly recorded: { readonly block: number } | null;
    readonly log?: { readonly organisation: number; readonly index: number };
    readonly repeated?: string | null;
}

const STATES: Readonly<Record<Answer["state"], State>> = {
    pending: "sent",
    sent: "sent",
    logged: "sent",
    recorded: "recorded",
    final: "final",
    anchored: "final",
    refused: "refused",
};

let running: Promise<void> | null = null;
let wanted = false;

/**
 * Send what waits and ask after what was sent; one tab of this browser does so at a time.
 *
 * It never throws for want of a line: what could not be sent waits for the next time.
 */
export function sync(): Promise<void> {
    wanted = true;
    running ??= runWhileWanted().finally(() => (running = null));
    return running;
}

async function runWhileWanted(): Promise<void> {
    while (wanted) {
        wanted = false;
        await alone(LOCK, pass);
    }
}

async function pass(): Promise<void> {
    try {
        while (await sendAll());
        await followAll();
    } catch (error) {
        if (!(error instanceof Offline)) throw error;
    }
    await forgetOld();
}

/** Send all that can be sent now; tells whether anything was answered, for then more may have come meanwhile. */
async function sendAll(): Promise<boolean> {
    const halted = new Set<string>();
    let answered = false;
    for (const item of await everything()) {
        if (item.state !== "waiting" || item.waits_for !== null || halted.has(item.lane)) continue;
        const state = await send(item);
        answered ||= state !== "waiting";
        // What comes after it in its lane must not overtake it, and would be refused if it is.
        if (state === "waiting" || state === "refused") halted.add(item.lane);
    }
    return answered;
}

async function send(item: Kept): Promise<State> {
    const answered = await answerTo(item);
    await change(item.digest, (now) => ({ ...now, ...answered, attempts: now.attempts + 1 }));
    return answered.state;
}

type Change = Partial<Kept> & { readonly state: State };

async function answerTo(item: Kept): Promise<Change> {
    try {
        const answer = await postJson<Answer>("/v1/statements", item.body);
        return fits(item, answer) ? told(answer) : { state: "waiting", error: "contradiction" };
    } catch (error) {
        if (error instanceof Problem && !isPassing(error)) return refusalOf(error);
        if (error instanceof Offline) throw error;
        if (isPassing(error)) return { state: "waiting" };
        throw error;
    }
}

/** Whether the server answers what it was given; another digest is only right for an event that was there before. */
function fits(item: Kept, answer: Answer): boolean {
    return answer.digest === item.digest || answer.repeated === item.digest;
}

function told(answer: Answer): Change {
    const { reason, recorded, log, repeated } = answer;
    const state = STATES[answer.state];
    if (repeated) return { state: "final", repeated: answer.digest };
    return {
        state,
        refusal: reason === null ? null : words(reason),
        error: reason?.error ?? null,
        block: recorded?.block ?? null,
        ...(log ? { log: { index: log.index, checked: false } } : {}),
    };
}

function refusalOf(problem: Problem): Change {
    // The ledger has it already: that is what was wanted.
    if (problem.error === "AlreadyRecorded") return { state: "recorded" };
    return { state: "refused", refusal: words(problem), error: problem.error };
}

function words({ detail, advice }: { readonly detail: string; readonly advice: string }): string {
    return [detail, advice].filter(Boolean).join(" ");
}

// What was sent

async function followAll(): Promise<void> {
    const open = (await everything()).filter((item) => item.state === "sent" || item.state === "recorded");
    await followLogs(open.filter((item) => item.log !== null));
    for (const item of open.filter((each) => each.log === null).slice(0, FOLLOWED)) await follow(item);
}

async function follow(item: Kept): Promise<void> {
    try {
        const answer = await getJson<Answer>(`/v1/statements/${item.digest}`);
        await change(item.digest, (now) => ({ ...now, ...told(answer) }));
    } catch (error) {
        if (error instanceof Offline || !(error instanceof Problem)) throw error;
        // A server that was set up anew from an old copy does not know it any more: it is sent again.
        if (error.status === 404) await change(item.digest, (now) => ({ ...now, state: "waiting" }));
    }
}

interface Log {
    readonly anchor: { readonly count: number; readonly holds: boolean } | null;
}

/** Events about packs are final once an anchor on the chain covers them; one question answers for all of a log. */
async function followLogs(open: readonly Kept[]): Promise<void> {
    for (const actor of new Set(open.map((item) => String(item.message.actor)))) {
        const { anchor } = await getJson<Log>(`/v1/organisations/${actor}/log`);
        const covered = anchor?.holds === true ? anchor.count : 0;
        for (const item of open) {
            const own = String(item.message.actor) === actor && item.log !== null && item.log.index < covered;
            if (own) await change(item.digest, (now) => ({ ...now, state: "final" }));
        }
    }
}

async function forgetOld(): Promise<void> {
    const oldest = Date.now() / 1000 - REMEMBERED;
    const done = (await everything()).filter(
        (item) => item.made < oldest && (item.state === "final" || (item.state === "refused" && item.set_aside)),
    );
    if (done.length === 0) return;
    await keepFor(["outbox"], async (writing) => {
        for (const item of done) await writing.objectStore("outbox").delete(item.order);
    });
}
