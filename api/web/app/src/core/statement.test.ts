import { readFileSync } from "node:fs";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect, test } from "vitest";
import { after, nextHead, sequenceWord, type Consignment } from "./consignment";
import { concatBytes, fromHex, toHex } from "./hex";
import { batchId, batchRegistration, custodyEvent, NOTHING, unitEvent, type Custody } from "./statement";
import { digestOf, type Domain, type Message, type StructName } from "./typed_data";

const DOMAIN: Domain = {
    name: "Lotproof",
    version: "1",
    chainId: 31337,
    verifyingContract: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
};
const SALT = bytes("0x50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c");

interface Example {
    readonly type: StructName;
    readonly message: Message;
    readonly signer: string;
    readonly signature: string;
    readonly attachment?: string;
    readonly cosignature?: string;
}

// docs/statements.md is held against the server by the server's own tests: the same page binds us.
const page = readFileSync(new URL("../../../../../docs/statements.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/--json '(\{.*?\n\})'/gs)].map((found) => JSON.parse(found[1] ?? "") as Example);

function bytes(text: string): Uint8Array {
    return fromHex(text) ?? new Uint8Array();
}

function digest(type: StructName, message: Message): string {
    return toHex(digestOf(DOMAIN, type, message));
}

function signerOf(digestText: string, signature: string): string {
    const raw = bytes(signature);
    const recovered = concatBytes(Uint8Array.of((raw[64] ?? 0) - 27), raw.subarray(0, 64));
    const key = secp256k1.recoverPublicKey(recovered, bytes(digestText), { prehash: false });
    const point = secp256k1.Point.fromBytes(key).toBytes(false);
    return toHex(keccak_256(point.subarray(1)).subarray(12));
}

async function isP256(signer: string, digestText: string, signature: string): Promise<boolean> {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const point = new Uint8Array([4, ...bytes(signer)]);
    const key = await crypto.subtle.importKey("raw", point, algorithm, false, ["verify"]);
    const hash = { name: "ECDSA", hash: "SHA-256" };
    return crypto.subtle.verify(hash, key, new Uint8Array(bytes(signature)), new Uint8Array(bytes(digestText)));
}

test("every documented statement was signed by who it says, over our digest", async () => {
    expect(examples).toHaveLength(13);
    for (const { type, message, signer, signature } of examples) {
        const own = digest(type, message);
        if (signer.length === 42) expect(signerOf(own, signature)).toBe(signer);
        else expect(await isP256(signer, own, signature)).toBe(true);
    }
});

test("the documented new key signed its addition", async () => {
    const addition = examples.find((each) => each.type === "KeyAddition");
    const { message = {}, cosignature = "" } = addition ?? {};
    expect(await isP256(String(message.signer), digest("KeyAddition", message), cosignature)).toBe(true);
});

const [registration, shipment] = examples;
const MAKER = { number: 7, name: "Maker", country: "BE" };
const CARRIER = { number: 9, name: "Carrier", country: "SG" };
const CUSTOMS = { number: 5, name: "Customs", country: "SG" };
const party = (number: number): typeof MAKER =>
    [MAKER, CARRIER, CUSTOMS].find((each) => each.number === number) ?? { number, name: "", country: "" };
const GOODS: Consignment = {
    id: batchId("09506000134352", "LOT-A1"),
    sscc: null,
    batch: { id: batchId("09506000134352", "LOT-A1"), gtin: "09506000134352", lot: "LOT-A1" },
    head: digest("BatchRegistration", registration?.message ?? {}),
    sequence: 0,
    holder: MAKER,
    counterparty: null,
    held_by: null,
    seized: false,
    pallet: null,
    is_pallet: false,
    quantity: 10000,
    rest: 10000,
    occurred_at: null,
    children: [],
};
const SHIP: Custody = { kind: "SHIP", actor: 7, place: "BEBRU", occurredAt: 1767600000, to: 9 };

test("the documented batch, from what a manufacturer says", () => {
    const draft = batchRegistration(
        {
            manufacturer: 7,
            gtin: "09506000134352",
            lot: "LOT-A1",
            productClass: "VACCINE",
            quantity: 10000,
            manufactured: "2026-01-02",
            expiry: "2027-03-31",
            document: { product: "Example vaccine, 10 doses", temperature_celsius: { from: 2, to: 8 } },
        },
        SALT,
    );
    expect(draft.message).toEqual(registration?.message);
    expect(draft.beside.document?.salt).toBe(toHex(SALT));
});

test("the documented shipment, from what the server shows of the goods", () => {
    expect(custodyEvent(SHIP, GOODS).message).toEqual(shipment?.message);
});

test("three events offline chain onto each other as the documented split says", () => {
    const shipped = custodyEvent(SHIP, GOODS);
    const onTheWay = after(GOODS, shipped.message, digest("CustodyEvent", shipped.message), party);
    expect(onTheWay).toMatchObject({ counterparty: CARRIER, holder: MAKER });
    if (onTheWay === null) return;
    const received = custodyEvent(
        { ...SHIP, kind: "RECEIVE", actor: 9, place: "SGSIN", occurredAt: 1768200000 },
        onTheWay,
    );
    expect(received.message).toMatchObject({ previous: onTheWay.head, quantity: 10000 });
    const arrived = after(onTheWay, received.message, digest("CustodyEvent", received.message), party);
    expect(arrived).toMatchObject({ counterparty: null, holder: CARRIER });
    expect(arrived?.head).toBe(nextHead(onTheWay.head, digest("CustodyEvent", received.message)));
});

test("a receipt names the sender, whoever that is", () => {
    const goods = { ...GOODS, counterparty: CARRIER };
    const event = { kind: "RECEIVE", actor: 9, place: "SGSIN", occurredAt: 1, quantity: 9990 } as const;
    expect(custodyEvent(event, goods).message).toMatchObject({ counterparty: 7, quantity: 9990 });
});

test("a return names the other party, on both sides", () => {
    const goods = { ...GOODS, counterparty: CARRIER };
    const event = { kind: "RETURN", place: "SGSIN", occurredAt: 1 } as const;
    expect(custodyEvent({ ...event, actor: 9 }, goods).message.counterparty).toBe(7);
    expect(custodyEvent({ ...event, actor: 7 }, goods).message.counterparty).toBe(9);
});

test("an administration names the sequence, and its document is salted", () => {
    const document = { finding: "seal broken", photo: `0x${"ab".repeat(32)}` };
    const inspection = { kind: "INSPECT", actor: 5, place: "SGSIN", occurredAt: 1, document } as const;
    const { message, beside } = custodyEvent(inspection, { ...GOODS, sequence: 3 }, SALT);
    expect(message).toMatchObject({ previous: sequenceWord(3), quantity: 0, counterparty: 0 });
    expect(message.details).not.toBe(NOTHING);
    expect(beside.document).toEqual({ ...document, salt: toHex(SALT) });
    expect(() => custodyEvent(inspection, GOODS)).toThrow("salt");
});

test("hold and release offline follow on each other", () => {
    const hold = { kind: "HOLD", actor: 5, place: "SGSIN", occurredAt: 1 } as const;
    const held = custodyEvent(hold, GOODS).message;
    const goods = after(GOODS, held, digest("CustodyEvent", held), party);
    expect(goods).toMatchObject({ sequence: 1, held_by: CUSTOMS });
    if (goods === null) return;
    expect(custodyEvent({ ...hold, kind: "RELEASE" }, goods).message.previous).toBe(sequenceWord(1));
    expect(custodyEvent({ ...hold, kind: "DESTROY" }, goods).message.previous).toBe(sequenceWord(1));
    expect(after(goods, held, digest("CustodyEvent", held), party)).toBeNull();
});

test("goods that were overtaken stay as they are", () => {
    const shipped = custodyEvent(SHIP, GOODS).message;
    expect(
        after({ ...GOODS, head: `0x${"11".repeat(32)}` }, shipped, digest("CustodyEvent", shipped), party),
    ).toBeNull();
});

test("a recall names the batch, and needs no place", () => {
    const recall = { kind: "RECALL", actor: 7, place: "", occurredAt: 1 } as const;
    const child = { ...GOODS, id: `0x${"22".repeat(32)}` };
    expect(custodyEvent(recall, child).message).toMatchObject({ consignment: GOODS.id, place: "0x0000000000" });
    expect(() => custodyEvent(recall, { ...child, batch: null })).toThrow("pallet");
    expect(() => custodyEvent({ ...SHIP, place: "" }, GOODS)).toThrow("UN/LOCODE");
});

test("the documented event about one pack", () => {
    const documented = examples.find((each) => each.type === "UnitEvent");
    const pack = { gtin: "05412345000013", lot: "AB1234", serial: "S7K2M9", place: "SGSIN" };
    const said = { ...pack, kind: "DISPENSE", actor: 11, occurredAt: 1780000000 } as const;
    expect(unitEvent(said).message).toEqual(documented?.message);
    expect(() => unitEvent({ ...said, kind: "UNDO" })).toThrow("undone");
    const previous = `0x${"33".repeat(32)}`;
    expect(unitEvent({ ...said, kind: "UNDO", previous }).message).toMatchObject({ kind: 3, previous });
    expect(() => unitEvent({ ...said, gtin: "5412345000013" })).toThrow("14 digits");
});
