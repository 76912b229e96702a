// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {CustodyLedger} from "../CustodyLedger.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind, Purpose, Role, Status} from "../types/Vocabulary.sol";
import {Vm} from "./Vm.sol";

/// @notice What Halmos adds to the cheat codes.
interface Svm {
    function enableSymbolicStorage(address target) external;
}

/// @notice The deployed contract, and a door to its rules behind the check of the signature.
contract Rules is CustodyLedger(address(0xC0)) {
    function apply_(CustodyEvent calldata e, bytes calldata attachment, bytes32 digest, uint8 roles) external {
        _apply(e, attachment, digest, roles);
    }
}

/// @title Proofs by Halmos: what holds for every storage that there can be, every statement and every time
/// @notice A path that reverts proves nothing and needs no proof: what it wrote is gone. So each function calls once and
/// asserts over the paths that went through.
/// @dev forge finds no test here; scripts/halmos proves every check_….
contract HalmosProofs {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Svm private constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

    Rules private _ledger;

    function setUp() public {
        _ledger = new Rules();
        svm.enableSymbolicStorage(address(_ledger));
    }

    // ---- authorisation ----

    /// @dev An account's statement is recorded only under a live EVENTS key of its actor, an active organisation.
    function check_onlyALiveKeyOfTheActorRecords(
        CustodyEvent calldata e,
        address account,
        bytes32 r,
        bytes32 s,
        uint8 v,
        uint32 time
    ) public {
        vm.warp(time);
        vm.assume(account.code.length == 0);
        bytes memory signer = abi.encodePacked(account);
        bytes32 digest = _ledger.digestOfCustodyEvent(e);
        Rules.Key memory k = _ledger.key(keccak256(signer));
        Rules.Organisation memory actor = _ledger.organisation(e.actor);

        _ledger.record(e, "", signer, abi.encodePacked(r, s, v));

        assert(k.organisation == e.actor && k.purposes & Purpose.EVENTS != 0);
        assert(k.validFrom <= time && (k.validUntil == 0 || time < k.validUntil) && k.endedAt == 0);
        assert(actor.authority != 0 && actor.suspendedAt == 0);
        assert(ecrecover(digest, v, r, s) == account);
        assert(time >= _ledger.pausedUntil());
    }

    /// @dev What the gate lets through is bound by the role of the kind.
    function check_onlyThoseWithTheRoleAct(CustodyEvent calldata e, bytes32 digest, uint8 roles, uint32 time) public {
        vm.warp(time);
        Rules.Consignment memory c = _ledger.consignment(e.consignment);
        bool isAdministration = e.kind == Kind.INSPECT || e.kind == Kind.HOLD || e.kind == Kind.RELEASE
            || e.kind == Kind.SEIZE || (e.kind == Kind.DESTROY && c.heldBy == e.actor);

        _ledger.apply_(e, "", digest, roles);

        if (isAdministration) {
            assert(roles & Role.ADMINISTRATION != 0);
            assert(bytes2(e.place) == _ledger.organisation(e.actor).country);
        } else if (e.kind == Kind.RECALL) {
            assert(e.actor == c.manufacturer || roles & Role.REGULATOR != 0);
        } else if (e.kind == Kind.DISPENSE) {
            assert(roles & Role.PHARMACY != 0 && c.holder == e.actor);
        } else if (e.kind == Kind.RECEIVE) {
            assert(roles & Role.CUSTODY != 0 && c.counterparty == e.actor);
        } else if (e.kind == Kind.SHIP) {
            assert(roles & Role.CUSTODY != 0 && c.holder == e.actor && c.counterparty == 0);
        } else if (e.kind == Kind.RETURN) {
            assert(e.actor == c.holder || e.actor == c.counterparty);
        } else {
            assert(e.kind == Kind.DESTROY && c.holder == e.actor);
        }
    }

    // ---- conservation ----

    /// @dev Units leave only by DISPENSE and DESTROY, by just the stated quantity, and nothing else is touched.
    function check_unitsAreConserved(CustodyEvent calldata e, bytes32 other, bytes32 digest, uint8 roles, uint32 time)
        public
    {
        vm.warp(time);
        vm.assume(other != e.consignment);
        uint32 rest = _ledger.consignment(e.consignment).rest;
        bytes32 untouched = _hash(other);

        _ledger.apply_(e, "", digest, roles);

        bool uses = e.kind == Kind.DISPENSE || e.kind == Kind.DESTROY;
        assert(uint256(_ledger.consignment(e.consignment).rest) + (uses ? e.quantity : 0) == rest);
        assert(_hash(other) == untouched);
    }

    /// @dev What a SPLIT takes from its parent is what its children have.
    function check_aSplitMakesAndLosesNothing(
        CustodyEvent calldata statement,
        uint32 first,
        uint32 second,
        bytes32 digest,
        uint8 roles,
        uint32 time
    ) public {
        vm.warp(time);
        bytes memory attachment = abi.encodePacked(uint64(0), first, uint64(0), second);
        CustodyEvent memory e = statement;
        (e.kind, e.parts) = (Kind.SPLIT, keccak256(attachment));
        bytes32[2] memory ids = [keccak256(abi.encode(digest, 0)), keccak256(abi.encode(digest, 1))];
        vm.assume(e.consignment != ids[0] && e.consignment != ids[1]);
        // the digest is new: nothing has these ids yet, so nobody holds it
        vm.assume(_ledger.consignment(ids[0]).heldBy == 0 && _ledger.consignment(ids[1]).heldBy == 0);
        Rules.Consignment memory c = _ledger.consignment(e.consignment);

        _ledger.apply_(e, attachment, digest, roles);

        uint256 left = _ledger.consignment(e.consignment).rest;
        assert(left + _ledger.consignment(ids[0]).rest + _ledger.consignment(ids[1]).rest == c.rest);
        assert(c.heldBy == 0 && c.holder == e.actor && c.counterparty == 0);
        assert(_ledger.consignment(ids[1]).holder == c.holder && _ledger.consignment(ids[1]).heldBy == 0);
    }

    // ---- order ----

    /// @dev A head grows by the digest and by nothing else; a holder's event must have named it, an authority's the sequence.
    function check_headsOnlyGrow(CustodyEvent calldata e, bytes32 digest, uint8 roles, uint32 time) public {
        vm.warp(time);
        vm.assume(e.kind != Kind.CORRECT);
        Rules.Consignment memory c = _ledger.consignment(e.consignment);

        _ledger.apply_(e, "", digest, roles);

        Rules.Consignment memory after_ = _ledger.consignment(e.consignment);
        assert(after_.head == keccak256(abi.encode(c.head, digest)));
        assert(after_.sequence == c.sequence ? e.previous == c.head : uint256(e.previous) == c.sequence);
        assert(c.head != 0 && after_.manufacturer == c.manufacturer);
    }

    // ---- hold and seizure ----

    /// @dev Held or seized goods neither move nor lose a unit, but to the administration that has them.
    function check_heldGoodsDoNotMove(CustodyEvent calldata e, bytes32 digest, uint8 roles, uint32 time) public {
        vm.warp(time);
        Rules.Consignment memory c = _ledger.consignment(e.consignment);
        vm.assume(c.heldBy != 0);

        _ledger.apply_(e, "", digest, roles);

        Rules.Consignment memory after_ = _ledger.consignment(e.consignment);
        assert(after_.holder == c.holder && after_.counterparty == c.counterparty && after_.pallet == c.pallet);
        assert(after_.rest == c.rest || (e.kind == Kind.DESTROY && e.actor == c.heldBy));
    }

    /// @dev A hold ends only by the RELEASE of who holds or of a regulator of that country, or in a seizure there.
    function check_aHoldEndsOnlyByRelease(CustodyEvent calldata e, bytes32 digest, uint8 roles, uint32 time) public {
        vm.warp(time);
        Rules.Consignment memory c = _ledger.consignment(e.consignment);
        vm.assume(e.actor != 0); // no organisation has the number 0
        vm.assume(c.heldBy != 0 && c.status & Status.SEIZED == 0);

        _ledger.apply_(e, "", digest, roles);

        uint32 heldBy = _ledger.consignment(e.consignment).heldBy;
        if (heldBy == c.heldBy) return;
        bool sameCountry = _ledger.organisation(c.heldBy).country == _ledger.organisation(e.actor).country;
        bool regulator = roles & Role.REGULATOR != 0 && sameCountry;
        if (heldBy == 0) assert(e.kind == Kind.RELEASE && (e.actor == c.heldBy || regulator));
        else assert(e.kind == Kind.SEIZE && heldBy == e.actor && sameCountry);
    }

    function check_aSeizureIsForEver(CustodyEvent calldata e, bytes32 digest, uint8 roles, uint32 time) public {
        vm.warp(time);
        Rules.Consignment memory c = _ledger.consignment(e.consignment);
        vm.assume(c.status & Status.SEIZED != 0);

        _ledger.apply_(e, "", digest, roles);

        Rules.Consignment memory after_ = _ledger.consignment(e.consignment);
        assert(after_.status & Status.SEIZED != 0 && after_.heldBy == c.heldBy);
    }

    // ---- recall ----

    /// @dev No event of any consignment changes a recall that stands, nor makes one but RECALL.
    function check_aRecallIsForEver(CustodyEvent calldata e, bytes32 batch, bytes32 digest, uint8 roles, uint32 time)
        public
    {
        vm.warp(time);
        ICustodyLedger.Recall memory recall = _ledger.recallOf(batch);

        _ledger.apply_(e, "", digest, roles);

        ICustodyLedger.Recall memory after_ = _ledger.recallOf(batch);
        bool same =
            after_.by == recall.by && after_.recordedAt == recall.recordedAt && after_.occurredAt == recall.occurredAt;
        assert(same || (recall.by == 0 && e.kind == Kind.RECALL && batch == e.consignment && after_.by == e.actor));
    }

    function _hash(bytes32 id) private view returns (bytes32) {
        return keccak256(abi.encode(_ledger.consignment(id)));
    }
}
