/**
 * Whether a serial number is under a batch's unit root: the salted Merkle tree that OpenZeppelin's `StandardMerkleTree`
 * builds over (bytes32 salt, string serial). Source: OpenZeppelin/merkle-tree, format `standard-v1`.
 */

import { hexOfText, keccak, wordOf } from "./hash";

const MAX_PATH = 32; // nodes: a batch has at most 2**32 - 1 units
// GS1 General Specifications, figure 7.11-1: the 82 characters allowed in AI 21, 1 to 20 of them.
const SERIAL = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}$/;

/** Tell whether salt and path lead from a serial number to the root; anything malformed shows nothing. */
export function isMember(root: string, serial: string, salt: string, path: readonly string[]): boolean {
    if (!SERIAL.test(serial) || path.length > MAX_PATH) return false;
    const end = path.reduce(
        (hash, other) => (hash < other ? keccak(hash, other) : keccak(other, hash)),
        leaf(salt, serial),
    );
    return end === root;
}

/** Hashed twice, so that no inner node, 64 bytes hashed once, can be passed off as a leaf. */
function leaf(salt: string, serial: string): string {
    const text = hexOfText(serial).padEnd(2 + 64, "0");
    return keccak(keccak(salt, wordOf(64), wordOf(serial.length), text));
}
