/** Asks the reader's worker for the codes in a picture. */

import type { Position } from "zxing-wasm/reader";
import { scriptUrl } from "./trusted";
import workerUrl from "./decoder.worker?worker&url";

/** One code, as a hand scanner sends it: symbology identifier first, FNC1 as GS (ISO/IEC 15424). */
export interface Found {
    readonly text: string;
    readonly format: string;
    readonly corners: Position; // pixels of the picture
}
export interface Question {
    readonly id: number;
    readonly picture: ImageData;
    readonly photo: boolean;
}
type Answer = { id: number; codes: readonly Found[] } | { id: number; error: string };

const LARGEST = 4096; // pixels of a photo's longer side
let worker: Worker | null = null;
let asked = 0;
const waiting = new Map<number, { resolve: (codes: readonly Found[]) => void; reject: (reason: Error) => void }>();

function answered(event: MessageEvent<Answer>): void {
    const wait = waiting.get(event.data.id);
    waiting.delete(event.data.id);
    if ("codes" in event.data) wait?.resolve(event.data.codes);
    else wait?.reject(new Error(event.data.error));
}

function broken(): void {
    for (const wait of waiting.values()) wait.reject(new Error("the reader did not start"));
    waiting.clear();
    worker?.terminate();
    worker = null; // the next picture tries anew
}

/** Start the reader before it is needed: its module takes longest to load. */
export function prepareDecoder(): Worker {
    if (worker === null) {
        worker = new Worker(scriptUrl(workerUrl), { type: "module" });
        worker.onmessage = answered;
        worker.onerror = broken;
    }
    return worker;
}

/**
 * Read every code in a picture.
 *
 * @param picture Its pixels; they are moved, not copied.
 * @param photo Whether to take more time, for a still picture.
 * @throws Error if the reader cannot be started.
 */
export function decode(picture: ImageData, photo = false): Promise<readonly Found[]> {
    const reader = prepareDecoder();
    const id = ++asked;
    return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        reader.postMessage({ id, picture, photo } satisfies Question, [picture.data.buffer]);
    });
}

/**
 * Read every code in a photo's file.
 *
 * @throws TypeError if it is no picture.
 */
export async function decodeFile(file: Blob): Promise<readonly Found[]> {
    const bitmap = await createImageBitmap(file).catch(() => {
        throw new TypeError("no picture");
    });
    const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    if (context === null) throw new TypeError("no canvas");
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return decode(context.getImageData(0, 0, canvas.width, canvas.height), true);
}
