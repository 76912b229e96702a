/** The text that a server gives to sign, to sign in (EIP-4361); this device signs it only as what it must be. */

import { Trouble } from "./trouble";

const STATEMENT = "Sign in to Lotproof. This opens a session; it signs no statement and moves no goods.";
const NONCE = /^Nonce: [0-9a-f]{64}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** What a challenge must be for. */
export interface Expected {
    /** Where this app came from, for example `https://ledger.example`. */
    readonly origin: string;
    /** Of the device's key: `0x` and 128 digits. */
    readonly signer: string;
    readonly chainId: number | bigint;
}

/**
 * The bytes to sign of a challenge. A text that names another server, key or chain, or says anything else, is refused:
 * a server that passed on the challenge of another could else sign in there.
 *
 * @throws Trouble - it is none for this server and key
 */
export function bytesToSign(text: string, { origin, signer, chainId }: Expected): Uint8Array {
    const lines = text.split("\n");
    const expected = [
        `${new URL(origin).host} wants you to sign in with your Lotproof key:`,
        signer,
        "",
        STATEMENT,
        "",
        `URI: ${origin}/v1/session`,
        "Version: 1",
        `Chain ID: ${chainId}`,
    ];
    const [nonce = "", issued = "", expires = "", ...more] = lines.slice(expected.length);
    const good =
        expected.every((line, index) => line === lines[index]) &&
        NONCE.test(nonce) &&
        TIME.test(valueOf(issued, "Issued At: ")) &&
        TIME.test(valueOf(expires, "Expiration Time: ")) &&
        more.length === 0;
    if (!good) throw new Trouble("sign_in.foreign");
    return new TextEncoder().encode(text);
}

function valueOf(line: string, name: string): string {
    return line.startsWith(name) ? line.slice(name.length) : "";
}
