import { beforeEach, expect, test } from "vitest";
import { checkFile, checkFromServer, type Given } from "./proof";
import { emptyDisk, openTab, SimulatedBrowser, SimulatedServer } from "./simulated.testing";

const { bytesOf, GOOD } = await import("../core/proof/vectors.testing");
const RECALLED = named("recalled");
const PATH = "/v1/proof/05413868000016/RECALLED";
const HASH = `0x${"11".repeat(32)}`;

let server: SimulatedServer;
let asked: string[];

function named(name: string) {
    const found = GOOD.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no vector ${name}`);
    return found;
}

function given(changes: Partial<Given> = {}): Given {
    const { bundle, trusted } = RECALLED;
    return { bundle: bytesOf(bundle), code: "", ledger: trusted, trust: { hash: trusted.hash }, ...changes };
}

beforeEach(() => {
    const { chainId, ledger } = RECALLED.trusted;
    emptyDisk();
    asked = [];
    server = new SimulatedServer();
    const domain = { name: "Lotproof", version: "1", chainId, verifyingContract: ledger };
    server.other.set("/v1/chain", () => ({ status: 200, body: { domain, snapshot_signer: null } }));
    server.other.set(PATH, (path) => {
        asked.push(path);
        return { status: 200, body: JSON.parse(RECALLED.bundle) as unknown };
    });
    openTab(new SimulatedBrowser(server));
});

test("a file is judged by the code that it names itself, or by the one in hand", async () => {
    for (const code of ["", "(01)05413868000016(10)RECALLED"]) {
        const answer = await checkFile(given({ code }), RECALLED.now);
        expect(answer).toMatchObject({ is: "verdict", verdict: { verdict: "do_not_use", reason: "recalled" } });
    }
});

test("a file of another block, of another batch, or by no witness proves nothing", async () => {
    const rules = [
        given({ trust: { hash: HASH } }),
        given({ code: "(01)05413868000016(10)OTHER" }),
        given({ bundle: new TextEncoder().encode("{}") }),
        given({ trust: { checkpoints: [], witnesses: new TextEncoder().encode("[]"), threshold: 0 } }),
    ].map(async (each) => {
        const answer = await checkFile(each, RECALLED.now);
        return answer.is === "refused" ? answer.rule : answer.is;
    });
    expect(await Promise.all(rules)).toEqual(["block", "code", "form", "form"]);
});

test("a code that cannot be read is no fault of the file", async () => {
    expect((await checkFile(given({ code: "(01)05413868000017" }), RECALLED.now)).is).toBe("unreadable");
});

test("a file is checked without any request", async () => {
    await checkFile(given(), RECALLED.now);
    expect(asked).toEqual([]);
});

test("without a snapshot the server's own header is what its bundle is held against", async () => {
    const answer = await checkFromServer(PATH);
    expect(answer).toMatchObject({ holds: true, hash: RECALLED.trusted.hash, rule: "" });
    expect(asked).toEqual([PATH]);
});

test("a bundle that was changed on the way is refused by the rule that it breaks", async () => {
    const changed = RECALLED.bundle.replace(/"signature":"0x..../, '"signature":"0x0000');
    server.other.set(PATH, () => ({ status: 200, body: JSON.parse(changed) as unknown }));
    expect(await checkFromServer(PATH)).toMatchObject({ holds: false, rule: "signatures" });
});

test("a server that cannot prove it is quoted, and proves nothing", async () => {
    const detail = "The node has not that state.";
    server.other.set(PATH, () => ({ status: 503, body: { type: "/problems/unavailable", detail } }));
    await expect(checkFromServer(PATH)).rejects.toMatchObject({ detail });
});
