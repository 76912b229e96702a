/** Reports of suspicious packs by the public: kept until the server has them, and then to be asked after. */

import { getJson, isPassing, Offline, postJson, Problem } from "./api";
import { alone } from "./locks";
import { shrunk } from "./photo";
import { database, keepFor } from "./store";

const LOCK = "lotproof-reports";

/** What a person reports. */
export interface Reported {
    /** The code as scanned, at most 2,048 characters; "" if there is none. */
    readonly code: string;
    /** At most 2,000 characters. */
    readonly words: string;
    /** UN/LOCODE or "". */
    readonly place: string;
    readonly photo: Blob | null;
}

/** A report on its way, or that was sent. */
export interface KeptReport {
    /** Made here, so that the same report sent twice is one. */
    readonly id: string;
    readonly code: string;
    readonly words: string;
    readonly place: string;
    /** JPEG; dropped once the server has it. */
    readonly photo: ArrayBuffer | null;
    /** Unix seconds. */
    readonly made: number;
    readonly state: "waiting" | "sent" | "refused";
    /** By which it can be asked after. */
    readonly receipt: string | null;
    /** Why the server would not take it, in its words. */
    readonly refusal: string | null;
}

/** What became of a report. */
export interface ReportState {
    readonly state: "received" | "read" | "answered";
    readonly received_at: string;
    readonly answer: string | null;
    readonly answered_at: string | null;
    /** The administration that answered; an older server does not tell it. */
    readonly answered_by?: string | null;
}

/**
 * Keep a report to be sent; it is on the disk when this returns.
 *
 * @throws DOMException - the photo is no picture that this browser can read
 */
export async function keepReport({ code, words, place, photo }: Reported): Promise<KeptReport> {
    const picture = photo === null ? null : await (await shrunk(photo)).arrayBuffer();
    const made = Math.floor(Date.now() / 1000);
    const fresh = { id: crypto.randomUUID(), code, words, place, photo: picture, made };
    const report: KeptReport = { ...fresh, state: "waiting", receipt: null, refusal: null };
    await keepFor(["reports"], (writing) => writing.objectStore("reports").put(report));
    return report;
}

/** All reports of this device, newest first. */
export async function reports(): Promise<KeptReport[]> {
    const all = await (await database()).getAll("reports");
    return all.sort((one, other) => other.made - one.made);
}

/** Send the reports that wait; it never throws for want of a line. */
export async function sendReports(): Promise<void> {
    await alone(LOCK, async () => {
        try {
            for (const report of await reports()) if (report.state === "waiting") await send(report);
        } catch (error) {
            if (!(error instanceof Offline)) throw error;
        }
    });
}

/**
 * Ask what became of a report.
 *
 * @throws Problem - the server does not know the receipt, or is asked too often
 */
export async function followReport(receipt: string): Promise<ReportState> {
    return getJson<ReportState>(`/v1/reports/${encodeURIComponent(receipt)}`);
}

async function send(report: KeptReport): Promise<void> {
    try {
        const { receipt } = await postJson<{ readonly receipt: string }>("/v1/reports", formOf(report));
        await put({ ...report, state: "sent", receipt, photo: null });
    } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (isPassing(error)) return;
        const refusal = [error.detail, error.advice].filter(Boolean).join(" ");
        await put({ ...report, state: "refused", refusal });
    }
}

async function put(report: KeptReport): Promise<void> {
    await keepFor(["reports"], (writing) => writing.objectStore("reports").put(report));
}

function formOf({ id, code, words, place, photo }: KeptReport): FormData {
    const form = new FormData();
    for (const [name, value] of Object.entries({ id, code, words, place })) form.set(name, value);
    if (photo !== null) form.set("photo", new Blob([photo], { type: "image/jpeg" }), "photo.jpg");
    return form;
}
