// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {Bundle, CustodyEvent} from "../types/Statements.sol";
import {Purpose} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";
import {Vm} from "./Vm.sol";

contract BundleTest is Fixture {
    function test_bundle_recordsEveryEventThatOneSignatureCovers() public {
        CustodyEvent[] memory events = _shipments(5);
        _done(_bundling(events));
        for (uint256 i = 0; i < 5; ++i) {
            ICustodyLedger.Consignment memory c = ledger.consignment(events[i].consignment);
            vm.assertEq(c.counterparty, CARRIER, "counterparty");
            vm.assertEq(c.head, _grown(events[i].previous, _digestOf(events[i])), "head");
        }
    }

    function test_bundle_leavesWhatItsEventsAloneWouldLeave() public {
        CustodyEvent[] memory events = _shipments(3);
        bytes memory bundle = _bundling(events);
        uint256 before = vm.snapshotState();
        vm.record();
        _done(bundle);
        (, bytes32[] memory slots) = vm.accesses(address(ledger));
        bytes32[] memory values = _valuesOf(slots);
        vm.revertToState(before);
        vm.record();
        for (uint256 i = 0; i < 3; ++i) {
            _accepted(events[i]);
        }
        (, bytes32[] memory single) = vm.accesses(address(ledger));
        vm.assertEq(keccak256(abi.encode(single)), keccak256(abi.encode(slots)), "slots written");
        vm.assertEq(abi.encode(_valuesOf(slots)), abi.encode(values), "slots");
    }

    function test_bundle_refusesTheBadAndTakesTheRest() public {
        CustodyEvent[] memory events = _shipments(3);
        events[1].quantity += 1;
        _sort(events);
        bytes memory call = _bundling(events);
        Vm.Log[] memory logs = _logsOf(call);
        uint256 refusals;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == ICustodyLedger.Refused.selector) ++refusals;
        }
        vm.assertEq(refusals, 1, "refusals");
        bytes memory fault = abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, QUANTITY, QUANTITY + 1);
        for (uint256 i = 0; i < 3; ++i) {
            bool bad = events[i].quantity != QUANTITY;
            ICustodyLedger.Consignment memory c = ledger.consignment(events[i].consignment);
            vm.assertEq(c.counterparty, bad ? 0 : CARRIER, "counterparty");
            if (bad) _logged(logs, _digestOf(events[i]), fault);
        }
    }

    function test_bundleAgain_refusesEveryEventAsKnown() public {
        CustodyEvent[] memory events = _shipments(2);
        bytes memory call = _bundling(events);
        _done(call);
        Vm.Log[] memory logs = _logsOf(call);
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 digest = _digestOf(events[i]);
            _logged(logs, digest, abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, digest));
        }
    }

    function test_bundle_inAnotherOrderOrWithADuplicate_isRefusedWhole() public {
        CustodyEvent[] memory events = _shipments(3);
        (events[1], events[2]) = (events[2], events[1]);
        _reverts(_bundling(events), abi.encodeWithSelector(ICustodyLedger.BundleNotAscending.selector, 2));
        (events[0], events[1]) = (events[1], events[0]);
        _reverts(_bundling(events), abi.encodeWithSelector(ICustodyLedger.BundleNotAscending.selector, 1));
        events[1] = events[0];
        _reverts(_bundling(events), abi.encodeWithSelector(ICustodyLedger.BundleNotAscending.selector, 1));
    }

    /// @dev No other list than the signed one fits a signature, neither longer nor shorter nor changed.
    function test_bundle_ofAnotherListThanSigned_isRefusedWhole() public {
        CustodyEvent[] memory events = _shipments(3);
        Bundle memory bundle = _bundleOf(events);
        bytes memory signature = _signature(_secret(MAKER), _digestOf(bundle));
        CustodyEvent[] memory fewer = new CustodyEvent[](2);
        (fewer[0], fewer[1]) = (events[0], events[1]);
        _reverts(
            _call(bundle, fewer, signature), abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, 3, 2)
        );
        Bundle memory shortened = Bundle(MAKER, 2, bundle.digests);
        _reverts(
            _call(shortened, fewer, signature),
            abi.encodeWithSelector(ICustodyLedger.BundleMismatch.selector, bundle.digests, _bundleOf(fewer).digests)
        );
        shortened = _bundleOf(fewer);
        _reverts(
            _call(shortened, fewer, signature),
            abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, _digestOf(shortened), _signer(MAKER))
        );
        bytes memory call =
            abi.encodeCall(ICustodyLedger.recordBundle, (bundle, events, new bytes[](2), _signer(MAKER), signature));
        _reverts(call, abi.encodeWithSelector(ICustodyLedger.QuantityMismatch.selector, 3, 3));
    }

    function test_bundle_withAnEventOfAnother_isRefusedWhole() public {
        CustodyEvent[] memory events = _shipments(2);
        events[1].actor = CARRIER;
        _sort(events);
        Bundle memory bundle = Bundle(MAKER, 2, _bundleOf(events).digests);
        _reverts(
            _call(bundle, events, _signature(_secret(MAKER), _digestOf(bundle))),
            abi.encodeWithSelector(ICustodyLedger.NotActor.selector, MAKER, CARRIER)
        );
    }

    function test_bundle_withoutALiveEventsKeyOfTheActor_isRefusedWhole() public {
        CustodyEvent[] memory events = _shipments(2);
        Bundle memory bundle = _bundleOf(events);
        bytes32 digest = _digestOf(bundle);
        bytes[] memory none = new bytes[](2);
        bytes memory signature = _signature(_secret(CARRIER), digest);
        _reverts(
            abi.encodeCall(ICustodyLedger.recordBundle, (bundle, events, none, _signer(CARRIER), signature)),
            abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, _keyOf(CARRIER), MAKER, CARRIER)
        );
        _reverts(
            _call(bundle, events, signature),
            abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, _signer(MAKER))
        );
        _addKey(MAKER, 0xadd, Purpose.ADMIN, 0, 0);
        signature = _signature(0xadd, digest);
        _reverts(
            abi.encodeCall(ICustodyLedger.recordBundle, (bundle, events, none, _account(0xadd), signature)),
            abi.encodeWithSelector(IAccreditation.PurposeMissing.selector, keccak256(_account(0xadd)), Purpose.EVENTS)
        );
    }

    function test_bundle_recordsAHandoverOnlyWithTheOthersSignature() public {
        CustodyEvent[] memory events = new CustodyEvent[](1);
        bytes[] memory attachments = new bytes[](1);
        (events[0], attachments[0]) = _handover(batch, MAKER, CARRIER);
        Bundle memory bundle = _bundleOf(events);
        bytes memory signature = _signature(_secret(MAKER), _digestOf(bundle));
        _done(_call(bundle, events, signature));
        vm.assertEq(ledger.consignment(batch).holder, MAKER, "holder without a cosignature");
        ledger.recordBundle(bundle, events, attachments, _signer(MAKER), signature);
        vm.assertEq(ledger.consignment(batch).holder, CARRIER, "holder");
    }

    function test_bundleShortOfGas_isNeverARefusal() public {
        CustodyEvent[] memory events = _shipments(2);
        bytes memory call = _bundling(events);
        uint256 before = vm.snapshotState();
        uint256 recorded;
        for (uint256 gas = 1000; gas < 250_000; gas += 499) {
            (bool done,) = address(ledger).call{gas: gas}(call);
            if (done) {
                ++recorded;
                for (uint256 i = 0; i < 2; ++i) {
                    vm.assertEq(ledger.consignment(events[i].consignment).counterparty, CARRIER, "counterparty");
                }
            }
            vm.revertToState(before);
        }
        require(recorded != 0 && recorded < 450, "the sweep does not span the price");
    }

    function _shipments(uint256 count) private returns (CustodyEvent[] memory events) {
        events = new CustodyEvent[](count);
        for (uint256 i = 0; i < count; ++i) {
            events[i] = _shipment(_registered(string.concat("B", vm.toString(i))), MAKER, CARRIER);
        }
        _sort(events);
    }

    function _sort(CustodyEvent[] memory events) private view {
        for (uint256 i = 1; i < events.length; ++i) {
            for (uint256 j = i; j > 0 && _digestOf(events[j]) < _digestOf(events[j - 1]); --j) {
                (events[j], events[j - 1]) = (events[j - 1], events[j]);
            }
        }
    }

    function _bundleOf(CustodyEvent[] memory events) private view returns (Bundle memory) {
        bytes memory digests;
        for (uint256 i = 0; i < events.length; ++i) {
            digests = bytes.concat(digests, _digestOf(events[i]));
        }
        return Bundle(MAKER, uint32(events.length), keccak256(digests));
    }

    function _bundling(CustodyEvent[] memory events) private view returns (bytes memory) {
        Bundle memory bundle = _bundleOf(events);
        return _call(bundle, events, _signature(_secret(MAKER), _digestOf(bundle)));
    }

    function _call(Bundle memory bundle, CustodyEvent[] memory events, bytes memory signature)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(
            ICustodyLedger.recordBundle, (bundle, events, new bytes[](events.length), _signer(MAKER), signature)
        );
    }

    function _logged(Vm.Log[] memory logs, bytes32 digest, bytes memory fault) private view {
        bytes32[] memory topics = _topics(ICustodyLedger.Refused.selector, digest);
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != topics[0] || logs[i].topics[1] != digest) continue;
            return _sameLog(logs[i], topics, abi.encode(fault));
        }
        revert("a refusal that was not logged");
    }
}
