import { expect, it } from "vitest";
import { alertCode } from "./alert";
import { readCode } from "./gs1";

it.each([
    ["PB26K017", null],
    ["PB26K017", "7Q2K"],
    ["A(10)B", "(01)"],
])("writes lot %s and serial number %s so that they are read back", (lot, serial) => {
    const read = readCode(alertCode({ gtin: "00359267102522", lot, serial }), { hosts: [], today: "2026-11-26" });
    expect(read).toMatchObject({ ok: true, code: { gtin: "00359267102522", lot, serial } });
});
