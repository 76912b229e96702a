// Hardhat compiles the contracts a second time, with the setting and the compiler that py-solc-x and Foundry use; a test
// compares the bytecode. The compiler is the one npm installed: nothing is downloaded.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "hardhat/config";

const { version, settings } = JSON.parse(readFileSync(new URL("contracts/compiler.json", import.meta.url), "utf8"));

export default defineConfig({
  solidity: {
    version,
    settings,
    path: fileURLToPath(import.meta.resolve("solc/soljson.js")),
  },
  paths: {
    sources: "contracts",
    cache: ".cache/hardhat",
    artifacts: ".cache/hardhat/artifacts",
  },
});
