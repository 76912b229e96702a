// The locked npm compiler behind the command line that Foundry, py-solc-x and Slither expect of a native solc.
// It answers --version and --standard-json. Paths need no leave: every source comes in the input, so --allow-paths,
// --base-path and the like are accepted and mean nothing.
import { readFileSync } from "node:fs";
import solc from "solc";

const options = process.argv.slice(2);

if (options.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (options.includes("--standard-json")) {
  const file = options[options.indexOf("--standard-json") + 1];
  const input = readFileSync(file === undefined || file.startsWith("-") ? 0 : file, "utf8");
  process.stdout.write(`${solc.compile(input)}\n`);
} else {
  process.stderr.write("This compiler answers --version and --standard-json only.\n");
  process.exitCode = 2;
}
