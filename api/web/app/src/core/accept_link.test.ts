import { describe, expect, it } from "vitest";
import { acceptValue } from "./accept_link";
import { fingerprint } from "./fingerprint";

describe("acceptValue", () => {
    it.each([
        ["a link", "https://ledger.example/app/#/accept?e=eyJ2IjoxfQ"],
        ["a link with its symbology identifier", "]Q1https://ledger.example/app/#/accept?e=eyJ2IjoxfQ"],
        ["a link of another host", "https://evil.example/x#/accept?e=eyJ2IjoxfQ"],
        ["a link with space about it", " https://ledger.example/app/#/accept?e=eyJ2IjoxfQ\n"],
    ])("takes only what %s carries", (_, text) => {
        expect(acceptValue(text)).toBe("eyJ2IjoxfQ");
    });

    it.each([
        "",
        "(01)00359267102522(10)PB26K017",
        "https://ledger.example/app/#/accept?e=",
        "https://ledger.example/app/#/accept?e=a&code=b",
        "https://ledger.example/app/#/accept?e=<script>",
        "https://ledger.example/app/?x=#/accept?e=a#/check",
    ])("leaves %j to be judged as a code", (text) => {
        expect(acceptValue(text)).toBeNull();
    });
});

describe("fingerprint", () => {
    it("is the beginning of the key's id on the ledger", () => {
        // The key of RFC 6979, A.2.5; its id by the Ethereum tools' keccak.
        const signer =
            "0x60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
        expect(fingerprint(signer)).toBe("1547 e66d a415 404f");
    });
});
