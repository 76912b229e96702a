/** Photos that back a finding: they stay on this device, and what is signed holds their hash. */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../core/hex";
import type { Kept } from "./kept";
import { database, keepFor } from "./store";

const SAVING = 60_000; // milliseconds that a slow phone may take to write the file

/** What is told of a photo in a document. */
export interface Photo {
    /** SHA-256 of the file, `0x` and digits. */
    readonly sha256: string;
    /** For example `image/jpeg`. */
    readonly media_type: string;
    /** Its size. */
    readonly bytes: number;
}

/** A photo as it is kept: the file as the camera made it, or its hash would be that of something else. */
export interface KeptPhoto extends Photo {
    readonly content: ArrayBuffer;
    /** Unix seconds. */
    readonly made: number;
}

/** Keep a photo; it is on the disk when this returns. */
export async function keepPhoto(file: Blob, now: number = Math.floor(Date.now() / 1000)): Promise<Photo> {
    const content = await file.arrayBuffer();
    const photo = { sha256: toHex(sha256(new Uint8Array(content))), media_type: file.type, bytes: content.byteLength };
    await keepFor(["photos"], (writing) => writing.objectStore("photos").put({ ...photo, content, made: now }));
    return photo;
}

/** The hash of the photo that a statement's document names; null if it names none. */
export function photoOf(kept: Pick<Kept, "body">): string | null {
    const { document } = JSON.parse(kept.body) as { readonly document?: { readonly photo?: Partial<Photo> } };
    return document?.photo?.sha256 ?? null;
}

/**
 * Save a photo that is kept here as a file, to be handed over as evidence.
 *
 * @returns whether it is kept here
 */
export async function savePhoto(hash: string): Promise<boolean> {
    const kept = await (await database()).get("photos", hash);
    if (kept === undefined) return false;
    const address = URL.createObjectURL(new Blob([kept.content], { type: kept.media_type }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${hash.slice(2, 18)}.${kept.media_type === "image/png" ? "png" : "jpg"}`;
    link.click();
    setTimeout(() => {
        URL.revokeObjectURL(address);
    }, SAVING);
    return true;
}
