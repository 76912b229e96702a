// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";

/// @notice Everything that the ledger offers. The tests deploy what forge has built by name, so that the compiler need not
/// build the contracts again into each of them.
interface ILedger is IAccreditation, ICustodyLedger {
    function registerOne(SignedRegistration[] calldata items, uint256 index) external;
    function recordOne(SignedCustodyEvent[] calldata items, uint256 index) external;
    function recordAuthorised(
        CustodyEvent calldata statement,
        bytes calldata attachment,
        bytes32 digest,
        bytes32 signerKey,
        uint8 roles
    ) external;
}
