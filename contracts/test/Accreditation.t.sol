// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {Accreditation, KeyAddition, Suspension} from "../types/Statements.sol";
import {Purpose, Role} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";
import {Vm} from "./Vm.sol";

contract AccreditationTest is Fixture {
    uint64 private constant GLN = 9_506_000_134_352;

    function test_accreditation_isLoggedWithItsFirstKey() public {
        Accreditation memory a = _new(BELGIUM, "BE");
        bytes memory call = _accrediting(a, BELGIUM);
        uint64 sequence = a.sequence;
        Vm.Log[] memory logs = _logsOf(call);
        bytes32[] memory topics =
            _topics(IAccreditation.OrganisationAccredited.selector, bytes32(uint256(10)), bytes32(uint256(BELGIUM)));
        _sameLog(logs[0], topics, abi.encode(_digestOf(a), a.name, a.country, a.gln, a.roles, _prefixes()));
        (topics[0], topics[1], topics[2]) = (IAccreditation.KeyAdded.selector, _keyOf(10), bytes32(uint256(10)));
        bytes32 digest = _digestOf(_firstKey(10, _signer(10)));
        _sameLog(logs[1], topics, abi.encode(_signer(10), uint8(5), uint40(0), uint40(0), digest));
        IAccreditation.Organisation memory o =
            IAccreditation.Organisation(Role.MANUFACTURER, "BE", BELGIUM, 0, false, 0, GLN);
        vm.assertEq(abi.encode(ledger.organisation(10)), abi.encode(o), "organisation");
        vm.assertEq(ledger.organisation(BELGIUM).sequence, sequence + 1, "sequence");
    }

    function test_accreditation_takenTwice_isStale() public {
        Accreditation memory a = _new(BELGIUM, "BE");
        bytes memory call = _accrediting(a, BELGIUM);
        _done(call);
        _reverts(
            call,
            abi.encodeWithSelector(IAccreditation.StaleSequence.selector, uint256(a.sequence) + 1, uint256(a.sequence))
        );
    }

    function test_accreditation_inAnotherCountry_isRefused() public {
        _reverts(
            _accrediting(_new(BELGIUM, "SG"), BELGIUM),
            abi.encodeWithSelector(IAccreditation.WrongCountry.selector, bytes2("BE"), bytes2("SG"))
        );
    }

    function test_accreditation_byAnotherThanAnAuthority_isRefused() public {
        Accreditation memory a = _new(MAKER, "BE");
        _reverts(_accrediting(a, MAKER), abi.encodeWithSelector(IAccreditation.NotAuthority.selector, MAKER));
    }

    function test_accreditation_inTheNameOfAnother_isRefused() public {
        Accreditation memory a = _new(SINGAPORE, "SG");
        _reverts(
            _accrediting(a, BELGIUM),
            abi.encodeWithSelector(IAccreditation.KeyOfAnother.selector, _keyOf(BELGIUM), SINGAPORE, BELGIUM)
        );
    }

    function test_accreditation_byASuspendedAuthority_isRefused() public {
        _council(abi.encodeCall(IAccreditation.suspendAuthority, (BELGIUM, true)));
        _reverts(
            _accrediting(_new(BELGIUM, "BE"), BELGIUM),
            abi.encodeWithSelector(IAccreditation.OrganisationNotActive.selector, BELGIUM, NOW)
        );
    }

    function test_accreditation_withAnEventsKey_isRefused() public {
        _addKey(BELGIUM, 0xe, Purpose.EVENTS, 0, 0);
        Accreditation memory a = _new(BELGIUM, "BE");
        bytes32 digest = _digestOf(a);
        _reverts(
            abi.encodeCall(
                IAccreditation.accredit, (a, _prefixes(), _account(0xe), _signature(0xe, digest), _cosignature(10))
            ),
            abi.encodeWithSelector(IAccreditation.PurposeMissing.selector, keccak256(_account(0xe)), Purpose.ADMIN)
        );
    }

    function test_accreditation_withOtherPrefixesThanSigned_isRefused() public {
        Accreditation memory a = _new(BELGIUM, "BE");
        bytes32 signed = a.prefixes;
        uint64[] memory given = new uint64[](0);
        bytes memory signature = _signature(_secret(BELGIUM), _digestOf(a));
        _reverts(
            abi.encodeCall(IAccreditation.accredit, (a, given, _signer(BELGIUM), signature, _cosignature(10))),
            abi.encodeWithSelector(IAccreditation.PartsMismatch.selector, signed, keccak256(""))
        );
    }

    function test_accreditation_withoutTheNewKeysSignature_isRefused() public {
        Accreditation memory a = _new(BELGIUM, "BE");
        bytes memory signature = _signature(_secret(BELGIUM), _digestOf(a));
        bytes memory fault = abi.encodeWithSelector(
            IAccreditation.InvalidSignature.selector, _digestOf(_firstKey(10, _signer(10))), _signer(10)
        );
        // none; another's; the right one's for another number
        bytes[3] memory cosignatures = [
            bytes(""),
            _signature(_secret(11), _digestOf(_firstKey(10, _signer(10)))),
            _signature(_secret(10), _digestOf(_firstKey(11, _signer(10))))
        ];
        for (uint256 i = 0; i < cosignatures.length; ++i) {
            _reverts(
                abi.encodeCall(IAccreditation.accredit, (a, _prefixes(), _signer(BELGIUM), signature, cosignatures[i])),
                fault
            );
        }
        vm.assertEq(ledger.organisationCount(), ORGANISATIONS, "organisations");
        vm.assertEq(ledger.organisation(BELGIUM).sequence, a.sequence, "sequence");
    }

    function test_newOrganisation_withoutAKey_isRefused() public {
        Accreditation memory a = _new(BELGIUM, "BE");
        a.adminKey = "";
        _reverts(_accrediting(a, BELGIUM), abi.encodeWithSelector(IAccreditation.InvalidSigner.selector, bytes("")));
    }

    function test_description_isRefusedIfNoneOfItsKind() public {
        Accreditation memory a = _new(BELGIUM, "BE");
        a.roles = 0;
        _reverts(_accrediting(a, BELGIUM), abi.encodeWithSelector(IAccreditation.InvalidRoles.selector, 0));
        a.roles = 64;
        _reverts(_accrediting(a, BELGIUM), abi.encodeWithSelector(IAccreditation.InvalidRoles.selector, 64));
        (a.roles, a.gln) = (1, GLN + 1);
        _reverts(_accrediting(a, BELGIUM), abi.encodeWithSelector(IAccreditation.InvalidGln.selector, GLN + 1));
    }

    function test_amendment_replacesRolesGlnAndPrefixes_andKeepsTheKeys() public {
        Accreditation memory a = _amendment(BELGIUM, MAKER);
        (a.roles, a.gln) = (Role.CARRIER, 0);
        uint64[] memory none = new uint64[](0);
        a.prefixes = keccak256("");
        ledger.accredit(a, none, _signer(BELGIUM), _signature(_secret(BELGIUM), _digestOf(a)), "");
        vm.assertEq(ledger.organisation(MAKER).roles, Role.CARRIER, "roles");
        vm.assertEq(ledger.prefixesOf(MAKER).length, 0, "prefixes");
        vm.assertEq(ledger.organisationCount(), ORGANISATIONS, "organisations");
        _ship(batch, MAKER, CARRIER);
    }

    function test_amendment_mayAddAnAdminKeyThatCosigns() public {
        Accreditation memory a = _amendment(BELGIUM, MAKER);
        a.adminKey = _account(0xadd);
        bytes32 digest = _digestOf(KeyAddition(MAKER, a.adminKey, 5, 0, 0));
        ledger.accredit(
            a, _prefixes(), _signer(BELGIUM), _signature(_secret(BELGIUM), _digestOf(a)), _signature(0xadd, digest)
        );
        vm.assertEq(ledger.key(keccak256(_account(0xadd))).organisation, MAKER, "owner of the added key");
        vm.assertEq(ledger.key(_keyOf(MAKER)).endedAt, 0, "the key before");
    }

    function test_amendment_byAnotherAuthority_isRefused() public {
        Accreditation memory a = _amendment(SINGAPORE, MAKER);
        a.country = "SG";
        _reverts(
            _accrediting(a, SINGAPORE),
            abi.encodeWithSelector(IAccreditation.NotAccreditedBy.selector, MAKER, SINGAPORE)
        );
        a.organisation = NOBODY;
        _reverts(
            _accrediting(a, SINGAPORE),
            abi.encodeWithSelector(IAccreditation.NotAccreditedBy.selector, NOBODY, SINGAPORE)
        );
    }

    function test_authority_amendsAndSuspendsNotItself() public {
        bytes memory fault = abi.encodeWithSelector(IAccreditation.NotAccreditedBy.selector, BELGIUM, BELGIUM);
        _reverts(_accrediting(_amendment(BELGIUM, BELGIUM), BELGIUM), fault);
        _reverts(_suspending(BELGIUM, BELGIUM, true), fault);
    }

    function test_suspension_isLogged_andLifted() public {
        bytes memory call = _suspending(BELGIUM, MAKER, true);
        uint64 sequence = ledger.organisation(BELGIUM).sequence;
        Vm.Log[] memory logs = _logsOf(call);
        bytes32[] memory topics =
            _topics(IAccreditation.OrganisationSuspended.selector, bytes32(uint256(MAKER)), bytes32(uint256(BELGIUM)));
        _sameLog(logs[0], topics, abi.encode(true, _digestOf(Suspension(BELGIUM, MAKER, sequence, true))));
        vm.assertEq(ledger.organisation(MAKER).suspendedAt, NOW, "suspended since");
        _refused(
            _shipment(batch, MAKER, CARRIER),
            abi.encodeWithSelector(IAccreditation.OrganisationNotActive.selector, MAKER, NOW)
        );
        _reverts(
            call,
            abi.encodeWithSelector(IAccreditation.StaleSequence.selector, uint256(sequence) + 1, uint256(sequence))
        );
        vm.warp(NOW + 1);
        _done(_suspending(BELGIUM, MAKER, true));
        vm.assertEq(ledger.organisation(MAKER).suspendedAt, NOW, "suspended since the first time");
        _done(_suspending(BELGIUM, MAKER, false));
        _ship(batch, MAKER, CARRIER);
    }

    function test_suspension_byAnotherAuthority_isRefused() public {
        _reverts(
            _suspending(SINGAPORE, MAKER, true),
            abi.encodeWithSelector(IAccreditation.NotAccreditedBy.selector, MAKER, SINGAPORE)
        );
    }

    function _new(uint32 authority, bytes2 country) private view returns (Accreditation memory a) {
        a = _accreditation(authority, country, Role.MANUFACTURER, _prefixes(), _signer(10));
        a.gln = GLN;
    }

    function _amendment(uint32 authority, uint32 number) private view returns (Accreditation memory a) {
        a = _accreditation(authority, "BE", Role.MANUFACTURER, _prefixes(), "");
        a.organisation = number;
    }

    function _accrediting(Accreditation memory a, uint32 by) private view returns (bytes memory) {
        return abi.encodeCall(
            IAccreditation.accredit,
            (a, _prefixes(), _signer(by), _signature(_secret(by), _digestOf(a)), _cosignature(10))
        );
    }

    function _suspending(uint32 by, uint32 number, bool suspended) private view returns (bytes memory) {
        Suspension memory s = Suspension(by, number, ledger.organisation(by).sequence, suspended);
        return abi.encodeCall(IAccreditation.suspend, (s, _signer(by), _signature(_secret(by), _digestOf(s))));
    }
}
