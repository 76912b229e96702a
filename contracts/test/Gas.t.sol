// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

/// @title Gas of the calls that matter, compared with contracts/test/snapshots/GasTest.json
/// @notice What the contract itself uses; scripts/gas.py measures whole transactions on a node.
contract GasTest is Fixture {
    uint256 private constant MANY = 20;
    uint256 private constant PHONE = 0x1234;

    function test_gasOfRegistering() public {
        ICustodyLedger.SignedRegistration memory item = signed(registration("one"));
        ledger.register(item.statement, item.signer, item.signature);
        vm.snapshotGasLastCall("register");
        ICustodyLedger.SignedRegistration[] memory items = new ICustodyLedger.SignedRegistration[](MANY);
        for (uint256 i = 0; i < MANY; ++i) {
            items[i] = signed(registration(vm.toString(i)));
        }
        ledger.registerMany(items);
        vm.snapshotGasLastCall("registerMany of 20");
    }

    function test_gasOfShipping() public {
        ICustodyLedger.SignedCustodyEvent memory item = signed(event_(Kind.SHIP, batch, MAKER, CARRIER), "");
        ledger.record(item.statement, item.attachment, item.signer, item.signature);
        vm.snapshotGasLastCall("record SHIP");
        ledger.recordMany(_ships());
        vm.snapshotGasLastCall("recordMany of 20 SHIP");
    }

    /// @dev Forge has no P-256 precompile: this is what a chain without one pays, see scripts/gas.py for one with it.
    function test_gasOfShippingByP256() public {
        _addP256Key(MAKER, PHONE);
        ICustodyLedger.SignedCustodyEvent[] memory items = _ships();
        for (uint256 i = 0; i < MANY; ++i) {
            items[i].signer = p256SignerOf(PHONE);
            items[i].signature = signP256(PHONE, digestOf(items[i].statement));
        }
        ledger.recordMany(items);
        vm.snapshotGasLastCall("recordMany of 20 SHIP, P-256 without precompile");
    }

    function test_gasOfParts() public {
        (CustodyEvent memory e, bytes memory attachment) = splitEvent(batch, MAKER, 10);
        ICustodyLedger.SignedCustodyEvent memory item = signed(e, attachment);
        ledger.record(item.statement, item.attachment, item.signer, item.signature);
        vm.snapshotGasLastCall("record SPLIT into 10");
        bytes32 digest = digestOf(e);
        bytes32[] memory ids = new bytes32[](10);
        for (uint256 i = 0; i < 10; ++i) {
            ids[i] = keccak256(abi.encode(digest, i));
        }
        (e, attachment) = packEvent(ids, MAKER);
        item = signed(e, attachment);
        ledger.record(item.statement, item.attachment, item.signer, item.signature);
        vm.snapshotGasLastCall("record PACK of 10");
        (e, attachment) = unpackEvent(digestOf(e), ids, MAKER);
        item = signed(e, attachment);
        ledger.record(item.statement, item.attachment, item.signer, item.signature);
        vm.snapshotGasLastCall("record UNPACK of 10");
    }

    function _ships() private returns (ICustodyLedger.SignedCustodyEvent[] memory items) {
        items = new ICustodyLedger.SignedCustodyEvent[](MANY);
        for (uint256 i = 0; i < MANY; ++i) {
            items[i] = signed(event_(Kind.SHIP, _register(vm.toString(1000 + i)), MAKER, CARRIER), "");
        }
    }
}
