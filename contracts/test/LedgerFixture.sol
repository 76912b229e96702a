// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {
    Accreditation,
    BatchRegistration,
    CustodyEvent,
    KeyAddition,
    Statements,
    Suspension
} from "../types/Statements.sol";
import {Kind, Purpose, Role} from "../types/Vocabulary.sol";
import {Vm} from "./Vm.sol";

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

/// @title A ledger with two countries' organisations and one batch, and the words that the tests speak
/// @dev Every refusal is checked twice, alone and among many, and every acceptance down to its log: see {_refused} and
/// {_accepted}.
abstract contract LedgerFixture {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint32 internal constant BELGIUM = 1; // authority and regulator
    uint32 internal constant SINGAPORE = 2; // authority and regulator
    uint32 internal constant MAKER = 3; // BE
    uint32 internal constant CARRIER = 4; // BE
    uint32 internal constant WHOLESALER = 5; // SG
    uint32 internal constant PHARMACY = 6; // SG
    uint32 internal constant CUSTOMS = 7; // SG
    uint32 internal constant PORT_CUSTOMS = 8; // SG
    uint32 internal constant FOREIGN_CUSTOMS = 9; // BE
    uint32 internal constant NOBODY = 99;

    uint40 internal constant NOW = 1_800_000_000;
    uint64 internal constant GTIN = 9_506_000_134_352; // GS1's own example
    uint64 internal constant PREFIX = 10 ** 7 + 9_506_000;
    uint32 internal constant QUANTITY = 1000;
    bytes32 internal constant DETAILS = keccak256("a salted document");
    uint256 internal constant SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 internal constant P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;

    address internal immutable COUNCIL = vm.addr(0xc0);
    ILedger internal ledger;
    bytes32 internal batch;

    function setUp() public virtual {
        vm.warp(NOW);
        ledger = _deployed();
        _admit(BELGIUM, "BE");
        _admit(SINGAPORE, "SG");
        _accredit(BELGIUM, MAKER, "BE", Role.MANUFACTURER);
        _accredit(BELGIUM, CARRIER, "BE", Role.CARRIER);
        _accredit(SINGAPORE, WHOLESALER, "SG", Role.WHOLESALER);
        _accredit(SINGAPORE, PHARMACY, "SG", Role.PHARMACY);
        _accredit(SINGAPORE, CUSTOMS, "SG", Role.CUSTOMS);
        _accredit(SINGAPORE, PORT_CUSTOMS, "SG", Role.CUSTOMS);
        _accredit(BELGIUM, FOREIGN_CUSTOMS, "BE", Role.CUSTOMS);
        batch = _registered("L1");
    }

    function _deployed() internal returns (ILedger) {
        return ILedger(vm.deployCode("CustodyLedger.sol:CustodyLedger", abi.encode(COUNCIL)));
    }

    // ---- signing ----

    /// @dev The secret of an organisation's first key.
    function _secret(uint32 number) internal pure returns (uint256) {
        return 0x1000 + number;
    }

    function _account(uint256 secret) internal pure returns (bytes memory) {
        return abi.encodePacked(vm.addr(secret));
    }

    function _signer(uint32 number) internal pure returns (bytes memory) {
        return _account(_secret(number));
    }

    function _keyOf(uint32 number) internal pure returns (bytes32) {
        return keccak256(_signer(number));
    }

    function _signature(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return abi.encodePacked(r, s, v);
    }

    function _p256Signer(uint256 secret) internal pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(secret);
        return abi.encodePacked(x, y);
    }

    /// @dev Over sha256 of the digest, with low s.
    function _p256Signature(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(secret, sha256(abi.encodePacked(digest)));
        if (uint256(s) > P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        return abi.encodePacked(r, s);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", ledger.domainSeparator(), structHash));
    }

    function _digestOf(CustodyEvent memory e) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(Statements.CUSTODY_EVENT, e)));
    }

    function _digestOf(BatchRegistration memory r) internal view returns (bytes32) {
        return _digest(
            keccak256(
                abi.encode(
                    Statements.BATCH_REGISTRATION,
                    r.manufacturer,
                    r.gtin,
                    keccak256(bytes(r.lot)),
                    r.productClass,
                    r.quantity,
                    r.manufactured,
                    r.expiry,
                    r.unitRoot,
                    r.details
                )
            )
        );
    }

    function _digestOf(Accreditation memory a) internal view returns (bytes32) {
        bytes memory last = abi.encode(a.country, a.gln, a.roles, a.prefixes, keccak256(a.adminKey));
        return _digest(
            keccak256(
                bytes.concat(
                    abi.encode(
                        Statements.ACCREDITATION, a.authority, a.organisation, a.sequence, keccak256(bytes(a.name))
                    ),
                    last
                )
            )
        );
    }

    function _digestOf(KeyAddition memory k) internal view returns (bytes32) {
        return _digest(
            keccak256(
                abi.encode(
                    Statements.KEY_ADDITION, k.organisation, keccak256(k.signer), k.purposes, k.validFrom, k.validUntil
                )
            )
        );
    }

    // ---- organisations ----

    function _prefixes() internal pure returns (uint64[] memory prefixes) {
        prefixes = new uint64[](1);
        prefixes[0] = PREFIX;
    }

    /// @dev What a first key signs.
    function _firstKey(uint32 number, bytes memory signer) internal pure returns (KeyAddition memory) {
        return KeyAddition(number, signer, Purpose.ADMIN | Purpose.EVENTS, 0, 0);
    }

    function _admit(uint32 number, bytes2 country) internal {
        bytes memory cosignature = _signature(_secret(number), _digestOf(_firstKey(number, _signer(number))));
        vm.prank(COUNCIL);
        ledger.admitAuthority("Authority", country, 0, Role.REGULATOR, new uint64[](0), _signer(number), cosignature);
    }

    function _accreditation(uint32 authority, bytes2 country, uint8 roles, uint64[] memory prefixes, bytes memory admin)
        internal
        view
        returns (Accreditation memory)
    {
        uint64 sequence = ledger.organisation(authority).sequence;
        bytes32 hash = keccak256(abi.encodePacked(prefixes));
        return Accreditation(authority, 0, sequence, "Organisation", country, 0, roles, hash, admin);
    }

    function _accredit(uint32 authority, uint32 number, bytes2 country, uint8 roles) internal {
        uint64[] memory prefixes = roles & Role.MANUFACTURER != 0 ? _prefixes() : new uint64[](0);
        _accredit(authority, number, country, roles, prefixes);
    }

    function _accredit(uint32 authority, uint32 number, bytes2 country, uint8 roles, uint64[] memory prefixes)
        internal
    {
        Accreditation memory a = _accreditation(authority, country, roles, prefixes, _signer(number));
        bytes memory cosignature = _signature(_secret(number), _digestOf(_firstKey(number, _signer(number))));
        bytes memory signature = _signature(_secret(authority), _digestOf(a));
        _same(ledger.accredit(a, prefixes, _signer(authority), signature, cosignature), number, "number assigned");
    }

    /// @dev Other roles, all else as before, no key.
    function _amend(uint32 authority, uint32 number, uint8 roles) internal {
        Accreditation memory a =
            _accreditation(authority, ledger.organisation(number).country, roles, ledger.prefixesOf(number), "");
        a.organisation = number;
        ledger.accredit(
            a, ledger.prefixesOf(number), _signer(authority), _signature(_secret(authority), _digestOf(a)), ""
        );
    }

    function _suspend(uint32 authority, uint32 number) internal {
        uint64 sequence = ledger.organisation(authority).sequence;
        bytes32 digest = _digest(keccak256(abi.encode(Statements.SUSPENSION, authority, number, sequence, true)));
        ledger.suspend(
            Suspension(authority, number, sequence, true), _signer(authority), _signature(_secret(authority), digest)
        );
    }

    function _addKey(uint32 number, uint256 secret, uint8 purposes, uint40 validFrom, uint40 validUntil) internal {
        KeyAddition memory k = KeyAddition(number, _account(secret), purposes, validFrom, validUntil);
        bytes32 digest = _digestOf(k);
        ledger.addKey(k, _signer(number), _signature(_secret(number), digest), _signature(secret, digest));
    }

    // ---- batches ----

    function _registration(string memory lot) internal pure returns (BatchRegistration memory) {
        return BatchRegistration(MAKER, GTIN, lot, 1, QUANTITY, 20_260_101, 20_271_231, 0, DETAILS);
    }

    function _registered(string memory lot) internal returns (bytes32) {
        BatchRegistration memory r = _registration(lot);
        ledger.register(r, _signer(MAKER), _signature(_secret(MAKER), _digestOf(r)));
        return keccak256(abi.encode(GTIN, lot));
    }

    /// @dev An SSCC under {PREFIX}: extension digit 0, its check digit computed here and not by the contract's code.
    function _sscc(uint64 serial) internal pure returns (uint64) {
        uint64 body = (PREFIX - 10 ** 7) * 10 ** 9 + serial;
        uint64 sum;
        uint64 weight = 3;
        for (uint64 rest = body; rest != 0; rest /= 10) {
            sum += rest % 10 * weight;
            weight = 4 - weight;
        }
        return body * 10 + (10 - sum % 10) % 10;
    }

    // ---- events ----

    function _isByAuthority(uint8 kind) internal pure returns (bool) {
        return Kind.BY_AUTHORITY >> kind & 1 == 1;
    }

    /// @dev The place of an organisation, in its own country.
    function _placeOf(uint32 number) internal view returns (bytes5) {
        return ledger.organisation(number).country == "SG" ? bytes5("SGSIN") : bytes5("BEBRU");
    }

    /// @dev An event at the consignment's present state, by `actor` now and at home.
    function _event(uint8 kind, uint32 actor, bytes32 id) internal view returns (CustodyEvent memory e) {
        ICustodyLedger.Consignment memory c = ledger.consignment(id);
        (e.consignment, e.kind, e.actor, e.details) = (id, kind, actor, DETAILS);
        e.previous = _isByAuthority(kind) ? bytes32(uint256(c.sequence)) : c.head;
        (e.occurredAt, e.place) = (uint40(block.timestamp), _placeOf(actor));
    }

    function _event(uint8 kind, uint32 actor, bytes32 id, uint32 counterparty, uint32 quantity)
        internal
        view
        returns (CustodyEvent memory e)
    {
        e = _event(kind, actor, id);
        (e.counterparty, e.quantity) = (counterparty, quantity);
    }

    function _shipment(bytes32 id, uint32 from, uint32 to) internal view returns (CustodyEvent memory) {
        return _event(Kind.SHIP, from, id, to, ledger.consignment(id).rest);
    }

    function _receipt(bytes32 id, uint32 from, uint32 to) internal view returns (CustodyEvent memory) {
        return _event(Kind.RECEIVE, to, id, from, ledger.consignment(id).rest);
    }

    function _handover(bytes32 id, uint32 from, uint32 to)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        e = _event(Kind.HANDOVER, from, id, to, ledger.consignment(id).rest);
        attachment = _cosigned(e, to);
    }

    function _cosigned(CustodyEvent memory e, uint32 by) internal view returns (bytes memory) {
        return abi.encode(_signer(by), _signature(_secret(by), _digestOf(e)));
    }

    /// @dev With parts, whose hash is signed.
    function _event(uint8 kind, uint32 actor, bytes32 id, uint32 quantity, bytes memory attachment)
        internal
        view
        returns (CustodyEvent memory e)
    {
        e = _event(kind, actor, id, 0, quantity);
        e.parts = keccak256(attachment);
    }

    function _packing(uint32 actor, bytes32 id, uint64 sscc)
        internal
        view
        returns (CustodyEvent memory e, bytes memory attachment)
    {
        attachment = abi.encodePacked(sscc, id, ledger.consignment(id).head);
        e = _event(Kind.PACK, actor, 0, 1, attachment);
    }

    // ---- acts that must succeed ----

    function _ship(bytes32 id, uint32 from, uint32 to) internal returns (bytes32) {
        return _accepted(_shipment(id, from, to));
    }

    /// @dev SHIP and RECEIVE.
    function _move(bytes32 id, uint32 from, uint32 to) internal {
        _ship(id, from, to);
        _accepted(_receipt(id, from, to));
    }

    function _hold(bytes32 id, uint32 by) internal returns (bytes32) {
        return _accepted(_event(Kind.HOLD, by, id));
    }

    function _seize(bytes32 id, uint32 by) internal returns (bytes32) {
        return _accepted(_event(Kind.SEIZE, by, id));
    }

    /// @return pallet Its id.
    function _pack(uint32 actor, bytes32 id) internal returns (bytes32 pallet) {
        (CustodyEvent memory e, bytes memory attachment) = _packing(actor, id, 0);
        return _accepted(e, attachment);
    }

    /// @return child The only child, of `quantity`.
    function _split(bytes32 id, uint32 actor, uint32 quantity) internal returns (bytes32 child) {
        bytes memory attachment = abi.encodePacked(uint64(0), quantity);
        return _child(_accepted(_event(Kind.SPLIT, actor, id, quantity, attachment), attachment), 0);
    }

    function _child(bytes32 digest, uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(digest, index));
    }

    function _grown(bytes32 head, bytes32 digest) internal pure returns (bytes32) {
        return keccak256(abi.encode(head, digest));
    }

    // ---- accepted, refused ----

    function _signed(CustodyEvent memory e, bytes memory attachment)
        internal
        view
        returns (ICustodyLedger.SignedCustodyEvent memory)
    {
        return ICustodyLedger.SignedCustodyEvent(
            e, attachment, _signer(e.actor), _signature(_secret(e.actor), _digestOf(e))
        );
    }

    function _callOf(ICustodyLedger.SignedCustodyEvent memory item) internal pure returns (bytes memory) {
        return abi.encodeCall(ICustodyLedger.record, (item.statement, item.attachment, item.signer, item.signature));
    }

    function _accepted(CustodyEvent memory e) internal returns (bytes32) {
        return _accepted(e, "");
    }

    function _accepted(CustodyEvent memory e, bytes memory attachment) internal returns (bytes32 digest) {
        (digest,) = _acceptedLogs(_signed(e, attachment));
    }

    /// @dev Records an event and checks its log to the last field. Returns the logs that follow it.
    function _acceptedLogs(ICustodyLedger.SignedCustodyEvent memory item)
        internal
        returns (bytes32 digest, Vm.Log[] memory logs)
    {
        digest = _digestOf(item.statement);
        bytes memory call = _callOf(item);
        vm.recordLogs();
        _done(call);
        logs = vm.getRecordedLogs();
        CustodyEvent memory e = item.statement;
        bytes32[] memory topics = new bytes32[](4);
        topics[0] = ICustodyLedger.CustodyRecorded.selector;
        (topics[1], topics[2], topics[3]) = (digest, e.consignment, bytes32(uint256(e.actor)));
        bytes memory data = bytes.concat(
            abi.encode(e.previous, e.kind, e.occurredAt, e.counterparty, e.quantity),
            abi.encode(e.place, e.parts, e.details, keccak256(item.signer))
        );
        _sameLog(logs[0], topics, data);
    }

    /// @dev The event is refused with exactly this error, alone and among many, and nothing changes.
    function _refused(CustodyEvent memory e, bytes memory attachment, bytes memory fault) internal {
        _refused(_signed(e, attachment), fault);
    }

    function _refused(CustodyEvent memory e, bytes memory fault) internal {
        _refused(_signed(e, ""), fault);
    }

    function _refused(ICustodyLedger.SignedCustodyEvent memory item, bytes memory fault) internal {
        _reverts(_callOf(item), fault);
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](1);
        items[0] = item;
        _refusedAmongMany(abi.encodeCall(ICustodyLedger.recordMany, (items)), _digestOf(item.statement), fault);
    }

    /// @dev The call of one statement as a list succeeds, logs the refusal last, and leaves every slot as it was. (Logs that
    /// were undone are recorded here as well, so that there is no telling that the refusal's is the only one.)
    function _refusedAmongMany(bytes memory call, bytes32 digest, bytes memory fault) internal {
        uint256 before = vm.snapshotState();
        vm.recordLogs();
        vm.record();
        _done(call);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[] memory topics = new bytes32[](2);
        (topics[0], topics[1]) = (ICustodyLedger.Refused.selector, digest);
        _sameLog(logs[logs.length - 1], topics, abi.encode(fault));

        (, bytes32[] memory slots) = vm.accesses(address(ledger));
        bytes32[] memory values = new bytes32[](slots.length);
        for (uint256 i = 0; i < slots.length; ++i) {
            values[i] = vm.load(address(ledger), slots[i]);
        }
        vm.revertToState(before);
        for (uint256 i = 0; i < slots.length; ++i) {
            _same(vm.load(address(ledger), slots[i]), values[i], "a slot that a refused statement touched");
        }
    }

    function _done(bytes memory call) internal {
        (bool done, bytes memory answer) = address(ledger).call(call);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }

    function _reverts(bytes memory call, bytes memory fault) internal {
        (bool done, bytes memory answer) = address(ledger).call(call);
        require(!done, "accepted, and should have been refused");
        _same(answer, fault, "error");
    }

    function _council(bytes memory call) internal {
        vm.prank(COUNCIL);
        _done(call);
    }

    // ---- comparison ----

    function _same(uint256 actual, uint256 expected, string memory what) internal pure {
        if (actual == expected) return;
        revert(string.concat(what, ": ", _hex(actual), " is not ", _hex(expected)));
    }

    function _same(bytes32 actual, bytes32 expected, string memory what) internal pure {
        _same(uint256(actual), uint256(expected), what);
    }

    function _same(bytes memory actual, bytes memory expected, string memory what) internal pure {
        if (keccak256(actual) == keccak256(expected)) return;
        revert(string.concat(what, ": ", _hex(actual), " is not ", _hex(expected)));
    }

    function _sameLog(Vm.Log memory log, bytes32[] memory topics, bytes memory data) internal view {
        require(log.emitter == address(ledger), "a log of another contract");
        _same(abi.encodePacked(log.topics), abi.encodePacked(topics), "topics");
        _same(log.data, data, "data");
    }

    function _sameConsignment(bytes32 id, ICustodyLedger.Consignment memory expected) internal view {
        _same(abi.encode(ledger.consignment(id)), abi.encode(expected), "consignment");
    }

    function _hex(uint256 word) internal pure returns (string memory) {
        return _hex(abi.encode(word));
    }

    function _hex(bytes memory data) internal pure returns (string memory) {
        bytes memory text = new bytes(2 * data.length);
        for (uint256 i = 0; i < data.length; ++i) {
            (text[2 * i], text[2 * i + 1]) = (_digit(uint8(data[i]) >> 4), _digit(uint8(data[i]) & 15));
        }
        return string(text);
    }

    function _digit(uint8 value) private pure returns (bytes1) {
        return bytes1(value < 10 ? 0x30 + value : 0x57 + value);
    }
}
