// Hold trees against OpenZeppelin's library. Reads JSON on standard input: {dumps, values}.
// dumps: trees in the library's own form (standard-v1); for each it tells the root and how many of its proofs hold, one
// by the tree itself and one by the root alone. values: lists of [salt, serial]; for each it builds the tree and tells
// root and proofs.
import { readFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const ENCODING = ["bytes32", "string"];
const { dumps, values } = JSON.parse(readFileSync(0, "utf8"));

const checked = dumps.map(({ dump, proofs }) => {
  const tree = StandardMerkleTree.load(dump);
  tree.validate();
  const held = proofs.filter(({ value, path }) => StandardMerkleTree.verify(tree.root, ENCODING, value, path));
  const equal = proofs.filter(({ value, path }) => JSON.stringify(tree.getProof(value)) === JSON.stringify(path));
  return { root: tree.root, held: held.length, equal: equal.length };
});
const built = values.map((list) => {
  const tree = StandardMerkleTree.of(list, ENCODING);
  return { root: tree.root, paths: list.map((value) => tree.getProof(value)) };
});
process.stdout.write(JSON.stringify({ checked, built }));
