// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {BatchRegistration} from "../types/Statements.sol";
import {Purpose, Role} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";

contract RegistrationTest is Fixture {
    function test_registration_makesTheBatchAndItsFirstConsignment() public {
        bytes32 id = _registered("L2");
        bytes32 digest = _digestOf(_registration("L2"));
        _sameConsignment(id, ICustodyLedger.Consignment(digest, MAKER, 0, MAKER, 0, 0, 0, QUANTITY, 0, 0));
        vm.assertEq(ledger.batchOf(id), id, "batch of the first consignment");
    }

    function test_registration_isTakenFromAnyoneWhoBringsIt() public {
        BatchRegistration memory r = _registration("L2");
        bytes memory call = _callOf(_signed(r));
        vm.prank(address(0xbad));
        _done(call);
        vm.assertEq(ledger.consignment(keccak256(abi.encode(GTIN, "L2"))).holder, MAKER, "holder");
    }

    function test_registration_again_isRefused() public {
        BatchRegistration memory r = _registration("L1");
        _refused(_signed(r), abi.encodeWithSelector(IAccreditation.AlreadyRecorded.selector, _digestOf(r)));
        r.quantity += 1;
        _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.BatchAlreadyRegistered.selector, batch));
        _ship(batch, MAKER, CARRIER);
        r.quantity -= 1;
        _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.BatchAlreadyRegistered.selector, batch));
    }

    function test_registration_withoutTheRole_isRefused() public {
        BatchRegistration memory r = _registration("L2");
        r.manufacturer = CARRIER;
        _refused(_signed(r), abi.encodeWithSelector(IAccreditation.RoleMissing.selector, CARRIER, Role.MANUFACTURER));
    }

    function test_registration_byAKeyThatMayNot_isRefused() public {
        BatchRegistration memory r = _registration("L2");
        bytes32 digest = _digestOf(r);
        bytes32 foreign = _keyOf(CARRIER);
        _refused(
            ICustodyLedger.SignedRegistration(r, _signer(CARRIER), _signature(_secret(CARRIER), digest)),
            abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, foreign, MAKER, CARRIER)
        );
        _refused(
            ICustodyLedger.SignedRegistration(r, _signer(NOBODY), _signature(_secret(NOBODY), digest)),
            abi.encodeWithSelector(IAccreditation.KeyNotLive.selector, _keyOf(NOBODY), NOW)
        );
        _refused(
            ICustodyLedger.SignedRegistration(r, _signer(MAKER), _signature(_secret(CARRIER), digest)),
            abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, _signer(MAKER))
        );
        _addKey(MAKER, 0xadd, Purpose.ADMIN | Purpose.LABELS, 0, 0);
        _refused(
            ICustodyLedger.SignedRegistration(r, _account(0xadd), _signature(0xadd, digest)),
            abi.encodeWithSelector(IAccreditation.PurposeMissing.selector, keccak256(_account(0xadd)), Purpose.EVENTS)
        );
    }

    function test_registration_byASuspendedManufacturer_isRefused() public {
        _suspend(BELGIUM, MAKER);
        _refused(
            _signed(_registration("L2")),
            abi.encodeWithSelector(IAccreditation.OrganisationNotActive.selector, MAKER, NOW)
        );
    }

    function test_gtin_isRefusedWithAWrongCheckDigitOrLength() public {
        uint64[5] memory wrong = [0, GTIN + 1, GTIN - 1, 10 ** 14, type(uint64).max];
        for (uint256 i = 0; i < wrong.length; ++i) {
            BatchRegistration memory r = _registration("L2");
            r.gtin = wrong[i];
            _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.InvalidGtin.selector, wrong[i]));
        }
    }

    function test_gtin_isRefusedOutsideThePrefixesOfItsMaker() public {
        BatchRegistration memory r = _registration("L2");
        r.gtin = 5_413_868_120_011; // check digit: 5+3·4+1+3·3+8+3·6+8+3·1+2+3·0+0+3·1 = 69, so 1
        _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.PrefixNotLicensed.selector, MAKER, r.gtin));

        _accredit(BELGIUM, 10, "BE", Role.MANUFACTURER, new uint64[](0));
        r.manufacturer = 10;
        _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.NoPrefixes.selector, 10));
    }

    function test_gtin_isTakenWithAnyIndicatorDigitAndUnderAnyPrefixOfItsMaker() public {
        BatchRegistration memory r = _registration("L2");
        r.gtin = 19_506_000_134_359;
        _accepted(_signed(r));
        uint64[] memory prefixes = new uint64[](2);
        (prefixes[0], prefixes[1]) = (10 ** 12 + 12_345_678_901, 10 ** 7 + 12_345);
        _accredit(SINGAPORE, 10, "SG", Role.MANUFACTURER, prefixes);
        // 0012345 67890 5: a prefix that begins with zeros
        (r.manufacturer, r.gtin) = (10, 12_345_678_905);
        _accepted(_signed(r));
    }

    function test_lot_isRefusedOutsideCharacterSet82AndTwentyCharacters() public {
        string[7] memory wrong = ["", "123456789012345678901", "A B", "A#B", "A~", unicode"é", "A\n"];
        for (uint256 i = 0; i < wrong.length; ++i) {
            _refused(
                _signed(_registration(wrong[i])), abi.encodeWithSelector(ICustodyLedger.InvalidLot.selector, wrong[i])
            );
        }
        string[5] memory right = ["1", "12345678901234567890", "!\"%&'()*+,-./", ":;<=>?_", "azAZ09"];
        for (uint256 i = 0; i < right.length; ++i) {
            _registered(right[i]);
        }
    }

    function testFuzz_lot_followsCharacterSet82(uint8 character) public {
        bytes memory set = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
        bool allowed;
        for (uint256 i = 0; i < set.length; ++i) {
            allowed = allowed || uint8(set[i]) == character;
        }
        vm.assertEq(set.length, 82, "character set 82");
        string memory lot = string(abi.encodePacked(character));
        if (allowed) _registered(lot);
        else _refused(_signed(_registration(lot)), abi.encodeWithSelector(ICustodyLedger.InvalidLot.selector, lot));
    }

    function test_productClass_isRefusedIfUnknown() public {
        uint8[3] memory wrong = [0, 5, 255];
        for (uint256 i = 0; i < wrong.length; ++i) {
            BatchRegistration memory r = _registration("L2");
            r.productClass = wrong[i];
            _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.InvalidProductClass.selector, wrong[i]));
        }
    }

    function test_quantity_isRefusedIfNone() public {
        BatchRegistration memory r = _registration("L2");
        r.quantity = 0;
        _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.NoQuantity.selector));
    }

    function test_dates_areRefusedInAnotherFormOrOrder() public {
        BatchRegistration memory r = _registration("L2");
        uint32[6] memory wrong = [uint32(1), 19_991_231, 21_000_101, 20_270_001, 20_271_301, 20_270_100];
        for (uint256 i = 0; i < wrong.length; ++i) {
            r = _registration("L2");
            r.expiry = wrong[i];
            _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.InvalidDate.selector, wrong[i]));
            r = _registration("L2");
            r.manufactured = wrong[i];
            _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.InvalidDate.selector, wrong[i]));
        }
        r = _registration("L2");
        r.manufactured = r.expiry;
        _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.InvalidDate.selector, r.expiry));
        (r.manufactured, r.expiry) = (0, 0);
        _refused(_signed(r), abi.encodeWithSelector(ICustodyLedger.InvalidDate.selector, 0));
    }

    function test_dayOfManufacture_neednotBeStated() public {
        BatchRegistration memory r = _registration("L2");
        r.manufactured = 0;
        _accepted(_signed(r));
    }

    function test_registerMany_refusesTheBadAndTakesTheRest() public {
        ICustodyLedger.SignedRegistration[] memory items = new ICustodyLedger.SignedRegistration[](3);
        string[3] memory lots = ["L2", "L1", "L3"];
        for (uint256 i = 0; i < 3; ++i) {
            items[i] = _signed(_registration(lots[i]));
        }
        ledger.registerMany(items);
        vm.assertEq(ledger.consignment(keccak256(abi.encode(GTIN, "L2"))).rest, QUANTITY, "before the refused");
        vm.assertEq(ledger.consignment(keccak256(abi.encode(GTIN, "L3"))).rest, QUANTITY, "after the refused");
    }
}
