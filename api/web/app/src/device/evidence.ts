/** Photos that back a finding: they stay on this device, and what is signed holds their hash. */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../core/hex";
import { database, keepFor } from "./store";

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

/** A photo that is kept here, to be saved as a file; null if it is not. */
export async function photoFile(sha256: string): Promise<Blob | null> {
    const kept = await (await database()).get("photos", sha256);
    return kept === undefined ? null : new Blob([kept.content], { type: kept.media_type });
}
