// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {BatchRegistration, CustodyEvent, KeyAddition, KeyEnding} from "../types/Statements.sol";
import {Kind, Purpose, Role} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

/// @dev Accepts everything.
contract CredulousWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }
}

/// @dev Accepts after burning about 80,000 of the 100,000 gas that it gets.
contract SlowWallet {
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        uint256 start = gasleft();
        while (start - gasleft() < 80_000) {}
        return this.isValidSignature.selector;
    }
}

contract BurningWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        while (true) {}
        return this.isValidSignature.selector;
    }
}

contract WritingWallet {
    uint256 private _asked;

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        ++_asked;
        return this.isValidSignature.selector;
    }
}

/// @dev Answers the right selector and 100,000 bytes behind it.
contract FloodingWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        bytes4 selector = this.isValidSignature.selector;
        assembly ("memory-safe") {
            let answer := mload(0x40)
            mstore(answer, selector)
            return(answer, 100000)
        }
    }
}

/// @dev Answers the selector in one byte too few.
contract TerseWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        bytes4 selector = this.isValidSignature.selector;
        assembly ("memory-safe") {
            mstore(0, selector)
            return(0, 31)
        }
    }
}

contract TrapsTest is Fixture {
    uint256 private constant P256_SECRET = 0x256;
    address private constant WALLET = address(0xa11e7);
    /// @dev EIP-7825: the most gas that a transaction may take.
    uint256 private constant TRANSACTION_GAS = 16_777_216;

    // ---- malleable signatures ----

    function test_trap_highS_isRefusedOnSecp256k1() public {
        ICustodyLedger.SignedCustodyEvent memory item = _signed(_shipment(batch, MAKER, CARRIER), "");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_secret(MAKER), _digestOf(item.statement));
        bytes32 mirrored = bytes32(SECP256K1_ORDER - uint256(s));
        require(ecrecover(_digestOf(item.statement), 55 - v, r, mirrored) == vm.addr(_secret(MAKER)), "not a signature");
        item.signature = abi.encodePacked(r, mirrored, 55 - v);
        _refused(item, _invalidSignature(item));
    }

    function test_trap_highS_isRefusedOnP256_withoutThePrecompile() public {
        _refusesMirroredP256();
    }

    /// forge-config: default.evm_version = "osaka"
    /// forge-config: ci.evm_version = "osaka"
    /// forge-config: deep.evm_version = "osaka"
    function test_trap_highS_isRefusedOnP256_thoughThePrecompileAcceptsIt() public {
        bytes32 message = sha256("anything");
        (bytes32 r, bytes32 s) = vm.signP256(P256_SECRET, message);
        if (uint256(s) <= P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        (, bytes memory answer) = address(0x100).staticcall(abi.encodePacked(message, r, s, _p256Signer(P256_SECRET)));
        vm.assertEq(answer, abi.encode(1), "the precompile's answer to a high s");
        _refusesMirroredP256();
    }

    function _refusesMirroredP256() private {
        ICustodyLedger.SignedCustodyEvent memory item = _p256Item();
        bytes memory good = item.signature;
        (bytes32 r, bytes32 s) = abi.decode(good, (bytes32, bytes32));
        item.signature = abi.encodePacked(r, P256_ORDER - uint256(s));
        _refused(item, _invalidSignature(item));
        item.signature = good;
        _acceptedLogs(item);
    }

    // ---- the domain ----

    function test_trap_domainSeparator_isRecomputedWhenTheChainIdDiffers() public {
        ICustodyLedger.SignedCustodyEvent memory item = _signed(_shipment(batch, MAKER, CARRIER), "");
        bytes32 before = ledger.domainSeparator();
        vm.assertEq(before, _separator(31_337), "domain separator at home");
        vm.chainId(10);
        vm.assertEq(ledger.domainSeparator(), _separator(10), "domain separator of the fork");
        bytes32 digest = _digestOf(item.statement);
        _refused(item, abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, item.signer));
        _ship(batch, MAKER, CARRIER); // signed anew
        vm.chainId(31_337);
        vm.assertEq(ledger.domainSeparator(), before, "domain separator back home");
    }

    function test_trap_statementsForAnotherLedger_areRefused() public {
        ICustodyLedger.SignedCustodyEvent memory item = _signed(_shipment(batch, MAKER, CARRIER), "");
        setUp(); // the same organisations on another contract
        item.statement.previous = ledger.consignment(batch).head;
        bytes32 digest = _digestOf(item.statement);
        _refused(item, abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, item.signer));
    }

    function _separator(uint256 chain) private view returns (bytes32) {
        bytes32 form = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(form, keccak256("Lotproof"), keccak256("1"), chain, address(ledger)));
    }

    // ---- wallet contracts (ERC-1271) ----

    function test_trap_wallet_signsByErc1271() public {
        _acceptedLogs(_walletItem(type(CredulousWallet).runtimeCode));
    }

    function test_trap_walletThatBurnsItsGas_isRefusedAtABoundedPrice() public {
        ICustodyLedger.SignedCustodyEvent memory item = _walletItem(type(BurningWallet).runtimeCode);
        uint256 gas = gasleft();
        _reverts(_callOf(item), _invalidSignature(item));
        gas -= gasleft();
        require(gas > 100_000, "the wallet got less than its 100,000 gas");
        require(gas < 160_000, "the wallet got more than its 100,000 gas");
        _refused(item, _invalidSignature(item));
    }

    function test_trap_walletThatWrites_isRefusedAndWritesNothing() public {
        ICustodyLedger.SignedCustodyEvent memory item = _walletItem(type(WritingWallet).runtimeCode);
        _refused(item, _invalidSignature(item));
        vm.assertEq(vm.load(WALLET, 0), 0, "the wallet's storage");
        (bool done,) = WALLET.call(abi.encodeWithSignature("isValidSignature(bytes32,bytes)", bytes32(0), ""));
        require(done, "a call that may write fails too");
        vm.assertEq(vm.load(WALLET, 0), bytes32(uint256(1)), "the wallet's storage after a call that may write");
    }

    function test_trap_walletThatAnswersInAnotherForm_isRefused() public {
        ICustodyLedger.SignedCustodyEvent memory item = _walletItem(type(TerseWallet).runtimeCode);
        _refused(item, _invalidSignature(item));
        vm.etch(WALLET, hex"fd");
        _refused(item, _invalidSignature(item));
        vm.etch(WALLET, "");
        _refused(item, _invalidSignature(item));
    }

    function test_trap_walletThatFloodsItsCaller_costsABoundedPrice() public {
        ICustodyLedger.SignedCustodyEvent memory item = _walletItem(type(FloodingWallet).runtimeCode);
        uint256 gas = gasleft();
        _acceptedLogs(item);
        require(gas - gasleft() < 400_000, "a flood of answers is dear");
    }

    /// @dev Every amount of gas, in small steps: the good statement is recorded, or nothing at all happens and the caller is
    /// told that it was the gas.
    function test_trap_walletGivenTooLittleGas_isNeverARefusal() public {
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](1);
        items[0] = _walletItem(type(SlowWallet).runtimeCode);
        _recordsOrRevertsAtAnyGas(abi.encodeCall(ICustodyLedger.recordMany, (items)), 260_000, 499);
        _recordsOrRevertsAtAnyGas(_callOf(items[0]), 260_000, 499);
    }

    function test_trap_p256GivenTooLittleGas_isNeverARefusal() public {
        _p256RecordsOrRevertsAtAnyGas(700_000, 2503);
    }

    /// forge-config: default.evm_version = "osaka"
    /// forge-config: ci.evm_version = "osaka"
    /// forge-config: deep.evm_version = "osaka"
    function test_trap_p256GivenTooLittleGasForThePrecompile_isNeverARefusal() public {
        _p256RecordsOrRevertsAtAnyGas(150_000, 251);
    }

    function _p256RecordsOrRevertsAtAnyGas(uint256 most, uint256 step) private {
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](1);
        items[0] = _p256Item();
        _recordsOrRevertsAtAnyGas(abi.encodeCall(ICustodyLedger.recordMany, (items)), most, step);
        _recordsOrRevertsAtAnyGas(_callOf(items[0]), most, step);
    }

    function test_trap_outOfGas_isNeverARefusal() public {
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](2);
        bytes memory children = abi.encodePacked(_sscc(1), uint32(600), _sscc(2), uint32(300));
        items[0] = _signed(_event(Kind.SPLIT, MAKER, _registered("L2"), 900, children), children);
        items[1] = _signed(_shipment(batch, MAKER, CARRIER), "");
        _recordsOrRevertsAtAnyGas(abi.encodeCall(ICustodyLedger.recordMany, (items)), 500_000, 499);
    }

    function test_trap_outOfGas_isNeverARefusalOfARegistration() public {
        ICustodyLedger.SignedRegistration[] memory items = new ICustodyLedger.SignedRegistration[](1);
        BatchRegistration memory r = _registration("L2");
        items[0] = _signed(r);
        bytes32 id = keccak256(abi.encode(GTIN, "L2"));
        bytes memory call = abi.encodeCall(ICustodyLedger.registerMany, (items));
        uint256 before = vm.snapshotState();
        uint256 recorded;
        for (uint256 gas = 1000; gas < 250_000; gas += 499) {
            (bool done, bytes memory answer) = address(ledger).call{gas: gas}(call);
            if (done) {
                vm.assertEq(
                    ledger.consignment(id).head, _digestOf(r), "a good registration was refused for want of gas"
                );
                ++recorded;
            } else {
                _isWantOfGas(answer);
            }
            vm.revertToState(before);
        }
        require(recorded != 0 && recorded < 450, "the sweep does not span the price");
    }

    /// @dev The last item of each call ships `batch`.
    function _recordsOrRevertsAtAnyGas(bytes memory call, uint256 most, uint256 step) private {
        uint256 before = vm.snapshotState();
        bytes32 head = ledger.consignment(batch).head;
        uint256 recorded;
        uint256 reverted;
        for (uint256 gas = 1000; gas < most; gas += step) {
            (bool done, bytes memory answer) = address(ledger).call{gas: gas}(call);
            if (done) {
                require(
                    ledger.consignment(batch).counterparty == CARRIER, "a good statement was refused for want of gas"
                );
                ++recorded;
            } else {
                _isWantOfGas(answer);
                vm.assertEq(ledger.consignment(batch).head, head, "a reverted call changed the head");
                ++reverted;
            }
            vm.revertToState(before);
        }
        require(recorded != 0 && reverted != 0, "the sweep does not span the price");
    }

    function _isWantOfGas(bytes memory answer) private pure {
        require(
            answer.length == 0 || bytes4(answer) == IAccreditation.InsufficientGas.selector,
            "want of gas was told as another error"
        );
    }

    // ---- ids ----

    function test_trap_batchIds_cannotBeTakenByAnother() public {
        uint64[] memory foreign = new uint64[](1);
        foreign[0] = 10 ** 7 + 5_413_868;
        _accredit(SINGAPORE, 10, "SG", Role.MANUFACTURER, foreign);
        BatchRegistration memory r = _registration("L2");
        r.manufacturer = 10;
        _reverts(_callOf(_signed(r)), abi.encodeWithSelector(ICustodyLedger.PrefixNotLicensed.selector, 10, GTIN));

        // with a licence for the same prefix as well, the first keeps it
        _accredit(SINGAPORE, 11, "SG", Role.MANUFACTURER, _prefixes());
        r = _registration("L1");
        r.manufacturer = 11;
        _reverts(_callOf(_signed(r)), abi.encodeWithSelector(ICustodyLedger.BatchAlreadyRegistered.selector, batch));
        vm.assertEq(ledger.consignment(batch).manufacturer, MAKER, "manufacturer");
    }

    function test_trap_palletIds_cannotBeTakenByAnother() public {
        (CustodyEvent memory e, bytes memory attachment) = _packing(MAKER, _one(batch), 0);
        // who sees the maker's statement can bring it, but it stays the maker's
        vm.prank(address(0xbad));
        _done(_callOf(_signed(e, attachment)));
        bytes32 pallet = _digestOf(e);
        vm.assertEq(ledger.consignment(pallet).holder, MAKER, "holder of the pallet");
        _refused(e, attachment, abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, pallet));

        // nor is a pallet taken by who signs it in the maker's name
        ICustodyLedger.SignedCustodyEvent memory item = _signed(e, attachment);
        (item.signer, item.signature) = (_signer(CARRIER), _signature(_secret(CARRIER), pallet));
        _refused(item, abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, _keyOf(CARRIER), MAKER, CARRIER));

        // the same list by another is another digest, and not its goods
        e.actor = CARRIER;
        _refused(e, attachment, abi.encodeWithSelector(ICustodyLedger.InPallet.selector, batch, 1));
        vm.assertEq(ledger.palletCount(), 1, "pallets");
    }

    function test_trap_keyOfAnother_cannotBeRegisteredByAStranger() public {
        KeyAddition memory k = KeyAddition(CARRIER, _account(0xbeef), Purpose.EVENTS, 0, 0);
        bytes32 digest = _digestOf(k);
        bytes memory invalid = abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, k.signer);
        bytes memory admin = _signature(_secret(CARRIER), digest);
        _reverts(abi.encodeCall(IAccreditation.addKey, (k, _signer(CARRIER), admin, "")), invalid);
        _reverts(abi.encodeCall(IAccreditation.addKey, (k, _signer(CARRIER), admin, admin)), invalid);

        // what the key signed for the maker is no consent to the carrier
        KeyAddition memory consent = KeyAddition(MAKER, _account(0xbeef), Purpose.EVENTS, 0, 0);
        bytes memory cosignature = _signature(0xbeef, _digestOf(consent));
        _reverts(abi.encodeCall(IAccreditation.addKey, (k, _signer(CARRIER), admin, cosignature)), invalid);
        _addKey(MAKER, 0xbeef, Purpose.EVENTS, 0, 0);
        vm.assertEq(ledger.key(keccak256(k.signer)).organisation, MAKER, "owner of the key");
    }

    // ---- a stolen key ----

    function test_trap_stolenKey_cannotBackdateAfterItsEnd() public {
        _addKey(MAKER, 0x57, Purpose.EVENTS, 0, 0);
        _endKey(MAKER, 0x57, 0);
        vm.warp(NOW + 1);
        ICustodyLedger.SignedCustodyEvent memory item;
        item.statement = _shipment(batch, MAKER, CARRIER);
        item.statement.occurredAt = NOW - 1 days;
        (item.signer, item.signature) = (_account(0x57), _signature(0x57, _digestOf(item.statement)));
        _refused(item, abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, keccak256(item.signer), NOW + 1));
    }

    function test_trap_stolenKey_isJudgedByTheBlockAndNotByWhatItClaims() public {
        _addKey(MAKER, 0x57, Purpose.EVENTS, NOW, NOW + 1 days);
        ICustodyLedger.SignedCustodyEvent memory item;
        item.statement = _shipment(batch, MAKER, CARRIER);
        (item.signer, item.signature) = (_account(0x57), _signature(0x57, _digestOf(item.statement)));
        vm.warp(NOW + 1 days);
        _refused(item, abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, keccak256(item.signer), NOW + 1 days));
        vm.warp(NOW + 1 days - 1);
        _acceptedLogs(item);
    }

    function test_trap_stolenKey_cannotClaimMoreThanThirtyDays() public {
        CustodyEvent memory e = _shipment(batch, MAKER, CARRIER);
        e.occurredAt = NOW - 30 days - 1;
        _refused(e, _outOfRange(e.occurredAt, NOW - 30 days));
        e.occurredAt = NOW + 10 minutes + 1;
        _refused(e, _outOfRange(e.occurredAt, NOW - 30 days));
        uint256 before = vm.snapshotState();
        e.occurredAt = NOW - 30 days;
        _accepted(e);
        vm.revertToState(before);
        e.occurredAt = NOW + 10 minutes;
        _accepted(e);
    }

    function test_trap_stolenKey_cannotClaimATimeBeforeTheLastEvent() public {
        _move(batch, MAKER, CARRIER);
        CustodyEvent memory e = _shipment(batch, CARRIER, WHOLESALER);
        e.occurredAt = NOW - 1;
        _refused(e, _outOfRange(e.occurredAt, NOW));
    }

    function test_trap_stolenAdminKey_cannotClearTheDoubt() public {
        _addKey(MAKER, 0x57, Purpose.EVENTS | Purpose.ADMIN, 0, 0);
        // the thief ends the key itself, as if nothing were in doubt
        KeyEnding memory k = KeyEnding(MAKER, keccak256(_account(0x57)), 0);
        bytes32 digest = _digestOf(k);
        ledger.endKey(k, _account(0x57), _signature(0x57, digest));
        _endKey(MAKER, 0x57, NOW - 1 days);
        vm.assertEq(ledger.key(k.key).doubtSince, NOW - 1 days, "doubt");
        _endKey(MAKER, 0x57, NOW - 2 days);
        vm.assertEq(ledger.key(k.key).doubtSince, NOW - 2 days, "doubt, earlier");
        // and later or not at all it never becomes again
        uint40[2] memory later = [0, NOW - 1 days];
        for (uint256 i = 0; i < later.length; ++i) {
            k.doubtSince = later[i];
            digest = _digestOf(k);
            _reverts(
                abi.encodeCall(IAccreditation.endKey, (k, _signer(MAKER), _signature(_secret(MAKER), digest))),
                abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, k.key, NOW)
            );
        }
    }

    // ---- order ----

    function test_trap_oldHold_cannotBeReplayedAfterItsRelease() public {
        CustodyEvent memory hold = _event(Kind.HOLD, CUSTOMS, batch);
        bytes32 digest = _accepted(hold);
        _refused(hold, abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, digest));
        _accepted(_event(Kind.RELEASE, CUSTOMS, batch));
        _refused(hold, abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, digest));
        vm.assertEq(ledger.consignment(batch).heldBy, 0, "held");

        // nor one that was signed and never brought, once another has taken its number
        hold.details = keccak256("signed and kept back");
        _refused(hold, abi.encodeWithSelector(IAccreditation.StaleSequence.selector, 2, 0));
    }

    function test_trap_holder_cannotStarveCustomsByRacingTheHead() public {
        CustodyEvent memory hold = _event(Kind.HOLD, CUSTOMS, batch);
        _move(batch, MAKER, CARRIER);
        _move(batch, CARRIER, WHOLESALER);
        _split(batch, WHOLESALER, 10);
        _accepted(hold);
        vm.assertEq(ledger.consignment(batch).heldBy, CUSTOMS, "held");
        _refused(_shipment(batch, WHOLESALER, CARRIER), abi.encodeWithSelector(ICustodyLedger.Held.selector, CUSTOMS));
    }

    function test_trap_corrections_cannotStarveTheHolder() public {
        CustodyEvent memory earlier = _shipment(batch, MAKER, CARRIER);
        bytes32 digest = _accepted(earlier);
        CustodyEvent memory next = _receipt(batch, MAKER, CARRIER);
        CustodyEvent memory correction = _event(Kind.CORRECT, MAKER, batch);
        correction.previous = digest;
        _accepted(correction, abi.encode(earlier));
        _accepted(next);
    }

    // ---- the size of a transaction ----

    /// forge-config: default.isolate = true
    /// forge-config: ci.isolate = true
    /// forge-config: deep.isolate = true
    function test_trap_fiveHundredEvents_fitIntoOneTransaction() public {
        uint256 hundred = _gasOfShipments(100);
        uint256 fiveHundred = _gasOfShipments(500);
        require(hundred > 100 * 20_000, "the price was not measured as a transaction");
        string memory prices = string.concat(vm.toString(hundred), " for 100, ", vm.toString(fiveHundred), " for 500");
        require(fiveHundred <= TRANSACTION_GAS, prices);
    }

    /// @dev Each of another consignment, with call data as dear as any.
    function _gasOfShipments(uint256 count) private returns (uint256) {
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 id = _registered(string.concat(vm.toString(count), "-", vm.toString(i)));
            CustodyEvent memory e = _shipment(id, MAKER, CARRIER);
            e.details = keccak256(abi.encode(i));
            items[i] = _signed(e, "");
        }
        bytes32 last = items[count - 1].statement.consignment;
        _done(abi.encodeCall(ICustodyLedger.recordMany, (items)));
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        vm.assertEq(ledger.consignment(last).counterparty, CARRIER, "the last of the list");
        return gas;
    }

    // ---- two verifiers of P-256 ----

    // The same question to the ledger with and without the precompile, and to OpenZeppelin's verifier, which asks nobody.

    function testFuzz_trap_p256_withoutThePrecompile_isJudgedAsByTheFormula(uint256 flaw, uint256 salt) public {
        vm.assertEq(_precompilesAnswer(), "", "a precompile where none should be");
        _judgesAsTheFormula(flaw, salt);
    }

    /// forge-config: default.evm_version = "osaka"
    /// forge-config: ci.evm_version = "osaka"
    /// forge-config: deep.evm_version = "osaka"
    function testFuzz_trap_p256_withThePrecompile_isJudgedAsByTheFormula(uint256 flaw, uint256 salt) public {
        vm.assertEq(_precompilesAnswer(), abi.encode(1), "the precompile's answer");
        _judgesAsTheFormula(flaw, salt);
    }

    /// forge-config: default.evm_version = "osaka"
    /// forge-config: ci.evm_version = "osaka"
    /// forge-config: deep.evm_version = "osaka"
    function test_trap_p256_isAskedOfThePrecompileWhereThereIsOne() public {
        ICustodyLedger.SignedCustodyEvent memory item = _p256Item();
        uint256 gas = gasleft();
        _done(_callOf(item));
        require(gas - gasleft() < 100_000, "the precompile was not asked");
    }

    function _judgesAsTheFormula(uint256 flaw, uint256 salt) private {
        ICustodyLedger.SignedCustodyEvent memory item = _p256Item();
        item.statement.details = bytes32(salt);
        bytes32 digest = _digestOf(item.statement);
        item.signature = _p256Signature(P256_SECRET, digest);
        if (flaw % 3 == 0) item.signature[(flaw >> 16) % 64] ^= bytes1(uint8(flaw >> 8));
        if (flaw % 3 == 1) item.signature = abi.encodePacked(salt, flaw);
        (bytes32 r, bytes32 s) = abi.decode(item.signature, (bytes32, bytes32));
        (uint256 x, uint256 y) = vm.publicKeyP256(P256_SECRET);
        if (P256.verifySolidity(sha256(abi.encodePacked(digest)), r, s, bytes32(x), bytes32(y))) {
            require(flaw % 3 == 2 || uint8(flaw >> 8) == 0, "a flawed signature holds");
            _acceptedLogs(item);
        } else {
            require(flaw % 3 != 2, "a good signature does not hold");
            _refused(item, _invalidSignature(item));
        }
    }

    function _precompilesAnswer() private view returns (bytes memory answer) {
        bytes32 message = sha256(abi.encodePacked(DETAILS));
        bytes memory signature = _p256Signature(P256_SECRET, DETAILS);
        (, answer) = address(0x100).staticcall(abi.encodePacked(message, signature, _p256Signer(P256_SECRET)));
    }

    // ---- ----

    function _invalidSignature(ICustodyLedger.SignedCustodyEvent memory item) private view returns (bytes memory) {
        return abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, _digestOf(item.statement), item.signer);
    }

    function _outOfRange(uint40 given, uint40 earliest) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccreditation.OccurredAtOutOfRange.selector, given, earliest, NOW + 10 minutes);
    }

    /// @dev A shipment of the maker, signed by a P-256 key of its own.
    function _p256Item() private returns (ICustodyLedger.SignedCustodyEvent memory item) {
        bytes memory signer = _p256Signer(P256_SECRET);
        if (ledger.key(keccak256(signer)).organisation == 0) _addP256Key(MAKER, P256_SECRET);
        item.statement = _shipment(batch, MAKER, CARRIER);
        (item.signer, item.signature) = (signer, _p256Signature(P256_SECRET, _digestOf(item.statement)));
    }

    /// @dev A shipment of the maker, signed by a wallet contract of its own that has turned into `code`.
    function _walletItem(bytes memory code) private returns (ICustodyLedger.SignedCustodyEvent memory item) {
        vm.etch(WALLET, type(CredulousWallet).runtimeCode);
        KeyAddition memory k = KeyAddition(MAKER, abi.encodePacked(WALLET), Purpose.EVENTS, 0, 0);
        ledger.addKey(k, _signer(MAKER), _signature(_secret(MAKER), _digestOf(k)), "by the wallet");
        vm.etch(WALLET, code);
        item.statement = _shipment(batch, MAKER, CARRIER);
        (item.signer, item.signature) = (k.signer, "by the wallet");
    }
}
