import { describe, expect, test } from "vitest";
import { ProofRefusal, readCheckpoints, readWitnesses } from ".";
import { bytesOf, readVectors } from "./vectors.testing";

interface Case {
    readonly name: string;
    readonly files: readonly string[];
    readonly threshold: number;
    readonly expected: { readonly rule?: string };
}

const { trusted, witnesses, cases } = readVectors("checkpoints.json") as {
    trusted: { chain_id: number; ledger: string };
    witnesses: readonly string[];
    cases: readonly Case[];
};
const LEDGER = { chainId: trusted.chain_id, ledger: trusted.ledger };

function answer(read: () => unknown): unknown {
    try {
        return read();
    } catch (error) {
        if (error instanceof ProofRefusal) return { rule: error.rule };
        throw error;
    }
}

test.each(cases.map((each) => [each.name, each] as const))("%s", (_name, { files, threshold, expected }) => {
    expect(answer(() => readCheckpoints(files.map(bytesOf), witnesses, threshold, LEDGER))).toEqual(expected);
});

test("without witnesses nothing is believed", () => {
    const [file] = cases.map((each) => each.files[0] ?? "");
    for (const threshold of [0, 1])
        expect(answer(() => readCheckpoints([bytesOf(file ?? "")], [], threshold, LEDGER))).toEqual({ rule: "form" });
});

test("a file larger than a mebibyte is not read", () => {
    const large = new Uint8Array((1 << 20) + 1).fill(0x20);
    expect(answer(() => readCheckpoints([large], witnesses, 1, LEDGER))).toEqual({ rule: "form" });
});

describe("the list of witnesses", () => {
    test("is a list of signers", () => {
        expect(readWitnesses(bytesOf(JSON.stringify(witnesses)))).toEqual(witnesses);
    });

    const address = `0x${"11".repeat(20)}`;
    test.each(["{}", "[1]", '["0x"]', '["0x11"]', `["${address}", "${address}"]`, `["${address.toUpperCase()}"]`, "["])(
        "is not %s",
        (text) => {
            expect(answer(() => readWitnesses(bytesOf(text)))).toEqual({ rule: "form" });
        },
    );
});
