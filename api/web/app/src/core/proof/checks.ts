/** The numbered checks of a code, as far as a proof bundle tells. */

import { DAY, moment } from "../calendar";
import type { Proved } from "./check";
import type { Event, State } from "./custody";
import { HOUR, midnight, span } from "./day";
import { refuse } from "./refusal";
import { CERTIFICATE } from "../vocabulary";
import { failed, NAMES, passed, skipped, type Answer, type Named, type Reason } from "./wording";

const STALE = DAY; // what is recalled or held is acted on sooner by those who are online
const CLOCK_AHEAD = 600; // seconds that a device's clock may be behind the chain's
// A day ends latest in UTC-12 and begins first in UTC+14 (IANA time zone database: Etc/GMT+12, Pacific/Kiritimati).
const DAY_ENDS_EVERYWHERE = DAY + 12 * HOUR;
const DAY_BEGINS_ANYWHERE = -14 * HOUR;

/** The code in hand, as `core/gs1` reads it; `expiry` is an ISO date. */
export interface CodeInHand {
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    readonly expiry: string | null;
    readonly sscc: string | null;
    readonly form?: string | null;
}

/** What the code may mean: what an SSCC names, the newest of which some is left; else all that is left. */
function meantBy({ history }: Proved, code: CodeInHand): readonly string[] {
    if (code.sscc === null) {
        const live = history.live();
        return live.length > 0 ? live : history.consignments();
    }
    const named = [...history.states.values()].filter((state) => state.sscc === code.sscc).reverse();
    const newest = named.find((state) => history.effective(state.id).rest > 0) ?? named[0];
    if (newest === undefined) refuse("code", `Nothing in this bundle has the SSCC ${code.sscc}.`);
    const loaded = newest.number ? history.onPallet(newest.id) : [];
    return loaded.length > 0 ? loaded : [newest.id];
}

/** An organisation by what the state holds of it. */
export function named(proved: Proved, number: number): Named {
    const gln = proved.organisations.get(number)?.gln ?? 0;
    const shown = gln ? ` (GLN ${gln.toString().padStart(13, "0")})` : "";
    return { words: `organisation ${number}${shown}`, name: `№ ${number}${shown}` };
}

interface Way {
    readonly state: State;
    readonly path: readonly Event[];
}

/** The checks of one code by one bundle. */
export class Checks {
    /** Seconds since the proved block, and in words. */
    readonly seconds: number;
    readonly age: string;
    /** The consignments that the code may mean. */
    readonly meant: readonly string[];
    readonly #now: number;
    readonly #isClockBehind: boolean;
    readonly #ways: readonly Way[];
    readonly #proved: Proved;
    readonly #code: CodeInHand;

    constructor(proved: Proved, code: CodeInHand, now: number) {
        const { header, history } = proved;
        this.#proved = proved;
        this.#code = code;
        this.#now = Math.max(now, header.time); // a clock behind the chain's must not make anything younger
        this.#isClockBehind = now + CLOCK_AHEAD < header.time;
        this.seconds = this.#now - header.time;
        this.age = span(this.seconds);
        this.meant = meantBy(proved, code);
        this.#ways = this.meant.map((each) => ({
            state: history.effective(each),
            path: history.positions(each).flatMap((index) => history.events[index] ?? []),
        }));
    }

    /** All thirteen, in order; of protective equipment fourteen. */
    all(): Answer[] {
        const made = [
            passed("code_readable", "Read without fault."),
            passed("batch_registered", `Registered by ${this.#maker().words}; its head is proved.`),
            this.#accredited(),
            this.#expiryAgrees(),
            this.#unit(),
            this.#custody(),
            this.#recall(),
            this.#notExpired(),
            this.#held(),
            this.#fresh(),
        ];
        const found = new Map(made.map((answer) => [answer.name, answer]));
        const { productClass } = this.#proved.history.registration;
        const names = NAMES.filter((name) => name !== CERTIFICATE || productClass === "PPE");
        return names.map(
            (name) => found.get(name) ?? skipped(name, "A proof of the ledger's state says nothing of it."),
        );
    }

    #named(number: number): Named {
        return named(this.#proved, number);
    }

    #maker(): Named {
        return this.#named(this.#proved.history.registration.manufacturer);
    }

    /** Whether a signature may have been made after its key came into doubt. */
    #isInDoubt(digest: string): boolean {
        const since = this.#proved.signers.get(digest)?.key.doubtSince ?? 0;
        return since !== 0 && (this.#proved.latest.get(digest) ?? since) >= since;
    }

    #accredited(): Answer {
        const { digest, manufacturer } = this.#proved.history.registration;
        const who = this.#maker();
        if (this.#isInDoubt(digest)) {
            const detail = "The registration may have been signed after its key came into doubt.";
            return failed("maker_accredited", detail, { reason: "key_in_doubt", who });
        }
        const since = this.#proved.organisations.get(manufacturer)?.suspendedAt ?? 0;
        const later = since ? ` It has been suspended since ${moment(since)}.` : "";
        return passed(
            "maker_accredited",
            `The ledger took the registration from ${who.words} as a manufacturer.${later}`,
        );
    }

    #expiryAgrees(): Answer {
        const registered = this.#proved.history.registration.expiry;
        const stated = this.#code.expiry;
        if (stated === null)
            return passed("facts_agree", "The label states nothing that the registration contradicts.");
        if (stated === registered) return passed("facts_agree", "The expiry on the label is the registered one.");
        const detail = `The label says ${stated}, the maker registered ${registered}.`;
        return failed("facts_agree", detail, { reason: "expiry_differs" });
    }

    #unit(): Answer {
        const { serial } = this.#proved;
        if (serial !== null)
            return passed("unit_in_batch", `The serial number ${serial} is under the batch's unit root.`);
        const isPack = this.#code.serial !== null;
        return skipped(
            "unit_in_batch",
            isPack ? "The bundle proves the batch alone." : "This code names no single pack.",
        );
    }

    /** A fault counts if everything that the code may mean has it. */
    #custody(): Answer {
        const faults: readonly (readonly [Reason, string, (way: Way) => number])[] = [
            ["key_in_doubt", "was signed with a key that may have been in doubt then", (way) => this.#doubtful(way)],
            ["quantity_over", "received more than was shipped", (way) => this.#over(way)],
            ["destroyed", "is on record as having destroyed all of it", destroyer],
        ];
        for (const [reason, words, find] of faults) {
            const found = this.#ways.map(find);
            if (!found.every((number) => number !== 0)) continue;
            const who = this.#named(found[0] ?? 0);
            return failed("custody_unbroken", `${who.words}: a statement ${words}.`, { reason, who });
        }
        const count = this.#ways.reduce((sum, way) => sum + way.path.length, 0);
        const where = [...new Set(this.#ways.map((way) => this.#position(way.state)))].join("; ");
        return passed("custody_unbroken", `${count} signed events lead to the heads that the ledger holds. ${where}.`);
    }

    /** The organisation whose statement on the way may have been signed by a thief; 0 = none. */
    #doubtful({ path }: Way): number {
        return path.find((event) => this.#isInDoubt(event.digest))?.actor ?? 0;
    }

    /** The organisation that received more than was shipped, and did not correct it; 0 = none. */
    #over({ path }: Way): number {
        const { discrepancies, corrections } = this.#proved.history;
        const onPath = new Set(path.map((event) => event.digest));
        const over = discrepancies.filter(({ event, shipped }) => event.quantity > shipped);
        return over.find(({ event: { digest } }) => onPath.has(digest) && !corrections.has(digest))?.event.actor ?? 0;
    }

    #position({ holder, counterparty, rest }: State): string {
        const who = this.#named(holder).words;
        if (counterparty) return `On the way from ${who} to ${this.#named(counterparty).words}`;
        return rest ? `With ${who}` : `Nothing left at ${who}`;
    }

    #recall(): Answer {
        const { by, recordedAt } = this.#proved.recall;
        if (by === 0) return passed("not_recalled", "The ledger holds no recall of this batch at that block.");
        const who = this.#named(by);
        const detail = `Recalled by ${who.words}, recorded ${moment(recordedAt)}.`;
        return failed("not_recalled", detail, { reason: "recalled", who });
    }

    /** The last day of use has not ended everywhere on earth (GS1 General Specifications, section 3.4.7). */
    #notExpired(): Answer {
        const { expiry } = this.#proved.history.registration;
        const since = this.#now - midnight(expiry);
        if (since >= DAY_ENDS_EVERYWHERE)
            return failed("not_expired", `Its last day of use was ${expiry}.`, { reason: "expired" });
        const remark = `Its last day of use is ${expiry}: compare it with the date where you are.`;
        return since >= DAY_BEGINS_ANYWHERE
            ? passed("not_expired", remark, remark)
            : passed("not_expired", `Its last day of use is ${expiry}.`);
    }

    #held(): Answer {
        const stopped = this.#ways.map((way) => way.state).filter((state) => state.heldBy !== 0);
        const first = stopped.find((state) => state.seized) ?? stopped[0];
        if (first === undefined) return passed("not_held_or_seized", "No administration held it at that block.");
        if (stopped.length < this.#ways.length) {
            const remark = `${stopped.length} of ${this.#ways.length} consignments of this lot are held or seized.`;
            return passed("not_held_or_seized", remark, remark);
        }
        const who = this.#named(first.heldBy);
        const detail = `${first.seized ? "Seized" : "Held"} by ${who.words}.`;
        return failed("not_held_or_seized", detail, { reason: first.seized ? "seized" : "held", who });
    }

    #fresh(): Answer {
        const told = `The proof is of block ${this.#proved.header.number}, ${this.age} old.`;
        if (this.#isClockBehind)
            return failed("fresh", `${told} This device's clock is behind the chain's: set it right.`);
        return (this.seconds > STALE ? failed : passed)("fresh", told);
    }
}

/** Who destroyed all of a consignment; 0 = nobody. */
function destroyer({ state }: Way): number {
    return state.destroyed === state.quantity ? state.holder : 0;
}
