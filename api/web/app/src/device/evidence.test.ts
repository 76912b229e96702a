import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { keepPhoto, photoOf } from "./evidence";
import { database } from "./store";

// FIPS 180-2, appendix B.1: SHA-256 of "abc".
const ABC = "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("a photo is kept to the byte under the hash that is signed", async () => {
    const photo = await keepPhoto(new Blob(["abc"], { type: "image/png" }), 1_800_000_000);
    expect(photo).toEqual({ sha256: ABC, media_type: "image/png", bytes: 3 });
    const kept = await (await database()).get("photos", ABC);
    expect(new TextDecoder().decode(kept?.content)).toBe("abc");
});

test("a statement's photo is found by what was sent, and most have none", () => {
    const body = JSON.stringify({ type: "CustodyEvent", document: { finding: "wet", photo: { sha256: ABC } } });
    expect(photoOf({ body })).toBe(ABC);
    expect(photoOf({ body: JSON.stringify({ type: "CustodyEvent", document: { finding: "wet" } }) })).toBeNull();
    expect(photoOf({ body: JSON.stringify({ type: "UnitEvent" }) })).toBeNull();
});
