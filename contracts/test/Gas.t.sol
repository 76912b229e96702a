// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Fixture} from "./Fixture.sol";

/// @title Gas of the calls that matter, compared with contracts/test/snapshots/GasTest.json
/// @notice What the contract itself uses; scripts/gas.py measures whole transactions on a node.
contract GasTest is Fixture {
    uint256 private constant MANY = 20;
    uint256 private constant PHONE = 0x1234;

    function test_gasOfRegistering() public {
        _done(_callOf(_signed(_registration("one"))));
        vm.snapshotGasLastCall("register");
        ICustodyLedger.SignedRegistration[] memory items = new ICustodyLedger.SignedRegistration[](MANY);
        for (uint256 i = 0; i < MANY; ++i) {
            items[i] = _signed(_registration(vm.toString(i)));
        }
        ledger.registerMany(items);
        vm.snapshotGasLastCall("registerMany of 20");
    }

    function test_gasOfShipping() public {
        _done(_callOf(_signed(_shipment(batch, MAKER, CARRIER), "")));
        vm.snapshotGasLastCall("record SHIP");
        ledger.recordMany(_ships());
        vm.snapshotGasLastCall("recordMany of 20 SHIP");
    }

    /// @dev Forge has no P-256 precompile: this is what a chain without one pays, see scripts/gas.py for one with it.
    function test_gasOfShippingByP256() public {
        _addP256Key(MAKER, PHONE);
        ICustodyLedger.SignedCustodyEvent[] memory items = _ships();
        for (uint256 i = 0; i < MANY; ++i) {
            items[i].signer = _p256Signer(PHONE);
            items[i].signature = _p256Signature(PHONE, _digestOf(items[i].statement));
        }
        ledger.recordMany(items);
        vm.snapshotGasLastCall("recordMany of 20 SHIP, P-256 without precompile");
    }

    function test_gasOfParts() public {
        (CustodyEvent memory e, bytes memory attachment) = _splitting(batch, MAKER, _ones(10));
        _done(_callOf(_signed(e, attachment)));
        vm.snapshotGasLastCall("record SPLIT into 10");
        bytes32[] memory ids = _children(_digestOf(e), 10);
        (e, attachment) = _packing(MAKER, ids, 0);
        _done(_callOf(_signed(e, attachment)));
        vm.snapshotGasLastCall("record PACK of 10");
        (e, attachment) = _unpacking(MAKER, _digestOf(e), ids);
        _done(_callOf(_signed(e, attachment)));
        vm.snapshotGasLastCall("record UNPACK of 10");
    }

    function _ships() private returns (ICustodyLedger.SignedCustodyEvent[] memory items) {
        items = new ICustodyLedger.SignedCustodyEvent[](MANY);
        for (uint256 i = 0; i < MANY; ++i) {
            items[i] = _signed(_shipment(_registered(vm.toString(1000 + i)), MAKER, CARRIER), "");
        }
    }
}
