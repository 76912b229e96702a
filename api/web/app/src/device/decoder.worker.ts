/// <reference lib="webworker" />
/** Reads codes in pictures, off the page's own thread. */

import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";
import type { Found, Question } from "./decoder";

declare const self: DedicatedWorkerGlobalScope;

prepareZXingModule({ overrides: { locateFile: () => wasm } }); // its own default is a foreign host

// One check digit is all that protects EAN and ITF: from a moving picture they would be misread too often.
const CAMERA: ReaderOptions = {
    formats: ["QRCode", "DataMatrix", "Code128", "DataBar"],
    tryHarder: true,
    maxNumberOfSymbols: 4,
    textMode: "Plain",
};
const PHOTO: ReaderOptions = {
    ...CAMERA,
    formats: ["QRCode", "DataMatrix", "Code128", "DataBar", "EANUPC", "ITF14"],
    tryDenoise: true,
    maxNumberOfSymbols: 100,
};

self.onmessage = async (event: MessageEvent<Question>) => {
    const { id, picture, photo } = event.data;
    try {
        const found = await readBarcodes(picture, photo ? PHOTO : CAMERA);
        const codes: Found[] = found
            .filter((each) => each.isValid)
            .map((each) => ({
                text: each.symbologyIdentifier + each.text,
                format: each.format,
                corners: each.position,
            }));
        self.postMessage({ id, codes });
    } catch (error) {
        self.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
    }
};

export {};
