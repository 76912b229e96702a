/** What a proof shows beside the checks, in the shape of a verdict. */

import type { BatchFacts, CustodyFacts, Limit, Party, Recorded, Verdict } from "../verdict";
import { moment } from "../calendar";
import type { Proved } from "./check";
import type { Event } from "./custody";
import { named, type Checks, type CodeInHand } from "./checks";
import { KIND_NAMES } from "./vocabulary";

type Facts = Pick<Verdict, "code" | "batch" | "custody" | "as_of" | "proof" | "proved">;

/** The facts of a verdict by a proof; `checks` knows which consignments the code means, and the proof's age. */
export function factsOf(proved: Proved, code: CodeInHand, checks: Checks): Facts {
    const { history, header, trusted } = proved;
    const { gtin, lot } = history.registration;
    const onWay = new Set(checks.meant.flatMap((each) => history.positions(each)));
    return {
        code: { gtin, lot, serial: code.serial, expiry: code.expiry, sscc: code.sscc, form: code.form ?? null },
        batch: batchOf(proved),
        custody: history.events.filter((_, index) => onWay.has(index)).map((event) => custodyOf(proved, event)),
        as_of: {
            chain_id: trusted.chainId,
            block: header.number,
            time: moment(header.time),
            finalized_block: header.number,
            lag_blocks: 0,
        },
        proof: null,
        proved: {
            ledger: trusted.ledger,
            block_hash: header.hash,
            age_seconds: checks.seconds,
            wallets: proved.wallets,
            limits: limitsOf(proved, code),
        },
    };
}

/** What nobody can know from a bundle (docs/proofs.md, "What a bundle cannot say"). */
function limitsOf({ wallets }: Proved, code: CodeInHand): Limit[] {
    const unit: Limit[] = code.serial === null ? [] : ["unit"];
    return ["later", "copies", "names", "times", ...unit, ...(wallets.length > 0 ? (["wallets"] as const) : [])];
}

function batchOf(proved: Proved): BatchFacts {
    const { batch, digest, manufacturer, ...facts } = proved.history.registration;
    const { gtin, lot, quantity, manufactured, expiry } = facts;
    const maker = { product: "", product_class: facts.productClass, manufacturer: partyOf(proved, manufacturer) };
    const registered = recordedOf(proved, digest);
    return { id: batch, ...maker, gtin, lot, quantity, manufactured, expiry, registered };
}

function custodyOf(proved: Proved, event: Event): CustodyFacts {
    return {
        kind: KIND_NAMES[event.kind] ?? "",
        actor: partyOf(proved, event.actor),
        counterparty: event.counterparty ? partyOf(proved, event.counterparty) : null,
        place: event.place || null,
        quantity: event.quantity,
        occurred_at: moment(event.occurredAt),
        recorded: recordedOf(proved, event.digest),
        digest: event.digest,
    };
}

/** Only the latest block and time are proved, and no transaction. */
function recordedOf({ header, latest }: Proved, digest: string): Recorded {
    return { block: header.number, time: moment(latest.get(digest) ?? header.time), transaction: "" };
}

function partyOf(proved: Proved, number: number): Party {
    return { number, name: named(proved, number).name, country: proved.organisations.get(number)?.country ?? "" };
}
