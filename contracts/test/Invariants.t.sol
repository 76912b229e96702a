// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind, Status} from "../types/Vocabulary.sol";
import {Fixture, ILedger} from "./Fixture.sol";

/// @notice Does random things to the goods of two batches, as any organisation, allowed or not, and keeps its own books.
contract Handler is Fixture {
    bytes32[] public ids; // every consignment there ever was, pallets included
    uint256 public registered; // units
    uint256 public used; // units dispensed or destroyed
    uint256 public accepted;
    uint256 public refused;
    string public broken; // the first rule seen broken
    mapping(bytes32 id => bool) private _recalled;
    mapping(bytes32 id => mapping(bytes32 head => bool)) private _heads;

    constructor() {
        setUp();
        _keep(batch);
        _keep(_register("B-2"));
        registered = 2 * UNITS;
    }

    /// @dev Any kind without parts, by anyone on anything.
    function act(uint8 kind, uint8 what, uint8 who, uint8 to, uint32 quantity, bool signed_) external {
        bytes32 id = ids[what % ids.length];
        uint8[10] memory kinds = [1, 2, 4, 8, 9, 10, 11, 12, 13, 14];
        CustodyEvent memory e = event_(kinds[kind % 10], id, who % 7 + 1, 0);
        if (e.kind < Kind.SPLIT) e.counterparty = to % 7 + 1;
        if (e.kind > Kind.RECALL) e.quantity = quantity % (UNITS / 4);
        if (e.actor == ABROAD) e.place = SINGAPORE;
        if (e.kind == Kind.DESTROY && ledger.consignment(id).heldBy == e.actor) {
            e.previous = bytes32(uint256(ledger.consignment(id).sequence));
        }
        _try(e, "", signed_);
    }

    /// @dev What is likely to be allowed, so that goods get around.
    function move(uint8 what, uint8 to) external {
        bytes32 id = ids[what % ids.length];
        ICustodyLedger.Consignment memory c = ledger.consignment(id);
        if (c.counterparty == 0) _try(event_(Kind.SHIP, id, c.holder, to % 3 + MAKER), "", true);
        else _try(event_(Kind.RECEIVE, id, c.counterparty, c.holder), "", true);
    }

    function split(uint8 what, uint32 a, uint32 b) external {
        bytes32 id = ids[what % ids.length];
        bytes memory attachment = abi.encodePacked(uint64(0), a % UNITS, uint64(0), b % UNITS);
        CustodyEvent memory e = event_(Kind.SPLIT, id, ledger.consignment(id).holder, 0);
        (e.quantity, e.parts) = (a % UNITS + b % UNITS, keccak256(attachment));
        if (!_try(e, attachment, true)) return;
        _keep(keccak256(abi.encode(digestOf(e), 0)));
        _keep(keccak256(abi.encode(digestOf(e), 1)));
    }

    function pack(uint8 one, uint8 other) external {
        bytes32[] memory some = new bytes32[](2);
        (some[0], some[1]) = (ids[one % ids.length], ids[other % ids.length]);
        (CustodyEvent memory e, bytes memory attachment) = packEvent(some, ledger.consignment(some[0]).holder);
        if (_try(e, attachment, true)) _keep(digestOf(e));
    }

    function unpack(uint8 what, uint8 which) external {
        bytes32[] memory some = new bytes32[](1);
        some[0] = ids[which % ids.length];
        bytes32 pallet = ids[what % ids.length];
        (CustodyEvent memory e, bytes memory attachment) = unpackEvent(pallet, some, ledger.consignment(pallet).holder);
        _try(e, attachment, true);
    }

    function _try(CustodyEvent memory e, bytes memory attachment, bool signed_) private returns (bool done) {
        ICustodyLedger.SignedCustodyEvent memory item = signed(e, attachment);
        // a signature of somebody else's key under the right digest
        if (!signed_) item.signature = sign(keyOf(e.actor % 7 + 1), digestOf(e));
        bytes memory before = _everything();
        ICustodyLedger.Consignment memory c = ledger.consignment(e.consignment);
        try ledger.record(item.statement, item.attachment, item.signer, item.signature) {
            done = true;
            ++accepted;
            if (!signed_) broken = "a write without a valid signature";
            _book(e, c);
        } catch {
            ++refused;
            if (keccak256(before) != keccak256(_everything())) broken = "a refused write changed something";
        }
    }

    /// @dev Compares what an accepted event did with what was there before it.
    function _book(CustodyEvent memory e, ICustodyLedger.Consignment memory before) private {
        ICustodyLedger.Consignment memory c = ledger.consignment(e.consignment);
        bool pallet = before.status & Status.PALLET != 0;
        if (e.kind == Kind.DISPENSE || e.kind == Kind.DESTROY) {
            used += pallet ? _destroyPallet(before.pallet) : before.rest - c.rest;
        }
        bool moved = c.holder != before.holder || c.counterparty != before.counterparty || c.pallet != before.pallet;
        if (before.heldBy != 0 && moved) broken = "held or seized goods moved";
        if (before.status & Status.SEIZED != 0 && c.status & Status.SEIZED == 0) broken = "seizure was lifted";
        if (e.kind == Kind.RECALL) _recalled[e.consignment] = true;
        if (e.kind == Kind.PACK) return; // names no consignment: the pallet is new
        if (c.head != keccak256(abi.encode(before.head, digestOf(e)))) broken = "a head did not grow";
        if (_heads[e.consignment][c.head]) broken = "a head came back";
        _heads[e.consignment][c.head] = true;
    }

    /// @dev A pallet is destroyed with all that is on it; the ledger leaves its consignments on it for ever.
    function _destroyPallet(uint32 number) private returns (uint256 units) {
        for (uint256 i = 0; i < ids.length; ++i) {
            ICustodyLedger.Consignment memory c = ledger.consignment(ids[i]);
            if (c.pallet != number || c.status & Status.PALLET != 0) continue;
            units += c.rest;
            _gone[ids[i]] = true;
        }
    }

    mapping(bytes32 id => bool) private _gone;

    /// @notice Units that the ledger says are left somewhere.
    function left() external view returns (uint256 units) {
        for (uint256 i = 0; i < ids.length; ++i) {
            ICustodyLedger.Consignment memory c = ledger.consignment(ids[i]);
            if (c.status & Status.PALLET == 0 && !_gone[ids[i]]) units += c.rest;
        }
    }

    /// @notice Whether each pallet counts just what is on it, and each recall still stands.
    function isConsistent() external view returns (bool) {
        for (uint256 i = 0; i < ids.length; ++i) {
            ICustodyLedger.Consignment memory c = ledger.consignment(ids[i]);
            if (_recalled[ids[i]] && ledger.recallOf(ids[i]).by == 0) return false;
            if (c.status & Status.PALLET == 0 || c.rest == 0) continue;
            uint256 count;
            for (uint256 j = 0; j < ids.length; ++j) {
                ICustodyLedger.Consignment memory on = ledger.consignment(ids[j]);
                if (on.pallet == c.pallet && on.status & Status.PALLET == 0) ++count;
            }
            if (count != c.rest) return false;
        }
        return true;
    }

    function _everything() private view returns (bytes memory all) {
        for (uint256 i = 0; i < ids.length; ++i) {
            all = bytes.concat(all, abi.encode(ledger.consignment(ids[i]), ledger.recallOf(ids[i])));
        }
    }

    function _keep(bytes32 id) private {
        ids.push(id);
    }
}

/// @title What stays true whatever is tried, in whatever order
contract InvariantsTest {
    Handler private _handler;

    function setUp() public {
        _handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](6);
        (selectors[0], selectors[1], selectors[2]) =
        (Handler.act.selector, Handler.move.selector, Handler.move.selector);
        (selectors[3], selectors[4], selectors[5]) =
        (Handler.split.selector, Handler.pack.selector, Handler.unpack.selector);
        targets[0] = FuzzSelector(address(_handler), selectors);
    }

    /// @dev Rests, what was dispensed and what was destroyed make up what was registered.
    function invariant_quantityIsConserved() public view {
        require(_handler.left() + _handler.used() == _handler.registered(), "quantity");
    }

    /// @dev No write without a valid signature; a refused write changes nothing; heads only grow; held or seized goods do
    /// not move; seizure is for ever.
    function invariant_noRuleWasSeenBroken() public view {
        require(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    function invariant_palletsCountWhatIsOnThemAndRecallsStand() public view {
        require(_handler.isConsistent(), "pallets or recalls");
    }
}
