// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IAccreditation} from "../interfaces/IAccreditation.sol";

/// @title Signatures of the three kinds of signers
/// @notice A signer is written as bytes, after ERC-7913: 20 bytes name an account (secp256k1, or a wallet contract by
/// ERC-1271), 64 bytes are a P-256 public key x‖y. High-s signatures are refused for both curves: an id is a digest and
/// never a signature, but a second valid signature for the same statement is a surprise that nobody needs.
library Signers {
    /// @notice Gas that a wallet contract gets to check a signature.
    uint256 internal constant WALLET_GAS = 100_000;

    /// @notice Gas that must be left before asking a wallet. A call passes on at most 63/64 of what is left, silently less
    /// than asked for; without this check a relayer could starve a wallet and have a good statement refused.
    /// Covers WALLET_GAS × 64/63, 2,600 for a cold account, and copying a signature of some kilobytes.
    uint256 internal constant WALLET_GAS_NEEDED = 110_000;

    /// @dev Half of the order of P-256: a higher s is the mirror of a lower one (FIPS 186-5, SEC 2 section 2.4.2).
    uint256 private constant P256_HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8;

    /// @dev Where a chain has it, and at less than a thirtieth of the price (EIP-7951, RIP-7212). It accepts high s.
    address private constant P256_PRECOMPILE = address(0x100);

    /// @notice Whether `signature` is the signer's under `digest`.
    /// @param signer 20 or 64 bytes; {IAccreditation-InvalidSigner} for any other length.
    /// @param digest EIP-712 digest. A P-256 key signs sha256 of it, because WebCrypto, phones and smart cards hash
    /// what they are given with SHA-256 and cannot sign a digest as it is.
    /// @param signature r‖s‖v for an account, anything for a wallet, r‖s for P-256.
    /// @param p256Fallback Answers like the P-256 precompile where the chain has none, see {P256Fallback}.
    function isValid(bytes calldata signer, bytes32 digest, bytes calldata signature, address p256Fallback)
        internal
        view
        returns (bool)
    {
        if (signer.length == 20) return _isOfAccount(address(bytes20(signer)), digest, signature);
        if (signer.length != 64) revert IAccreditation.InvalidSigner(signer);
        if (signature.length != 64 || uint256(bytes32(signature[32:])) > P256_HALF_ORDER) return false;
        bytes memory question = abi.encodePacked(sha256(abi.encodePacked(digest)), signature, signer);
        return _affirms(P256_PRECOMPILE, question) || _affirms(p256Fallback, question);
    }

    /// @dev A precompile that is not there answers nothing, like one that refuses. The fallback never fails but for want of
    /// gas, and nor does a precompile.
    function _affirms(address verifier, bytes memory question) private view returns (bool) {
        // precompiles have no interface
        // slither-disable-next-line low-level-calls
        (bool answered, bytes memory answer) = verifier.staticcall(question);
        if (!answered) revert IAccreditation.InsufficientGas(gasleft() + 1, gasleft());
        return answer.length == 32 && bytes32(answer) == bytes32(uint256(1));
    }

    /// @dev The curve first, the code second: saves a cold account access for most, and the owner of an address stays
    /// its owner when it delegates to code (EIP-7702).
    function _isOfAccount(address account, bytes32 digest, bytes calldata signature) private view returns (bool) {
        if (signature.length == 65) {
            // what is left out explains the fault, and there is nobody to tell
            // slither-disable-next-line unused-return
            (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
            if (fault == ECDSA.RecoverError.NoError && recovered == account) return true;
        }
        return account.code.length != 0 && _isOfWallet(account, digest, signature);
    }

    function _isOfWallet(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool) {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        if (gasleft() < WALLET_GAS_NEEDED) revert IAccreditation.InsufficientGas(WALLET_GAS_NEEDED, gasleft());
        // a typed call would revert on an answer that is not 4 bytes
        // slither-disable-next-line low-level-calls
        (bool answered, bytes memory answer) = wallet.staticcall{gas: WALLET_GAS}(question);
        return answered && answer.length >= 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }
}
