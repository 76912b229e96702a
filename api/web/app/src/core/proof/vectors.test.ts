import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkBundle, ProofRefusal } from ".";

const FOLDER = join(import.meta.dirname, "../../../../../../tests/vectors/proofs");
for (const name of readdirSync(FOLDER).filter(n=>n.endsWith(".json"))) {
    test(name, async () => {
        const v = JSON.parse(readFileSync(join(FOLDER, name), "utf8"));
        const t = { hash: v.trusted.hash, chainId: v.trusted.chain_id, ledger: v.trusted.ledger };
        const t0 = performance.now();
        const found = await checkBundle(new TextEncoder().encode(v.bundle), t).then(() => null, (e) => e instanceof ProofRefusal ? e.rule : String(e.stack));
        console.log(name, performance.now() - t0);
        expect(found).toBe(v.expected.rule ?? null);
    });
}
