/**
 * Anchoring the organisation's log: its root is signed for the chain, which then binds the organisation to it.
 *
 * So nothing is signed before this device has computed the root itself, from the hashes of the entries, has found the
 * anchored root on the way, and every event that it handed in at the place that the server named.
 */

import { EMPTY, grown, leafOf, rootOf, type Tree } from "../core/log";
import { anchor, NOTHING } from "../core/statement";
import { Trouble } from "../core/trouble";
import { digestOf } from "../core/typed_data";
import { toHex } from "../core/hex";
import { getJson } from "./api";
import { change, everything, keep, type Kept } from "./kept";
import { ledger } from "./profile";
import { database, keepFor } from "./store";

interface Anchored {
    readonly digest: string;
    readonly count: number;
    readonly root: string;
    readonly previous: string;
}
interface Head {
    readonly size: number;
    readonly root: string;
    readonly anchor: Anchored | null;
}

/** How many of an organisation's events about packs the chain does not cover yet. */
export async function unanchored(organisation: number): Promise<number> {
    const { size, anchor: last } = await getJson<Head>(pathOf(organisation));
    return size - (last?.count ?? 0);
}

/**
 * Check the organisation's log, then sign its root and keep the statement to be sent.
 *
 * @returns null if the chain covers all of the log already
 * @throws Trouble - the log was shortened, rewritten, or lacks what was handed in; or the anchor before is on its way
 * @throws Offline - there is no line
 */
export async function anchorLog(organisation: number): Promise<Kept | null> {
    const head = await getJson<Head>(pathOf(organisation));
    const last = head.anchor;
    if (last !== null) await requireSigned(organisation, last);
    await requireSettled(organisation);
    const receipts = (await everything()).filter((item) => item.log !== null && item.message.actor === organisation);
    const known = await startFor(organisation, last, receipts);
    const tree = await checkedTree(organisation, head, known, receipts);
    await keepFor(["log"], (writing) => writing.objectStore("log").put(tree, organisation));
    for (const { digest, log } of receipts) {
        if (log?.checked === false) await change(digest, (item) => ({ ...item, log: { ...log, checked: true } }));
    }
    if (head.size === (last?.count ?? 0)) return null;
    const { message } = anchor({ organisation, count: head.size, root: head.root, previous: last?.digest ?? NOTHING });
    return keep("Anchor", message);
}

/** The last anchor as the server shows it: its digest, which the chain has, must be of just these values. */
async function requireSigned(organisation: number, last: Anchored): Promise<void> {
    const { domain } = await ledger();
    const { count, root, previous, digest } = last;
    const own = toHex(digestOf(domain, "Anchor", { organisation, count, root, previous }));
    if (own !== digest) throw new Trouble("device.anchor_never_signed", { digest });
}

async function requireSettled(organisation: number): Promise<void> {
    const lane = `log ${organisation}`;
    const open = (await everything()).find(
        (item) => item.lane === lane && (item.state === "waiting" || item.state === "sent"),
    );
    if (open !== undefined) throw new Trouble("device.anchor_on_its_way");
}

/** What is known of the log and need not be fetched: all of it if something before that is yet to be found in it. */
async function startFor(organisation: number, last: Anchored | null, receipts: readonly Kept[]): Promise<Tree> {
    const held = (await (await database()).get("log", organisation)) ?? EMPTY;
    const unchecked = receipts.some(({ log }) => log?.checked === false && log.index < held.size);
    return unchecked || (last?.count ?? 0) < held.size ? EMPTY : held;
}

/** Grow the log to its head, holding every root and entry that is known against it. */
async function checkedTree(organisation: number, head: Head, start: Tree, receipts: readonly Kept[]): Promise<Tree> {
    const expected = await knownRoots(organisation, head.anchor);
    if (Math.max(...expected.keys()) > head.size) throw new Trouble("device.log_shortened", { size: head.size });
    const own = new Map(receipts.map((item) => [item.log?.index ?? -1, item]));
    for (const { log } of receipts) {
        if (log !== null && log.index >= head.size) throw new Trouble("device.log_dropped", { index: log.index });
    }
    let tree = start;
    requireRoot(tree, expected);
    while (tree.size < head.size) {
        for (const leaf of await leavesFrom(organisation, tree.size, head.size)) {
            requireOwn(own.get(tree.size), leaf);
            tree = grown(tree, leaf);
            requireRoot(tree, expected);
        }
    }
    if (rootOf(tree) !== head.root) throw new Trouble("device.log_rewritten", { size: head.size });
    return tree;
}

async function knownRoots(
    organisation: number,
    last: Anchored | null,
): Promise<ReadonlyMap<number, readonly string[]>> {
    const held = (await (await database()).get("log", organisation)) ?? EMPTY;
    const roots = new Map<number, string[]>([[held.size, [rootOf(held)]]]);
    if (last !== null) roots.set(last.count, [...(roots.get(last.count) ?? []), last.root]);
    return roots;
}

function requireRoot(tree: Tree, expected: ReadonlyMap<number, readonly string[]>): void {
    const roots = expected.get(tree.size);
    if (roots?.some((root) => root !== rootOf(tree))) throw new Trouble("device.log_rewritten", { size: tree.size });
}

function requireOwn(item: Kept | undefined, leaf: string): void {
    if (item === undefined || leafOf(item.digest, item.signer, item.signature) === leaf) return;
    throw new Trouble("device.log_dropped", { index: item.log?.index ?? 0 });
}

async function leavesFrom(organisation: number, first: number, size: number): Promise<readonly string[]> {
    const path = `${pathOf(organisation)}/leaves?first=${first}`;
    const { leaves } = await getJson<{ readonly leaves: readonly string[] }>(path);
    if (leaves.length === 0) throw new Trouble("device.log_shortened", { size: first });
    return leaves.slice(0, size - first);
}

function pathOf(organisation: number): string {
    return `/v1/organisations/${organisation}/log`;
}
