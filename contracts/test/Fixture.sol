// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {
    Accreditation,
    Anchor,
    BatchRegistration,
    Bundle,
    CustodyEvent,
    KeyAddition,
    KeyEnding,
    Statements,
    Suspension
} from "../types/Statements.sol";
import {Kind, ProductClass, Purpose, Role} from "../types/Vocabulary.sol";
import {Vm} from "./Vm.sol";

/// @notice Everything that the ledger offers.
interface ILedger is IAccreditation, ICustodyLedger {
    function recordOne(SignedCustodyEvent[] calldata items, uint256 index) external;
    function registerOne(SignedRegistration[] calldata items, uint256 index) external;
    function recordAuthorised(
        CustodyEvent calldata e,
        bytes calldata attachment,
        bytes32 digest,
        bytes32 id,
        uint8 roles
    ) external;
}

/// @title A fresh ledger with organisations of Belgium and Singapore, and the words to make and sign statements
/// @notice Organisation n signs with {keyOf}(n); all keys here are test keys, known to everyone.
abstract contract Fixture {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint32 internal constant AGENCY = 1; // authority of Belgium: REGULATOR
    uint32 internal constant MAKER = 2; // Belgium: MANUFACTURER
    uint32 internal constant CARRIER = 3; // Belgium: CARRIER
    uint32 internal constant PHARMACY = 4; // Belgium: PHARMACY
    uint32 internal constant CUSTOMS = 5; // Belgium: CUSTOMS
    uint32 internal constant ABROAD = 6; // authority of Singapore: CUSTOMS and REGULATOR
    uint32 internal constant OUTSIDER = 7; // Belgium: WHOLESALER, no prefixes

    uint64 internal constant PREFIX = 10 ** 7 + 5_412_345;
    uint64 internal constant GTIN = 5_412_345_000_013;
    uint64 internal constant SSCC = 54_123_450_000_000_013; // 0 5412345 000000001 3
    uint32 internal constant UNITS = 1000;
    bytes5 internal constant BRUSSELS = "BEBRU";
    bytes5 internal constant SINGAPORE = "SGSIN";
    uint256 internal constant NOW = 1_780_000_000;
    address internal constant COUNCIL = address(0xC0);
    string internal constant LOT = "A-1";

    ILedger internal ledger;
    bytes32 internal batch;

    function setUp() public virtual {
        vm.warp(NOW);
        ledger = _deploy();
        _admit("FAMHP", "BE", Role.REGULATOR);
        _accredit("Maker", Role.MANUFACTURER, PREFIX);
        _accredit("Carrier", Role.CARRIER, PREFIX);
        _accredit("Pharmacy", Role.PHARMACY, 0);
        _accredit("Customs", Role.CUSTOMS, 0);
        _admit("HSA", "SG", Role.CUSTOMS | Role.REGULATOR);
        _accredit("Outsider", Role.WHOLESALER, 0);
        batch = _register(LOT);
    }

    function _deploy() internal virtual returns (ILedger) {
        return ILedger(vm.deployCode("CustodyLedger.sol:CustodyLedger", abi.encode(COUNCIL)));
    }

    // ---- keys and signatures ----

    function keyOf(uint32 organisation) internal pure returns (uint256) {
        return 0xA11CE000 + organisation;
    }

    function signerOf(uint256 privateKey) internal pure returns (bytes memory) {
        return abi.encodePacked(vm.addr(privateKey));
    }

    function sign(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    function p256SignerOf(uint256 privateKey) internal pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(privateKey);
        return abi.encodePacked(x, y);
    }

    uint256 internal constant P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;

    /// @dev Over sha256 of the digest, with low s, as every signer off chain makes them.
    function signP256(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(privateKey, sha256(abi.encodePacked(digest)));
        if (uint256(s) > P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        return abi.encodePacked(r, s);
    }

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", ledger.domainSeparator(), structHash));
    }

    // ---- organisations ----

    function _admit(string memory name, bytes2 country, uint8 roles) internal returns (uint32 number) {
        number = ledger.organisationCount() + 1;
        bytes memory signer = signerOf(keyOf(number));
        KeyAddition memory first = KeyAddition(number, signer, Purpose.ADMIN | Purpose.EVENTS, 0, 0);
        bytes memory cosignature = sign(keyOf(number), digestOfKeyAddition(first));
        vm.prank(COUNCIL);
        ledger.admitAuthority(name, country, 0, roles, new uint64[](0), signer, cosignature);
    }

    function _accredit(string memory name, uint8 roles, uint64 prefix) internal returns (uint32 number) {
        number = ledger.organisationCount() + 1;
        uint64[] memory prefixes = new uint64[](prefix == 0 ? 0 : 1);
        if (prefix != 0) prefixes[0] = prefix;
        Accreditation memory a = accreditation(name, roles, prefixes, signerOf(keyOf(number)));
        ledger.accredit(
            a, prefixes, signerOf(keyOf(AGENCY)), sign(keyOf(AGENCY), digestOfAccreditation(a)), cosign(number)
        );
    }

    function accreditation(string memory name, uint8 roles, uint64[] memory prefixes, bytes memory adminKey)
        internal
        view
        returns (Accreditation memory)
    {
        uint64 sequence = ledger.organisation(AGENCY).sequence;
        bytes32 hash = keccak256(abi.encodePacked(prefixes));
        return Accreditation(AGENCY, 0, sequence, name, "BE", 0, roles, hash, adminKey);
    }

    /// @dev A first key's own signature.
    function cosign(uint32 number) internal view returns (bytes memory) {
        uint256 privateKey = keyOf(number);
        KeyAddition memory first = KeyAddition(number, signerOf(privateKey), Purpose.ADMIN | Purpose.EVENTS, 0, 0);
        return sign(privateKey, digestOfKeyAddition(first));
    }

    function _amendRoles(uint32 number, uint8 roles) internal {
        uint64[] memory prefixes = ledger.prefixesOf(number);
        Accreditation memory a = accreditation("Amended", roles, prefixes, "");
        a.organisation = number;
        ledger.accredit(a, prefixes, signerOf(keyOf(AGENCY)), sign(keyOf(AGENCY), digestOfAccreditation(a)), "");
    }

    function _suspend(uint32 number, bool suspended) internal {
        Suspension memory s = Suspension(AGENCY, number, ledger.organisation(AGENCY).sequence, suspended);
        ledger.suspend(s, signerOf(keyOf(AGENCY)), sign(keyOf(AGENCY), digestOfSuspension(s)));
    }

    function _addKey(uint32 number, uint256 privateKey, uint8 purposes, uint40 from, uint40 until) internal {
        KeyAddition memory k = KeyAddition(number, signerOf(privateKey), purposes, from, until);
        bytes32 digest = digestOfKeyAddition(k);
        ledger.addKey(k, signerOf(keyOf(number)), sign(keyOf(number), digest), sign(privateKey, digest));
    }

    function _addP256Key(uint32 number, uint256 privateKey) internal {
        KeyAddition memory k = KeyAddition(number, p256SignerOf(privateKey), Purpose.EVENTS, 0, 0);
        bytes32 digest = digestOfKeyAddition(k);
        ledger.addKey(k, signerOf(keyOf(number)), sign(keyOf(number), digest), signP256(privateKey, digest));
    }

    function _endKey(uint32 actor, uint256 privateKey, uint40 doubtSince) internal {
        KeyEnding memory k = KeyEnding(actor, keccak256(signerOf(privateKey)), doubtSince);
        ledger.endKey(k, signerOf(keyOf(actor)), sign(keyOf(actor), digestOfKeyEnding(k)));
    }

    // ---- batches ----

    function registration(string memory lot) internal pure returns (BatchRegistration memory) {
        return BatchRegistration(
            MAKER,
            GTIN,
            lot,
            ProductClass.VACCINE,
            UNITS,
            20_260_101,
            20_280_630,
            keccak256("units"),
            keccak256("document")
        );
    }

    function _register(string memory lot) internal returns (bytes32 id) {
        BatchRegistration memory r = registration(lot);
        ledger.register(r, signerOf(keyOf(MAKER)), sign(keyOf(MAKER), digestOfRegistration(r)));
        return keccak256(abi.encode(GTIN, lot));
    }

    function signed(BatchRegistration memory r) internal view returns (ICustodyLedger.SignedRegistration memory) {
        uint256 privateKey = keyOf(r.manufacturer);
        return ICustodyLedger.SignedRegistration(r, signerOf(privateKey), sign(privateKey, digestOfRegistration(r)));
    }

    // ---- custody events ----

    /// @dev The next event of a consignment, all units, in Brussels, now.
    function event_(uint8 kind, bytes32 id, uint32 actor, uint32 counterparty)
        internal
        view
        returns (CustodyEvent memory e)
    {
        ICustodyLedger.Consignment memory c = ledger.consignment(id);
        e.consignment = id;
        e.previous = 1 << kind & Kind.BY_AUTHORITY == 0 ? c.head : bytes32(uint256(c.sequence));
        (e.actor, e.kind, e.occurredAt, e.counterparty) = (actor, kind, uint40(block.timestamp), counterparty);
        (e.quantity, e.place, e.details) = (c.rest, BRUSSELS, keccak256("details"));
    }

    function signed(CustodyEvent memory e, bytes memory attachment)
        internal
        view
        returns (ICustodyLedger.SignedCustodyEvent memory)
    {
        uint256 privateKey = keyOf(e.actor);
        return ICustodyLedger.SignedCustodyEvent(e, attachment, signerOf(privateKey), sign(privateKey, digestOf(e)));
    }

    function _record(CustodyEvent memory e) internal returns (bytes32 digest) {
        return _record(e, "");
    }

    function _record(CustodyEvent memory e, bytes memory attachment) internal returns (bytes32 digest) {
        ICustodyLedger.SignedCustodyEvent memory item = signed(e, attachment);
        ledger.record(item.statement, item.attachment, item.signer, item.signature);
        return digestOf(e);
    }

    function _do(uint8 kind, bytes32 id, uint32 actor) internal returns (bytes32 digest) {
        return _record(event_(kind, id, actor, 0));
    }

    function _do(uint8 kind, bytes32 id, uint32 actor, uint32 counterparty) internal returns (bytes32 digest) {
        return _record(event_(kind, id, actor, counterparty));
    }

    /// @dev From one to another, through SHIP and RECEIVE.
    function _move(bytes32 id, uint32 from, uint32 to) internal {
        _do(Kind.SHIP, id, from, to);
        _do(Kind.RECEIVE, id, to, from);
    }

    /// @dev A SPLIT into children of one unit each.
    function splitEvent(bytes32 id, uint32 actor, uint32 children)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        for (uint32 i = 0; i < children; ++i) {
            attachment = abi.encodePacked(attachment, uint64(0), uint32(1));
        }
        e = event_(Kind.SPLIT, id, actor, 0);
        (e.quantity, e.parts) = (children, keccak256(attachment));
    }

    function _split(bytes32 id, uint32 actor, uint32 children) internal returns (bytes32[] memory ids) {
        (CustodyEvent memory e, bytes memory attachment) = splitEvent(id, actor, children);
        bytes32 digest = _record(e, attachment);
        ids = new bytes32[](children);
        for (uint256 i = 0; i < children; ++i) {
            ids[i] = keccak256(abi.encode(digest, i));
        }
    }

    function packEvent(bytes32[] memory ids, uint32 actor)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        attachment = abi.encodePacked(uint64(0));
        for (uint256 i = 0; i < ids.length; ++i) {
            attachment = abi.encodePacked(attachment, ids[i], ledger.consignment(ids[i]).head);
        }
        e = event_(Kind.PACK, 0, actor, 0);
        (e.quantity, e.parts) = (uint32(ids.length), keccak256(attachment));
    }

    function _pack(bytes32[] memory ids, uint32 actor) internal returns (bytes32 pallet) {
        (CustodyEvent memory e, bytes memory attachment) = packEvent(ids, actor);
        return _record(e, attachment);
    }

    function unpackEvent(bytes32 pallet, bytes32[] memory ids, uint32 actor)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        attachment = abi.encodePacked(ids);
        e = event_(Kind.UNPACK, pallet, actor, 0);
        (e.quantity, e.parts) = (uint32(ids.length), keccak256(attachment));
    }

    // ---- what must be refused ----

    function err(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodePacked(selector);
    }

    function err(bytes4 selector, uint256 a) internal pure returns (bytes memory) {
        return abi.encodePacked(selector, a);
    }

    function err(bytes4 selector, uint256 a, uint256 b) internal pure returns (bytes memory) {
        return abi.encodePacked(selector, a, b);
    }

    function err(bytes4 selector, uint256 a, uint256 b, uint256 c) internal pure returns (bytes memory) {
        return abi.encodePacked(selector, a, b, c);
    }

    function errOf(bytes4 selector, bytes32 a) internal pure returns (bytes memory) {
        return abi.encodePacked(selector, a);
    }

    function errOf(bytes4 selector, bytes32 a, bytes32 b) internal pure returns (bytes memory) {
        return abi.encodePacked(selector, a, b);
    }

    function errOf(bytes4 selector, bytes32 a, uint256 b) internal pure returns (bytes memory) {
        return abi.encodePacked(selector, a, b);
    }

    /// @dev The one check of every refusal: alone it reverts with just this error; among many it emits Refused with just the
    /// same bytes; and either way nothing is written.
    function _refused(CustodyEvent memory e, bytes memory attachment, bytes memory reason) internal {
        _refused(signed(e, attachment), reason);
    }

    function _refused(CustodyEvent memory e, bytes memory reason) internal {
        _refused(signed(e, ""), reason);
    }

    function _refused(ICustodyLedger.SignedCustodyEvent memory item, bytes memory reason) internal {
        vm.expectRevert(reason);
        ledger.record(item.statement, item.attachment, item.signer, item.signature);
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](1);
        items[0] = item;
        uint256 before = _watch();
        ledger.recordMany(items);
        _onlyRefused(digestOf(item.statement), reason, before);
    }

    function _refused(ICustodyLedger.SignedRegistration memory item, bytes memory reason) internal {
        vm.expectRevert(reason);
        ledger.register(item.statement, item.signer, item.signature);
        ICustodyLedger.SignedRegistration[] memory items = new ICustodyLedger.SignedRegistration[](1);
        items[0] = item;
        uint256 before = _watch();
        ledger.registerMany(items);
        _onlyRefused(digestOfRegistration(item.statement), reason, before);
    }

    function _watch() private returns (uint256 before) {
        before = vm.snapshotState();
        vm.recordLogs();
        vm.record();
    }

    /// @dev The refusal was logged last (what was logged before it and undone is recorded too), and every slot that was
    /// written on the way holds what it held.
    function _onlyRefused(bytes32 digest, bytes memory reason, uint256 before) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        vm.assertEq(last.topics[0], ICustodyLedger.Refused.selector, "Refused");
        vm.assertEq(last.topics[1], digest, "its digest");
        vm.assertEq(abi.decode(last.data, (bytes)), reason, "the same reason");
        (, bytes32[] memory slots) = vm.accesses(address(ledger));
        bytes32[] memory after_ = new bytes32[](slots.length);
        for (uint256 i = 0; i < slots.length; ++i) {
            after_[i] = vm.load(address(ledger), slots[i]);
        }
        vm.revertToState(before);
        for (uint256 i = 0; i < slots.length; ++i) {
            vm.assertEq(vm.load(address(ledger), slots[i]), after_[i], "nothing changed");
        }
    }

    // ---- digests, by their own way: EIP-712 spelled out ----

    function digestOf(CustodyEvent memory e) internal view returns (bytes32) {
        return digestOf(keccak256(abi.encode(Statements.CUSTODY_EVENT, e)));
    }

    function digestOfRegistration(BatchRegistration memory r) internal view returns (bytes32) {
        bytes memory head = abi.encode(Statements.BATCH_REGISTRATION, r.manufacturer, r.gtin, keccak256(bytes(r.lot)));
        bytes memory tail = abi.encode(r.productClass, r.quantity, r.manufactured, r.expiry, r.unitRoot, r.details);
        return digestOf(keccak256(bytes.concat(head, tail)));
    }

    function digestOfAccreditation(Accreditation memory a) internal view returns (bytes32) {
        bytes memory head = abi.encode(
            Statements.ACCREDITATION, a.authority, a.organisation, a.sequence, keccak256(bytes(a.name)), a.country
        );
        bytes memory tail = abi.encode(a.gln, a.roles, a.prefixes, keccak256(a.adminKey));
        return digestOf(keccak256(bytes.concat(head, tail)));
    }

    function digestOfSuspension(Suspension memory s) internal view returns (bytes32) {
        return digestOf(keccak256(abi.encode(Statements.SUSPENSION, s)));
    }

    function digestOfKeyAddition(KeyAddition memory k) internal view returns (bytes32) {
        bytes32 signer = keccak256(k.signer);
        return digestOf(
            keccak256(
                abi.encode(Statements.KEY_ADDITION, k.organisation, signer, k.purposes, k.validFrom, k.validUntil)
            )
        );
    }

    function digestOfKeyEnding(KeyEnding memory k) internal view returns (bytes32) {
        return digestOf(keccak256(abi.encode(Statements.KEY_ENDING, k)));
    }

    function digestOfBundle(Bundle memory b) internal view returns (bytes32) {
        return digestOf(keccak256(abi.encode(Statements.BUNDLE, b)));
    }

    function digestOfAnchor(Anchor memory a) internal view returns (bytes32) {
        return digestOf(keccak256(abi.encode(Statements.ANCHOR, a)));
    }
}
