// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {Anchor} from "../types/Statements.sol";
import {Purpose} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";
import {Vm} from "./Vm.sol";

contract AnchorTest is Fixture {
    bytes32 private constant ROOT = keccak256("a Merkle root");

    function test_anchor_isLoggedAndContinuesTheOneBefore() public {
        Anchor memory first = Anchor(PHARMACY, 5, ROOT, 0);
        Vm.Log[] memory logs = _logsOf(_anchoring(first));
        bytes32[] memory topics =
            _topics(ICustodyLedger.Anchored.selector, _digestOf(first), bytes32(uint256(PHARMACY)));
        _sameLog(logs[0], topics, abi.encode(first.count, ROOT, bytes32(0), _keyOf(PHARMACY)));
        _sameState(PHARMACY, _digestOf(first), 5);

        Anchor memory second = Anchor(PHARMACY, 6, ROOT, _digestOf(first));
        _done(_anchoring(second));
        _sameState(PHARMACY, _digestOf(second), 6);
        _sameState(MAKER, 0, 0);
    }

    function test_anchor_again_isKnown() public {
        Anchor memory a = Anchor(PHARMACY, 5, ROOT, 0);
        _done(_anchoring(a));
        _reverts(_anchoring(a), abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, _digestOf(a)));
    }

    function test_anchor_continuingAnother_isRefused() public {
        Anchor memory a = Anchor(PHARMACY, 5, ROOT, ROOT);
        _reverts(_anchoring(a), abi.encodeWithSelector(ICustodyLedger.AccumulatorMismatch.selector, bytes32(0), ROOT));
        a.previous = 0;
        _done(_anchoring(a));
        Anchor memory late = Anchor(PHARMACY, 6, ROOT, 0);
        _reverts(
            _anchoring(late),
            abi.encodeWithSelector(ICustodyLedger.AccumulatorMismatch.selector, _digestOf(a), bytes32(0))
        );
    }

    function test_anchor_ofNoMoreEvents_isRefused() public {
        _reverts(
            _anchoring(Anchor(PHARMACY, 0, ROOT, 0)),
            abi.encodeWithSelector(ICustodyLedger.CountNotGrowing.selector, 0, 0)
        );
        Anchor memory a = Anchor(PHARMACY, 5, ROOT, 0);
        _done(_anchoring(a));
        for (uint64 count = 4; count <= 5; ++count) {
            _reverts(
                _anchoring(Anchor(PHARMACY, count, ROOT, _digestOf(a))),
                abi.encodeWithSelector(ICustodyLedger.CountNotGrowing.selector, 5, count)
            );
        }
    }

    function test_anchor_withoutALiveEventsKeyOfTheOrganisation_isRefused() public {
        Anchor memory a = Anchor(PHARMACY, 5, ROOT, 0);
        bytes32 digest = _digestOf(a);
        _reverts(
            abi.encodeCall(ICustodyLedger.anchor, (a, _signer(MAKER), _signature(_secret(MAKER), digest))),
            abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, _keyOf(MAKER), PHARMACY, MAKER)
        );
        _reverts(
            abi.encodeCall(ICustodyLedger.anchor, (a, _signer(PHARMACY), _signature(_secret(MAKER), digest))),
            abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, _signer(PHARMACY))
        );
        _addKey(PHARMACY, 0xadd, Purpose.ADMIN, 0, 0);
        _reverts(
            abi.encodeCall(ICustodyLedger.anchor, (a, _account(0xadd), _signature(0xadd, digest))),
            abi.encodeWithSelector(IAccreditation.PurposeMissing.selector, keccak256(_account(0xadd)), Purpose.EVENTS)
        );
        _suspend(SINGAPORE, PHARMACY);
        _reverts(_anchoring(a), abi.encodeWithSelector(IAccreditation.OrganisationNotActive.selector, PHARMACY, NOW));
    }

    function _anchoring(Anchor memory a) private view returns (bytes memory) {
        return abi.encodeCall(
            ICustodyLedger.anchor, (a, _signer(a.organisation), _signature(_secret(a.organisation), _digestOf(a)))
        );
    }

    function _sameState(uint32 number, bytes32 accumulator, uint64 count) private view {
        vm.assertEq(
            abi.encode(ledger.anchorOf(number)), abi.encode(ICustodyLedger.AnchorState(accumulator, count)), "anchor"
        );
    }
}
