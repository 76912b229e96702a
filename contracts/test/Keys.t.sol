// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent, KeyAddition, KeyEnding} from "../types/Statements.sol";
import {Purpose} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";
import {Vm} from "./Vm.sol";

contract KeysTest is Fixture {
    uint256 private constant NEW = 0xadd;

    function test_addedKey_isLoggedAndLive() public {
        KeyAddition memory k = KeyAddition(MAKER, _account(NEW), Purpose.EVENTS, NOW, NOW + 1 days);
        Vm.Log[] memory logs = _logsOf(_adding(k, MAKER, NEW));
        bytes32[] memory topics =
            _topics(IAccreditation.KeyAdded.selector, keccak256(k.signer), bytes32(uint256(MAKER)));
        _sameLog(logs[0], topics, abi.encode(k.signer, k.purposes, k.validFrom, k.validUntil, _digestOf(k)));
        _sameKey(NEW, IAccreditation.Key(MAKER, Purpose.EVENTS, NOW, NOW + 1 days, 0, 0));
        _signsEvents(NEW);
    }

    function test_additionAgain_isKnownAndAnotherOfTheSameKeyIsRefused() public {
        KeyAddition memory k = KeyAddition(MAKER, _account(NEW), Purpose.EVENTS, 0, 0);
        _done(_adding(k, MAKER, NEW));
        _reverts(_adding(k, MAKER, NEW), abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, _digestOf(k)));
        bytes memory taken = abi.encodeWithSelector(IAccreditation.KeyTaken.selector, keccak256(k.signer), MAKER);
        k.purposes = Purpose.ADMIN;
        _reverts(_adding(k, MAKER, NEW), taken);
        k.organisation = CARRIER;
        _reverts(_adding(k, CARRIER, NEW), taken);
        _done(_ending(KeyEnding(MAKER, keccak256(k.signer), 0), MAKER));
        (k.organisation, k.purposes) = (MAKER, Purpose.EVENTS);
        _reverts(_adding(k, MAKER, NEW), taken);
    }

    function test_purposes_areRefusedIfNoneOrUnknown() public {
        uint8[3] memory wrong = [0, 8, 255];
        for (uint256 i = 0; i < wrong.length; ++i) {
            _reverts(
                _adding(KeyAddition(MAKER, _account(NEW), wrong[i], 0, 0), MAKER, NEW),
                abi.encodeWithSelector(IAccreditation.InvalidPurposes.selector, wrong[i])
            );
        }
    }

    function test_emptyWindow_isRefused() public {
        _reverts(
            _adding(KeyAddition(MAKER, _account(NEW), 1, NOW, NOW), MAKER, NEW),
            abi.encodeWithSelector(IAccreditation.InvalidWindow.selector, NOW, NOW)
        );
        _reverts(
            _adding(KeyAddition(MAKER, _account(NEW), 1, NOW, NOW - 1), MAKER, NEW),
            abi.encodeWithSelector(IAccreditation.InvalidWindow.selector, NOW, NOW - 1)
        );
    }

    function test_signerOfAnotherLength_isRefused() public {
        uint256[5] memory lengths = [uint256(0), 19, 21, 63, 65];
        for (uint256 i = 0; i < lengths.length; ++i) {
            KeyAddition memory k = KeyAddition(MAKER, new bytes(lengths[i]), 1, 0, 0);
            _reverts(_adding(k, MAKER, NEW), abi.encodeWithSelector(IAccreditation.InvalidSigner.selector, k.signer));
        }
    }

    function test_zeroAddressAndZeroPoint_areRefused() public {
        KeyAddition memory k = KeyAddition(MAKER, new bytes(20), 1, 0, 0);
        bytes32 digest = _digestOf(k);
        bytes memory admin = _signature(_secret(MAKER), digest);
        bytes memory unsigned = new bytes(65);
        unsigned[64] = 0x1b;
        _reverts(
            abi.encodeCall(IAccreditation.addKey, (k, _signer(MAKER), admin, unsigned)),
            abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, k.signer)
        );
        k.signer = new bytes(64);
        digest = _digestOf(k);
        admin = _signature(_secret(MAKER), digest);
        _reverts(
            abi.encodeCall(IAccreditation.addKey, (k, _signer(MAKER), admin, new bytes(64))),
            abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, k.signer)
        );
    }

    function test_addition_byAKeyWithoutAdminOrOfAnother_isRefused() public {
        _addKey(MAKER, 0xe, Purpose.EVENTS | Purpose.LABELS, 0, 0);
        KeyAddition memory k = KeyAddition(MAKER, _account(NEW), 1, 0, 0);
        bytes32 digest = _digestOf(k);
        _reverts(
            abi.encodeCall(IAccreditation.addKey, (k, _account(0xe), _signature(0xe, digest), _signature(NEW, digest))),
            abi.encodeWithSelector(IAccreditation.PurposeMissing.selector, keccak256(_account(0xe)), Purpose.ADMIN)
        );
        _reverts(
            _adding(k, BELGIUM, NEW),
            abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, _keyOf(BELGIUM), MAKER, BELGIUM)
        );
    }

    function test_key_isLiveInsideItsWindowOnly() public {
        _addKey(MAKER, NEW, Purpose.EVENTS, NOW + 10, NOW + 20);
        uint40[4] memory times = [NOW + 9, NOW + 10, NOW + 19, NOW + 20];
        for (uint256 i = 0; i < 4; ++i) {
            vm.warp(times[i]);
            uint256 before = vm.snapshotState();
            if (i == 1 || i == 2) _signsEvents(NEW);
            else _refusesEvents(NEW, times[i]);
            vm.revertToState(before);
        }
    }

    function test_labelKey_signsNoEvents() public {
        _addKey(MAKER, NEW, Purpose.LABELS, 0, 0);
        CustodyEvent memory e = _shipment(batch, MAKER, CARRIER);
        _refused(
            ICustodyLedger.SignedCustodyEvent(e, "", _account(NEW), _signature(NEW, _digestOf(e))),
            abi.encodeWithSelector(IAccreditation.PurposeMissing.selector, keccak256(_account(NEW)), Purpose.EVENTS)
        );
    }

    function test_endedKey_isLoggedAndDead() public {
        _addKey(MAKER, NEW, Purpose.EVENTS, 0, 0);
        KeyEnding memory k = KeyEnding(MAKER, keccak256(_account(NEW)), NOW - 5);
        Vm.Log[] memory logs = _logsOf(_ending(k, MAKER));
        bytes32[] memory topics = _topics(IAccreditation.KeyEnded.selector, k.key, bytes32(uint256(MAKER)));
        _sameLog(logs[0], topics, abi.encode(k.doubtSince, _digestOf(k)));
        _sameKey(NEW, IAccreditation.Key(MAKER, Purpose.EVENTS, 0, 0, NOW, NOW - 5));
        _refusesEvents(NEW, NOW);
    }

    function test_doubt_onlyEverBecomesEarlier_andTheEndStays() public {
        _addKey(MAKER, NEW, Purpose.EVENTS, 0, 0);
        KeyEnding memory k = KeyEnding(MAKER, keccak256(_account(NEW)), NOW - 5);
        _done(_ending(k, MAKER));
        vm.warp(NOW + 100);
        _reverts(_ending(k, MAKER), abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, _digestOf(k)));
        bytes memory dead = abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, k.key, NOW);
        k.doubtSince = NOW - 4;
        _reverts(_ending(k, MAKER), dead);
        k.doubtSince = 0;
        _reverts(_ending(k, MAKER), dead);
        k.doubtSince = NOW - 6;
        _done(_ending(k, MAKER));
        _sameKey(NEW, IAccreditation.Key(MAKER, Purpose.EVENTS, 0, 0, NOW, NOW - 6));
    }

    function test_doubt_inTheFuture_isRefused() public {
        _reverts(
            _ending(KeyEnding(MAKER, _keyOf(MAKER), NOW + 1), MAKER),
            abi.encodeWithSelector(IAccreditation.OccurredAtOutOfRange.selector, NOW + 1, 0, NOW)
        );
    }

    function test_ending_isForTheOrganisationAndItsAuthorityAlone() public {
        KeyEnding memory k = KeyEnding(CARRIER, _keyOf(MAKER), 0);
        _reverts(
            _ending(k, CARRIER), abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, k.key, CARRIER, MAKER)
        );
        k.actor = SINGAPORE;
        _reverts(
            _ending(k, SINGAPORE), abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, k.key, SINGAPORE, MAKER)
        );
        k.actor = BELGIUM;
        _done(_ending(k, BELGIUM));
        vm.assertEq(ledger.key(k.key).endedAt, NOW, "ended by the authority");
    }

    function test_ending_ofAnUnknownKey_isRefused() public {
        _reverts(
            _ending(KeyEnding(MAKER, _keyOf(NOBODY), 0), MAKER),
            abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, _keyOf(NOBODY), NOW)
        );
    }

    function test_ending_withoutAnAdminKey_isRefused() public {
        _addKey(MAKER, NEW, Purpose.EVENTS, 0, 0);
        KeyEnding memory k = KeyEnding(MAKER, _keyOf(MAKER), 0);
        _reverts(
            abi.encodeCall(IAccreditation.endKey, (k, _account(NEW), _signature(NEW, _digestOf(k)))),
            abi.encodeWithSelector(IAccreditation.PurposeMissing.selector, keccak256(_account(NEW)), Purpose.ADMIN)
        );
    }

    function _adding(KeyAddition memory k, uint32 admin, uint256 secret) private view returns (bytes memory) {
        bytes32 digest = _digestOf(k);
        return abi.encodeCall(
            IAccreditation.addKey, (k, _signer(admin), _signature(_secret(admin), digest), _signature(secret, digest))
        );
    }

    function _ending(KeyEnding memory k, uint32 by) private view returns (bytes memory) {
        return abi.encodeCall(IAccreditation.endKey, (k, _signer(by), _signature(_secret(by), _digestOf(k))));
    }

    function _sameKey(uint256 secret, IAccreditation.Key memory expected) private view {
        vm.assertEq(abi.encode(ledger.key(keccak256(_account(secret)))), abi.encode(expected), "key");
    }

    function _signsEvents(uint256 secret) private {
        CustodyEvent memory e = _shipment(batch, MAKER, CARRIER);
        _acceptedLogs(ICustodyLedger.SignedCustodyEvent(e, "", _account(secret), _signature(secret, _digestOf(e))));
    }

    function _refusesEvents(uint256 secret, uint40 time) private {
        CustodyEvent memory e = _shipment(batch, MAKER, CARRIER);
        _refused(
            ICustodyLedger.SignedCustodyEvent(e, "", _account(secret), _signature(secret, _digestOf(e))),
            abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, keccak256(_account(secret)), time)
        );
    }
}
