// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {CustodyEvent} from "../types/Statements.sol";
import {Kind, Status} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

/// @notice Does random things to the goods of two batches, as any organisation, allowed or not, and keeps its own books.
contract Handler is Fixture {
    bytes32[] public ids; // every consignment there ever was, pallets included
    uint256 public registered; // units
    uint256 public used; // units dispensed or destroyed, as the accepted events say
    string public broken; // the first rule seen broken

    mapping(bytes32 id => bool) private _gone; // with the pallet that it was on
    mapping(bytes32 id => bytes32 hash) private _recalls; // as first recorded
    mapping(bytes32 id => mapping(bytes32 head => bool)) private _heads;

    constructor() {
        setUp();
        _keep(batch);
        _keep(_registered("L2"));
        registered = 2 * QUANTITY;
    }

    // ---- what is tried ----

    /// @dev Any kind without parts, by anyone on anything.
    function act(uint8 kind, uint8 what, uint8 who, uint8 to, uint32 quantity, bool isSigned) external {
        uint8[10] memory kinds = [1, 2, 4, 8, 9, 10, 11, 12, 13, 14];
        CustodyEvent memory e = _event(kinds[kind % 10], who % ORGANISATIONS + 1, _some(what));
        ICustodyLedger.Consignment memory c = ledger.consignment(e.consignment);
        e.quantity = e.kind > Kind.RECALL ? quantity % (QUANTITY / 4) : c.rest;
        if (e.kind < Kind.SPLIT) e.counterparty = to % ORGANISATIONS + 1;
        if (e.kind == Kind.DESTROY && c.heldBy == e.actor) e.previous = bytes32(uint256(c.sequence));
        _try(e, "", isSigned);
    }

    /// @dev What is likely to be allowed, so that goods get around.
    function move(uint8 what, uint8 to) external {
        bytes32 id = _some(what);
        ICustodyLedger.Consignment memory c = ledger.consignment(id);
        if (c.counterparty == 0) _try(_shipment(id, c.holder, to % 4 + MAKER), "", true);
        else _try(_receipt(id, c.holder, c.counterparty), "", true);
    }

    /// @dev DISPENSE and DESTROY by who may, of goods and of whole pallets.
    function use(uint8 what, uint32 quantity) external {
        bytes32 id = _some(what);
        ICustodyLedger.Consignment memory c = ledger.consignment(id);
        bool isPallet = c.status & Status.PALLET != 0;
        uint8 kind = c.holder == PHARMACY && !isPallet ? Kind.DISPENSE : Kind.DESTROY;
        _try(_event(kind, c.holder, id, 0, isPallet ? c.rest : quantity % (QUANTITY / 4)), "", true);
    }

    /// @dev An administration's acts by one that may, on a whole batch every other time, so that they follow each other;
    /// SEIZE is rare, as it is the last of them.
    function administer(uint8 kind, uint8 what, uint8 who) external {
        uint8[16] memory kinds = [8, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 11, 12, 12, 12];
        CustodyEvent memory e = _event(kinds[kind % 16], CUSTOMS, what % 2 == 0 ? ids[what / 2 % 2] : _some(what));
        uint32 heldBy = ledger.consignment(e.consignment).heldBy;
        if (e.kind == Kind.RECALL || who % 2 == 0) e.actor = SINGAPORE;
        if (e.kind == Kind.RELEASE && heldBy != 0) e.actor = heldBy;
        _try(e, "", true);
    }

    function split(uint8 what, uint32 a, uint32 b) external {
        bytes32 id = _some(what);
        uint32[] memory quantities = new uint32[](2);
        (quantities[0], quantities[1]) = (a % QUANTITY, b % QUANTITY);
        (CustodyEvent memory e, bytes memory attachment) = _splitting(id, ledger.consignment(id).holder, quantities);
        if (!_try(e, attachment, true)) return;
        _keep(_child(_digestOf(e), 0));
        _keep(_child(_digestOf(e), 1));
    }

    function pack(uint8 one, uint8 other) external {
        bytes32[] memory some = new bytes32[](2);
        (some[0], some[1]) = (_some(one), _some(other));
        (CustodyEvent memory e, bytes memory attachment) = _packing(ledger.consignment(some[0]).holder, some, 0);
        if (_try(e, attachment, true)) _keep(_digestOf(e));
    }

    function unpack(uint8 what, uint8 which) external {
        bytes32 pallet = _some(what);
        (CustodyEvent memory e, bytes memory attachment) =
            _unpacking(ledger.consignment(pallet).holder, pallet, _one(_some(which)));
        _try(e, attachment, true);
    }

    // ---- what must hold ----

    /// @notice Units that the ledger says are left somewhere.
    function left() external view returns (uint256 units) {
        ICustodyLedger.Consignment[] memory all = _everything();
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].status & Status.PALLET == 0 && !_gone[ids[i]]) units += all[i].rest;
        }
    }

    /// @notice Whether each pallet counts just what is on it.
    function palletsCount() external view returns (bool) {
        ICustodyLedger.Consignment[] memory all = _everything();
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].status & Status.PALLET == 0) continue;
            uint256 count;
            for (uint256 j = 0; j < all.length; ++j) {
                if (_isOn(all[j], all[i].pallet) && !_gone[ids[j]]) ++count;
            }
            if (count != all[i].rest) return false;
        }
        return true;
    }

    /// @notice Whether each recall stands as it was recorded, and there is none that was not.
    function recallsStand() external view returns (bool) {
        for (uint256 i = 0; i < ids.length; ++i) {
            bool isRecalled = ledger.recallOf(ids[i]).by != 0;
            if (_recalls[ids[i]] != (isRecalled ? _hashOfRecall(ids[i]) : bytes32(0))) return false;
        }
        return true;
    }

    // ---- trying, and the books ----

    function _try(CustodyEvent memory e, bytes memory attachment, bool isSigned) private returns (bool done) {
        ICustodyLedger.SignedCustodyEvent memory item = _signed(e, attachment);
        // a signature of somebody else's key under the right digest
        if (!isSigned) item.signature = _signature(_secret(e.actor % ORGANISATIONS + 1), _digestOf(e));
        ICustodyLedger.Consignment[] memory before = _everything();
        bytes32 recalls = _hashOfRecalls();
        (done,) = address(ledger).call(_callOf(item));
        if (done) {
            if (!isSigned) broken = "a write without a valid signature";
            _book(e, before);
        } else {
            bool same = keccak256(abi.encode(before)) == keccak256(abi.encode(_everything()));
            if (!same || recalls != _hashOfRecalls()) broken = "a refused write changed something";
        }
    }

    /// @dev Compares what an accepted event did with what was there before it.
    function _book(CustodyEvent memory e, ICustodyLedger.Consignment[] memory before) private {
        for (uint256 i = 0; i < before.length; ++i) {
            _compare(e, before[i], ledger.consignment(ids[i]));
            if (ids[i] == e.consignment) _bookOwn(e, before[i]);
        }
    }

    function _compare(
        CustodyEvent memory e,
        ICustodyLedger.Consignment memory before,
        ICustodyLedger.Consignment memory c
    ) private {
        bool moved = c.holder != before.holder || c.counterparty != before.counterparty || c.pallet != before.pallet;
        bool taken = c.rest != before.rest && e.kind != Kind.DESTROY;
        if (before.heldBy != 0 && (moved || taken)) broken = "held or seized goods moved";
        if (before.status & ~c.status != 0) broken = "seizure was lifted";
    }

    /// @dev The goods that the event names; a PACK names none, the pallet is new.
    function _bookOwn(CustodyEvent memory e, ICustodyLedger.Consignment memory before) private {
        bytes32 head = ledger.consignment(e.consignment).head;
        if (head != _grown(before.head, _digestOf(e))) broken = "a head did not grow";
        if (_heads[e.consignment][head]) broken = "a head came back";
        _heads[e.consignment][head] = true;
        if (e.kind == Kind.RECALL) _recalls[e.consignment] = _hashOfRecall(e.consignment);
        if (e.kind != Kind.DISPENSE && e.kind != Kind.DESTROY) return;
        used += before.status & Status.PALLET != 0 ? _destroyPallet(before.pallet) : e.quantity;
    }

    /// @dev A pallet is destroyed with all that is on it; the ledger leaves its consignments on it for ever.
    function _destroyPallet(uint32 number) private returns (uint256 units) {
        ICustodyLedger.Consignment[] memory all = _everything();
        for (uint256 i = 0; i < all.length; ++i) {
            if (!_isOn(all[i], number)) continue;
            units += all[i].rest;
            _gone[ids[i]] = true;
        }
    }

    function _isOn(ICustodyLedger.Consignment memory c, uint32 pallet) private pure returns (bool) {
        return c.pallet == pallet && c.status & Status.PALLET == 0;
    }

    function _everything() private view returns (ICustodyLedger.Consignment[] memory all) {
        all = new ICustodyLedger.Consignment[](ids.length);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = ledger.consignment(ids[i]);
        }
    }

    function _hashOfRecall(bytes32 id) private view returns (bytes32) {
        return keccak256(abi.encode(ledger.recallOf(id)));
    }

    /// @dev Of the two batches: nothing else can be recalled, see {recallsStand}.
    function _hashOfRecalls() private view returns (bytes32) {
        return keccak256(abi.encode(_hashOfRecall(ids[0]), _hashOfRecall(ids[1])));
    }

    function _some(uint8 what) private view returns (bytes32) {
        return ids[what % ids.length];
    }

    function _keep(bytes32 id) private {
        ids.push(id);
    }
}

/// @title What stays true whatever is tried, in whatever order
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler private _handler;

    function setUp() public {
        _handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[9] memory some = [
            Handler.act.selector,
            Handler.move.selector,
            Handler.move.selector,
            Handler.use.selector,
            Handler.administer.selector,
            Handler.administer.selector,
            Handler.split.selector,
            Handler.pack.selector,
            Handler.unpack.selector
        ];
        bytes4[] memory selectors = new bytes4[](some.length);
        for (uint256 i = 0; i < some.length; ++i) {
            selectors[i] = some[i];
        }
        targets = new FuzzSelector[](1);
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

    function invariant_palletsCountWhatIsOnThem() public view {
        require(_handler.palletsCount(), "pallets");
    }

    function invariant_recallsStand() public view {
        require(_handler.recallsStand(), "recalls");
    }
}
