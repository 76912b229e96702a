// Write the vectors of the tree over serial numbers: tests/vectors/unit_tree.json.
//
//     node scripts/unit_vectors.mjs [FILE]
//
// Nothing here is taken from Lotproof: OpenZeppelin's library builds the trees, ethers hashes the salts. The secrets are
// published here and protect nothing.
import { writeFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { concat, hexlify, keccak256, toUtf8Bytes } from "ethers";

const ENCODING = ["bytes32", "string"];
const CHARACTERS = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`;
const counted = (count) => Array.from({ length: count }, (_, at) => `S${String(at).padStart(6, "0")}`);

const CASES = {
  "one unit": ["A"],
  "two units": ["A", "B"],
  "three units": ["1", "2", "3"],
  "every length": Array.from({ length: 20 }, (_, at) => "x".repeat(at + 1)),
  "every character": [...CHARACTERS],
  "case matters": ["ab", "AB", "aB", "Ab", "0", "00"],
  "a power of two": counted(16),
  "one more than a power of two": counted(17),
  "a hundred, counted up": counted(100),
};

const cases = Object.entries(CASES).map(([name, serials]) => {
  const secret = keccak256(toUtf8Bytes(`secret of ${name}`));
  const salt = (serial) => keccak256(concat([secret, toUtf8Bytes(serial)]));
  const tree = StandardMerkleTree.of(serials.map((serial) => [salt(serial), serial]), ENCODING);
  const units = [...tree.entries()].map(([at, value]) => ({
    serial: value[1],
    salt: value[0],
    leaf: hexlify(tree.leafHash(value)),
    path: tree.getProof(at),
  }));
  return { name, secret, root: tree.root, tree: serials.length <= 20 ? tree.dump().tree : null, units };
});

const file = process.argv[2] ?? new URL("../tests/vectors/unit_tree.json", import.meta.url);
const about =
  "Salted Merkle trees of serial numbers: salt = keccak256(secret, serial); leaves as OpenZeppelin's StandardMerkleTree " +
  'hashes ["bytes32", "string"]. Written by scripts/unit_vectors.mjs.';
writeFileSync(file, `${JSON.stringify({ about, leaf_encoding: ENCODING, cases }, null, 1)}\n`);
