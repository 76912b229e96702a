/**
 * The one database of this browser: `lotproof` in IndexedDB.
 *
 * What is written with `keepFor` is on the disk when its promise is kept: a tab that dies afterwards has lost nothing.
 */

import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from "idb";
import type { Tree } from "../core/log";
import type { SignedSnapshot } from "../core/snapshot";
import type { Domain } from "../core/typed_data";
import type { Word } from "../core/verdict";
import type { WorkItem } from "./consignments";
import type { KeptPhoto } from "./evidence";
import type { Kept } from "./kept";
import type { Profile } from "./profile";
import type { KeptReport } from "./reports";

/** The device's own signing key; the private part cannot be read out, not even by this app. */
export interface StoredKey {
    readonly privateKey: CryptoKey;
    /** `0x` and 128 digits: x‖y. */
    readonly signer: string;
    /** Unix seconds. */
    readonly made_at: number;
}

/** The ledger that this device works for, as its server told at first use. */
export interface Ledger {
    readonly domain: Domain;
    /** Who signs snapshots, `0x…`; null while the server names nobody. */
    readonly snapshot_signer: string | null;
}

/** A code that was scanned here. */
export interface Scan {
    /** Order of scanning, from 1. */
    readonly id: number;
    readonly text: string;
    readonly verdict: Word;
    readonly reason: string;
    readonly headline: string;
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    readonly sscc: string | null;
    readonly place: string | null;
    /** Unix seconds. */
    readonly at: number;
    /** Whether this device judged for itself. */
    readonly offline: boolean;
}

/** The last good snapshot, as it was signed, and how to ask whether there is a newer one. */
export interface StoredSnapshot {
    readonly signed: SignedSnapshot;
    readonly etag: string | null;
    /** When it was last known to be the newest, Unix seconds. */
    readonly checked_at: number;
}

/** Schema of version 1. */
export interface Schema extends DBSchema {
    key: { key: "device"; value: StoredKey };
    profile: { key: "profile" | "ledger"; value: Profile | Ledger };
    outbox: { key: number; value: Kept; indexes: { digest: string; lane: string } };
    scans: { key: number; value: Scan };
    snapshot: { key: "held"; value: StoredSnapshot };
    consignments: { key: string; value: WorkItem };
    reports: { key: string; value: KeptReport };
    photos: { key: string; value: KeptPhoto };
    /** What is known of the own organisation's log, by its number. */
    log: { key: number; value: Tree };
}

type Writing<Names extends StoreNames<Schema>[]> = IDBPTransaction<Schema, Names, "readwrite">;

const VERSION = 1;
let opened: Promise<IDBPDatabase<Schema>> | null = null;

/** The database, opened once. */
export function database(): Promise<IDBPDatabase<Schema>> {
    opened ??= openDB<Schema>("lotproof", VERSION, {
        upgrade: (fresh, from) => {
            if (from < 1) makeStores(fresh);
        },
        // Another tab has a newer version of the app: let it go on, and open anew when this tab needs the database.
        blocking: () => void closeDatabase(),
        terminated: () => (opened = null),
    }).catch((error: unknown) => {
        opened = null;
        throw error;
    });
    return opened;
}

/** Close it; it is opened anew when it is needed. */
export async function closeDatabase(): Promise<void> {
    const open = opened;
    opened = null;
    (await open)?.close();
}

/**
 * Change some stores in one transaction: all of it is on the disk when this returns, or nothing.
 *
 * @param work - must await nothing but the transaction's own requests, or the transaction ends before it does
 */
export async function keepFor<Names extends StoreNames<Schema>[], Result>(
    stores: [...Names],
    work: (transaction: Writing<Names>) => Promise<Result>,
): Promise<Result> {
    const transaction = (await database()).transaction(stores, "readwrite", { durability: "strict" });
    try {
        const result = await work(transaction);
        await transaction.done;
        return result;
    } catch (error) {
        abort(transaction);
        throw error;
    }
}

function abort(transaction: { readonly done: Promise<void>; abort(): void }): void {
    transaction.done.catch(() => undefined); // what failed is told by `work`
    try {
        transaction.abort();
    } catch {
        // It ended by itself, with the error that is told.
    }
}

function makeStores(fresh: IDBPDatabase<Schema>): void {
    fresh.createObjectStore("key");
    fresh.createObjectStore("profile");
    const outbox = fresh.createObjectStore("outbox", { keyPath: "order" });
    outbox.createIndex("digest", "digest", { unique: true });
    outbox.createIndex("lane", "lane");
    fresh.createObjectStore("scans", { keyPath: "id" });
    fresh.createObjectStore("snapshot");
    fresh.createObjectStore("consignments", { keyPath: "id" });
    fresh.createObjectStore("reports", { keyPath: "id" });
    fresh.createObjectStore("photos", { keyPath: "sha256" });
    fresh.createObjectStore("log");
}
