// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccreditation} from "../interfaces/IAccreditation.sol";
import {ICustodyLedger} from "../interfaces/ICustodyLedger.sol";
import {Accreditation, Anchor, Bundle, CustodyEvent, KeyAddition, KeyEnding, Suspension} from "../types/Statements.sol";
import {Kind} from "../types/Vocabulary.sol";
import {Fixture} from "./Fixture.sol";
import {Vm} from "./Vm.sol";

contract CouncilTest is Fixture {
    uint40 private constant LONGEST = 72 hours;

    function test_councilsActs_areForTheCouncilAlone() public {
        bytes[] memory acts = new bytes[](5);
        acts[0] = _admission("FR", 0, 32, new uint64[](0), 10);
        acts[1] = abi.encodeCall(IAccreditation.suspendAuthority, (BELGIUM, true));
        acts[2] = abi.encodeCall(IAccreditation.pause, ());
        acts[3] = abi.encodeCall(IAccreditation.unpause, ());
        acts[4] = abi.encodeCall(IAccreditation.nameSuccessor, (address(1)));
        for (uint256 i = 0; i < acts.length; ++i) {
            _reverts(acts[i], abi.encodeWithSelector(IAccreditation.NotCouncil.selector, address(this)));
        }
    }

    function test_admission_isLoggedWithItsFirstKey() public {
        bytes memory call = _admission("FR", 0, 32, _prefixes(), 10);
        vm.recordLogs();
        _council(call);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[] memory topics =
            _topics(IAccreditation.OrganisationAccredited.selector, bytes32(uint256(10)), bytes32(uint256(10)));
        _sameLog(logs[0], topics, abi.encode(bytes32(0), "Authority", bytes2("FR"), uint64(0), uint8(32), _prefixes()));
        (topics[0], topics[1]) = (IAccreditation.KeyAdded.selector, _keyOf(10));
        bytes32 digest = _digestOf(_firstKey(10, _signer(10)));
        _sameLog(logs[1], topics, abi.encode(_signer(10), uint8(5), uint40(0), uint40(0), digest));
        vm.assertEq(logs.length, 2, "logs");
        IAccreditation.Organisation memory o = IAccreditation.Organisation(32, "FR", 10, 0, true, 0, 0);
        vm.assertEq(abi.encode(ledger.organisation(10)), abi.encode(o), "organisation");
        vm.assertEq(ledger.organisationCount(), 10, "organisations");
        vm.assertEq(abi.encode(ledger.prefixesOf(10)), abi.encode(_prefixes()), "prefixes");
    }

    function test_admission_isRefusedForWhatIsNoneOfItsKind() public {
        uint64[] memory none = new uint64[](0);
        bytes2[3] memory countries = [bytes2("be"), "B1", 0];
        for (uint256 i = 0; i < countries.length; ++i) {
            _councilReverts(
                _admission(countries[i], 0, 32, none, 10),
                abi.encodeWithSelector(IAccreditation.InvalidCountry.selector, countries[i])
            );
        }
        uint8[2] memory roles = [0, 64];
        for (uint256 i = 0; i < roles.length; ++i) {
            _councilReverts(
                _admission("FR", 0, roles[i], none, 10),
                abi.encodeWithSelector(IAccreditation.InvalidRoles.selector, roles[i])
            );
        }
        uint64[2] memory glns = [uint64(9_506_000_134_351), 10 ** 13];
        for (uint256 i = 0; i < glns.length; ++i) {
            _councilReverts(
                _admission("FR", glns[i], 32, none, 10),
                abi.encodeWithSelector(IAccreditation.InvalidGln.selector, glns[i])
            );
        }
        uint64[6] memory prefixes = [uint64(0), 9999, 20_000, 10 ** 12 * 2, 10 ** 13, type(uint64).max];
        for (uint256 i = 0; i < prefixes.length; ++i) {
            uint64[] memory list = _prefixes();
            list[0] = prefixes[i];
            _councilReverts(
                _admission("FR", 0, 32, list, 10),
                abi.encodeWithSelector(IAccreditation.InvalidPrefix.selector, prefixes[i])
            );
        }
        vm.assertEq(ledger.organisationCount(), ORGANISATIONS, "organisations");
    }

    function test_admission_withoutTheKeysOwnSignature_isRefused() public {
        bytes32 digest = _digestOf(_firstKey(10, _signer(10)));
        bytes memory foreign = _signature(_secret(11), digest);
        _councilReverts(
            abi.encodeCall(
                IAccreditation.admitAuthority, ("Authority", "FR", 0, 32, new uint64[](0), _signer(10), foreign)
            ),
            abi.encodeWithSelector(IAccreditation.InvalidSignature.selector, digest, _signer(10))
        );
        _councilReverts(
            _admission("FR", 0, 32, new uint64[](0), MAKER),
            abi.encodeWithSelector(IAccreditation.KeyTaken.selector, _keyOf(MAKER), MAKER)
        );
    }

    function test_authority_isSuspendedAndReinstatedByTheCouncil() public {
        vm.recordLogs();
        _council(abi.encodeCall(IAccreditation.suspendAuthority, (SINGAPORE, true)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[] memory topics = _topics(
            IAccreditation.OrganisationSuspended.selector, bytes32(uint256(SINGAPORE)), bytes32(uint256(SINGAPORE))
        );
        _sameLog(logs[0], topics, abi.encode(true, bytes32(0)));
        CustodyEvent memory hold = _event(Kind.HOLD, SINGAPORE, batch);
        _refused(hold, abi.encodeWithSelector(IAccreditation.OrganisationNotActive.selector, SINGAPORE, NOW));
        // suspended again: since the first time
        vm.warp(NOW + 1);
        _council(abi.encodeCall(IAccreditation.suspendAuthority, (SINGAPORE, true)));
        vm.assertEq(ledger.organisation(SINGAPORE).suspendedAt, NOW, "suspended since");
        _council(abi.encodeCall(IAccreditation.suspendAuthority, (SINGAPORE, false)));
        _accepted(hold);
    }

    function test_suspensionByTheCouncil_isForAuthoritiesOnly() public {
        _councilReverts(
            abi.encodeCall(IAccreditation.suspendAuthority, (MAKER, true)),
            abi.encodeWithSelector(IAccreditation.NotAuthority.selector, MAKER)
        );
        _councilReverts(
            abi.encodeCall(IAccreditation.suspendAuthority, (NOBODY, true)),
            abi.encodeWithSelector(IAccreditation.NotAuthority.selector, NOBODY)
        );
    }

    // ---- pause ----

    function test_pause_stopsEveryStatementWhole() public {
        bytes[] memory statements = _statements();
        vm.recordLogs();
        _council(abi.encodeCall(IAccreditation.pause, ()));
        bytes32[] memory topics = _topics(IAccreditation.StatementsPaused.selector);
        _sameLog(vm.getRecordedLogs()[0], topics, abi.encode(NOW + LONGEST));
        for (uint256 i = 0; i < statements.length; ++i) {
            _reverts(statements[i], abi.encodeWithSelector(IAccreditation.Paused.selector, NOW + LONGEST));
        }
        vm.warp(NOW + LONGEST - 1);
        for (uint256 i = 0; i < statements.length; ++i) {
            _reverts(statements[i], abi.encodeWithSelector(IAccreditation.Paused.selector, NOW + LONGEST));
        }
    }

    function test_pause_endsByItself() public {
        _council(abi.encodeCall(IAccreditation.pause, ()));
        vm.warp(NOW + LONGEST);
        _ship(batch, MAKER, CARRIER);
    }

    function test_pause_isPossibleAgainOnly72HoursAfterTheLastOnesEnd() public {
        _council(abi.encodeCall(IAccreditation.pause, ()));
        bytes memory early = abi.encodeWithSelector(IAccreditation.PauseTooSoon.selector, NOW + 2 * LONGEST);
        _councilReverts(abi.encodeCall(IAccreditation.pause, ()), early);
        vm.warp(NOW + 2 * LONGEST - 1);
        _councilReverts(abi.encodeCall(IAccreditation.pause, ()), early);
        vm.warp(NOW + 2 * LONGEST);
        _council(abi.encodeCall(IAccreditation.pause, ()));
        vm.assertEq(ledger.pausedUntil(), NOW + 3 * LONGEST, "paused until");
    }

    function test_unpause_endsAPauseEarly_andTheWaitCountsFromThere() public {
        _councilReverts(
            abi.encodeCall(IAccreditation.unpause, ()), abi.encodeWithSelector(IAccreditation.NotPaused.selector)
        );
        _council(abi.encodeCall(IAccreditation.pause, ()));
        vm.warp(NOW + 1 hours);
        vm.recordLogs();
        _council(abi.encodeCall(IAccreditation.unpause, ()));
        bytes32[] memory topics = _topics(IAccreditation.StatementsResumed.selector);
        _sameLog(vm.getRecordedLogs()[0], topics, "");
        _ship(batch, MAKER, CARRIER);
        _councilReverts(
            abi.encodeCall(IAccreditation.unpause, ()), abi.encodeWithSelector(IAccreditation.NotPaused.selector)
        );
        _councilReverts(
            abi.encodeCall(IAccreditation.pause, ()),
            abi.encodeWithSelector(IAccreditation.PauseTooSoon.selector, NOW + 1 hours + LONGEST)
        );
        vm.warp(NOW + 1 hours + LONGEST);
        _council(abi.encodeCall(IAccreditation.pause, ()));
    }

    // ---- successor ----

    function test_successor_isNamedOnce() public {
        _councilReverts(
            abi.encodeCall(IAccreditation.nameSuccessor, (address(0))),
            abi.encodeWithSelector(IAccreditation.InvalidAddress.selector)
        );
        vm.recordLogs();
        _council(abi.encodeCall(IAccreditation.nameSuccessor, (address(0x5acc))));
        bytes32[] memory topics = _topics(IAccreditation.SuccessorNamed.selector);
        _sameLog(vm.getRecordedLogs()[0], topics, abi.encode(address(0x5acc)));
        vm.assertEq(uint160(ledger.successor()), 0x5acc, "successor");
        _councilReverts(
            abi.encodeCall(IAccreditation.nameSuccessor, (address(1))),
            abi.encodeWithSelector(IAccreditation.SuccessorAlreadyNamed.selector, address(0x5acc))
        );
        _ship(batch, MAKER, CARRIER); // and the old one goes on
    }

    function test_selfCalls_areForTheLedgerAlone() public {
        bytes memory stranger = abi.encodeWithSelector(ICustodyLedger.NotSelf.selector, address(this));
        ICustodyLedger.SignedCustodyEvent[] memory items = new ICustodyLedger.SignedCustodyEvent[](1);
        items[0] = _signed(_shipment(batch, MAKER, CARRIER), "");
        _reverts(abi.encodeCall(ledger.recordOne, (items, 0)), stranger);
        _reverts(
            abi.encodeCall(ledger.recordAuthorised, (items[0].statement, "", bytes32(uint256(1)), _keyOf(MAKER), 255)),
            stranger
        );
        _reverts(abi.encodeCall(ledger.registerOne, (new ICustodyLedger.SignedRegistration[](1), 0)), stranger);
    }

    function _admission(bytes2 country, uint64 gln, uint8 roles, uint64[] memory prefixes, uint32 keyOf)
        private
        view
        returns (bytes memory)
    {
        bytes memory cosignature = _signature(_secret(keyOf), _digestOf(_firstKey(10, _signer(keyOf))));
        return abi.encodeCall(
            IAccreditation.admitAuthority, ("Authority", country, gln, roles, prefixes, _signer(keyOf), cosignature)
        );
    }

    function _councilReverts(bytes memory call, bytes memory fault) private {
        vm.prank(COUNCIL);
        _reverts(call, fault);
    }

    /// @dev One for each entry point that takes statements.
    function _statements() private view returns (bytes[] memory calls) {
        ICustodyLedger.SignedCustodyEvent memory item = _signed(_shipment(batch, MAKER, CARRIER), "");
        Accreditation memory a;
        Anchor memory anchor;
        Bundle memory bundle;
        KeyAddition memory addition;
        KeyEnding memory ending;
        Suspension memory suspension;
        calls = new bytes[](10);
        calls[0] = _callOf(item);
        calls[1] = abi.encodeCall(ICustodyLedger.recordMany, (new ICustodyLedger.SignedCustodyEvent[](0)));
        calls[2] = _callOf(_signed(_registration("L2")));
        calls[3] = abi.encodeCall(ICustodyLedger.registerMany, (new ICustodyLedger.SignedRegistration[](0)));
        calls[4] = abi.encodeCall(ICustodyLedger.recordBundle, (bundle, new CustodyEvent[](0), new bytes[](0), "", ""));
        calls[5] = abi.encodeCall(ICustodyLedger.anchor, (anchor, "", ""));
        calls[6] = abi.encodeCall(IAccreditation.accredit, (a, new uint64[](0), "", "", ""));
        calls[7] = abi.encodeCall(IAccreditation.suspend, (suspension, "", ""));
        calls[8] = abi.encodeCall(IAccreditation.addKey, (addition, "", "", ""));
        calls[9] = abi.encodeCall(IAccreditation.endKey, (ending, "", ""));
    }
}
