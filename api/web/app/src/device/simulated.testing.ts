/** For tests: a server that keeps the ledger's rules of order, and a line and a browser that fail at a chosen step. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { vi } from "vitest";
import { nextHead } from "../core/consignment";
import { toHex } from "../core/hex";
import { EMPTY, grown, leafOf, rootOf } from "../core/log";
import { digestOf, type Domain, type Message, type StructName } from "../core/typed_data";

export const DOMAIN: Domain = {
    name: "Lotproof",
    version: "1",
    chainId: 31337,
    verifyingContract: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
};

interface Submission {
    readonly type: StructName;
    readonly message: Message;
    readonly signer: string;
    readonly signature: string;
}
interface Answer {
    readonly status: number;
    readonly body: unknown;
}

/** A server that takes statements as the real one does: each digest once, each consignment's head in order. */
export class SimulatedServer {
    /** Digests in order of arrival, one entry each time that something was really taken in. */
    readonly taken: string[] = [];
    /** All bodies that came for a digest. */
    readonly bodies = new Map<string, Set<string>>();
    readonly heads = new Map<string, string>();
    readonly leaves: string[] = [];
    readonly refused = new Map<string, string>();
    readonly states = new Map<string, string>();
    readonly other = new Map<string, (path: string, request: RequestInit | undefined) => Answer>();
    signer: string | null = null;
    /** The log's last anchor, as the chain would have it. */
    anchor: Record<string, unknown> | null = null;
    private readonly answers = new Map<string, Record<string, unknown>>();

    /** Answer a call. */
    answer(path: string, request?: RequestInit): Answer {
        const [route = ""] = path.split("?");
        const other = this.other.get(route);
        if (other !== undefined) return other(path, request);
        if (path === "/v1/chain") return { status: 200, body: { domain: DOMAIN, snapshot_signer: this.signer } };
        if (path === "/v1/statements") return this.take(typeof request?.body === "string" ? request.body : "");
        if (route.startsWith("/v1/statements/")) return this.find(route.slice("/v1/statements/".length));
        if (route.endsWith("/log")) return { status: 200, body: this.log() };
        if (route.endsWith("/log/leaves")) return this.page(path);
        return problem(404, "not-found", "There is no such thing.");
    }

    /** What the chain made of a statement. */
    settle(digest: string, state: string, detail = ""): void {
        const reason = state === "refused" ? { error: "StaleHead", detail, advice: "Make it again." } : null;
        this.answers.set(digest, { ...this.answers.get(digest), state, reason, recorded: { block: 7 } });
    }

    /** Forget what was taken in, as a server that was restored from an old copy. */
    forget(digest: string): void {
        this.answers.delete(digest);
        this.taken.splice(this.taken.indexOf(digest), 1);
    }

    private take(body: string): Answer {
        const submission = JSON.parse(body) as Submission;
        const digest = toHex(digestOf(DOMAIN, submission.type, submission.message));
        this.bodies.set(digest, (this.bodies.get(digest) ?? new Set()).add(body));
        const known = this.answers.get(digest);
        if (known !== undefined) return { status: 202, body: known };
        const detail = this.refused.get(digest) ?? this.outOfOrder(submission);
        if (detail !== null) return problem(409, "refused", detail, "StaleHead");
        this.taken.push(digest);
        const answer = this.record(submission, digest);
        this.answers.set(digest, answer);
        return { status: 202, body: answer };
    }

    private outOfOrder({ type, message }: Submission): string | null {
        if (type !== "CustodyEvent") return null;
        const head = this.heads.get(String(message.consignment));
        return head === message.previous ? null : "The head is another.";
    }

    private record({ type, message, signer, signature }: Submission, digest: string): Record<string, unknown> {
        const answer = { digest, type, state: "pending", reason: null, recorded: null };
        if (type === "CustodyEvent") {
            this.heads.set(String(message.consignment), nextHead(String(message.previous), digest));
        }
        if (type !== "UnitEvent") return answer;
        const log = { organisation: message.actor, index: this.leaves.length };
        this.leaves.push(leafOf(digest, signer, signature));
        return { ...answer, state: "logged", log, repeated: null };
    }

    private find(digest: string): Answer {
        const known = this.answers.get(digest);
        return known === undefined ? problem(404, "not-found", "No such statement.") : { status: 200, body: known };
    }

    private log(): Record<string, unknown> {
        return { size: this.leaves.length, root: rootOf(this.leaves.reduce(grown, EMPTY)), anchor: this.anchor };
    }

    private page(path: string): Answer {
        const first = Number(new URLSearchParams(path.split("?")[1]).get("first"));
        return { status: 200, body: { leaves: this.leaves.slice(first, first + 3) } };
    }
}

/** A problem as the server tells it. */
export function problem(status: number, slug: string, detail: string, error?: string): Answer {
    return { status, body: { type: `/problems/${slug}`, status, detail, advice: "Do something else.", error } };
}

/** How a step goes wrong; `killed` ends the tab, the others only the call. */
export type Fault = "killed" | "killed_after_arrival" | "failed" | "failed_after_arrival" | "busy" | "portal";

/** The tab is dead: nothing that it tries has an effect any more. */
export class Killed extends Error {}

/** A browser whose calls and writes are counted as steps, one of which goes wrong. */
export class SimulatedBrowser {
    steps = 0;
    /** The steps that were calls. */
    readonly calls: number[] = [];
    online = true;
    private dead = false;
    private readonly writes: IDBTransaction[] = [];

    constructor(
        private readonly server: SimulatedServer,
        /** The step that goes wrong, from 1; 0 = none. */
        private readonly at = 0,
        private readonly fault: Fault = "killed",
    ) {}

    /** Begin a transaction, or die before it. */
    write(begin: () => IDBTransaction): IDBTransaction {
        if (this.isNext() && this.fault.startsWith("killed")) this.die();
        if (this.dead) throw new Killed();
        const begun = begin();
        if (begun.mode === "readwrite") this.writes.push(begun);
        return begun;
    }

    /** Do a call. */
    async fetch(path: string, request?: RequestInit): Promise<Response> {
        const fault = this.isNext() ? this.fault : null;
        this.calls.push(this.steps);
        if (fault === "killed") this.die();
        if (this.dead) throw new Killed();
        await Promise.resolve();
        if (fault === "failed" || !this.online) throw new TypeError("no line");
        if (fault === "busy") return responseTo(problem(503, "unavailable", "Busy."));
        if (fault === "portal") return new Response("<html>Welcome to our hotel</html>", { status: 200 });
        const answer = this.server.answer(path, request);
        if (fault === "failed_after_arrival") throw new TypeError("broke off");
        if (fault === "killed_after_arrival") {
            this.die();
            throw new Killed();
        }
        return responseTo(answer);
    }

    /** What was not on the disk by now will never be. */
    private die(): void {
        this.dead = true;
        for (const write of this.writes) {
            try {
                write.abort();
            } catch {
                // It was finished.
            }
        }
    }

    private isNext(): boolean {
        this.steps++;
        return this.steps === this.at;
    }
}

const transaction = Reflect.get<IDBDatabase, "transaction">(IDBDatabase.prototype, "transaction");

/** A device that was never used. */
export function emptyDisk(): void {
    vi.stubGlobal("indexedDB", new IDBFactory());
}

/** A fresh tab with nothing in memory, on the same disk: modules are to be imported anew after this. */
export function openTab(browser: SimulatedBrowser): void {
    vi.resetModules();
    vi.stubGlobal("fetch", (path: string, request?: RequestInit) => browser.fetch(path, request));
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...given) {
        return browser.write(() => transaction.apply(this, given));
    };
}

function responseTo({ status, body }: Answer): Response {
    const media = status >= 400 ? "application/problem+json" : "application/json";
    if (status === 304) return new Response(null, { status });
    return new Response(JSON.stringify(body), { status, headers: { "content-type": media, etag: `"${status}"` } });
}
