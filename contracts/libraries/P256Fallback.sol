// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title The P-256 precompile for chains that have none
/// @notice Takes what EIP-7951's precompile takes, 160 bytes: message hash, r, s, x, y; answers 32 bytes with 1 for a valid
/// signature. Other than the precompile it answers 0 and not nothing for one that is not, and refuses high s.
contract P256Fallback {
    fallback(bytes calldata question) external returns (bytes memory) {
        if (question.length != 160) return abi.encode(false);
        return abi.encode(
            P256.verify(
                bytes32(question[:32]),
                bytes32(question[32:64]),
                bytes32(question[64:96]),
                bytes32(question[96:128]),
                bytes32(question[128:])
            )
        );
    }
}
