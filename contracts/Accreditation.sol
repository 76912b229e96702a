// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IAccreditation} from "./interfaces/IAccreditation.sol";
import {Gs1} from "./libraries/Gs1.sol";
import {P256Fallback} from "./libraries/P256Fallback.sol";
import {Signers} from "./libraries/Signers.sol";
import {Accreditation as AccreditationStatement, KeyAddition, KeyEnding, Suspension} from "./types/Statements.sol";
import {Statements} from "./types/Statements.sol";
import {Purpose, Role} from "./types/Vocabulary.sol";

/// @title Council, authorities, organisations and keys
/// @dev A part of {CustodyLedger}, not a contract beside it: reading keys across contracts would cost hundreds of gas an
/// event. Block time, which validators can shift by seconds, decides windows of hours and days only.
abstract contract Accreditation is IAccreditation, EIP712 {
    uint40 private constant LONGEST_PAUSE = 72 hours;

    /// @inheritdoc IAccreditation
    address public immutable council;
    address private immutable _p256Fallback;

    /// @inheritdoc IAccreditation
    uint40 public pausedUntil;
    /// @inheritdoc IAccreditation
    uint32 public organisationCount;
    /// @inheritdoc IAccreditation
    address public successor;
    mapping(uint32 number => Organisation) private _organisations;
    mapping(uint32 number => uint64[]) private _prefixes;
    mapping(bytes32 id => Key) private _keys;

    modifier onlyCouncil() {
        _requireCouncil();
        _;
    }

    modifier whenNotPaused() {
        _requireNotPaused();
        _;
    }

    /// @dev Deploys its own checker of P-256 signatures for chains that have none built in: as part of this contract it
    /// would not fit into EIP-170's 24,576 bytes.
    constructor(address council_) EIP712("Lotproof", "1") {
        if (council_ == address(0)) revert InvalidAddress();
        council = council_;
        _p256Fallback = address(new P256Fallback());
    }

    // ---- the council's acts ----

    /// @inheritdoc IAccreditation
    function admitAuthority(
        string calldata name,
        bytes2 country,
        uint64 gln,
        uint8 roles,
        uint64[] calldata prefixes,
        bytes calldata adminSigner,
        bytes calldata adminSignature
    ) external onlyCouncil returns (uint32 number) {
        if (!Gs1.isCountry(country)) revert InvalidCountry(country);
        number = ++organisationCount;
        Organisation storage authority = _organisations[number];
        (authority.country, authority.authority, authority.admitted) = (country, number, true);
        _describe(number, gln, roles, prefixes);
        emit OrganisationAccredited(number, number, 0, name, country, gln, roles, prefixes);
        _addFirstKey(number, adminSigner, adminSignature);
    }

    /// @inheritdoc IAccreditation
    function suspendAuthority(uint32 number, bool suspended) external onlyCouncil {
        if (!_organisations[number].admitted) revert NotAuthority(number);
        _suspend(number, number, suspended, 0);
    }

    /// @inheritdoc IAccreditation
    function pause() external onlyCouncil {
        uint40 now_ = uint40(block.timestamp);
        uint40 last = pausedUntil;
        if (last != 0 && now_ < last + LONGEST_PAUSE) revert PauseTooSoon(last + LONGEST_PAUSE);
        pausedUntil = now_ + LONGEST_PAUSE;
        emit StatementsPaused(now_ + LONGEST_PAUSE);
    }

    /// @inheritdoc IAccreditation
    function unpause() external onlyCouncil {
        if (block.timestamp >= pausedUntil) revert NotPaused();
        pausedUntil = uint40(block.timestamp);
        emit StatementsResumed();
    }

    /// @inheritdoc IAccreditation
    function nameSuccessor(address successor_) external onlyCouncil {
        if (successor != address(0)) revert SuccessorAlreadyNamed(successor);
        if (successor_ == address(0)) revert InvalidAddress();
        successor = successor_;
        emit SuccessorNamed(successor_);
    }

    // ---- signed statements ----

    /// @inheritdoc IAccreditation
    function accredit(
        AccreditationStatement calldata statement,
        uint64[] calldata prefixes,
        bytes calldata signer,
        bytes calldata signature,
        bytes calldata adminSignature
    ) external whenNotPaused returns (uint32 number) {
        bytes32 digest = _digestOfAccreditation(statement);
        bytes2 country = _advance(statement.authority, statement.sequence, digest, signer, signature);
        if (statement.country != country) revert WrongCountry(country, statement.country);
        bytes32 given = keccak256(abi.encodePacked(prefixes));
        if (given != statement.prefixes) revert PartsMismatch(statement.prefixes, given);

        number = statement.organisation;
        if (number == 0) {
            number = ++organisationCount;
            (_organisations[number].country, _organisations[number].authority) = (country, statement.authority);
        } else {
            _requireAccreditedBy(number, statement.authority);
        }
        _describe(number, statement.gln, statement.roles, prefixes);
        emit OrganisationAccredited(
            number, statement.authority, digest, statement.name, country, statement.gln, statement.roles, prefixes
        );
        // a new organisation without a key could never speak
        if (statement.organisation == 0 || statement.adminKey.length != 0) {
            _addFirstKey(number, statement.adminKey, adminSignature);
        }
    }

    /// @inheritdoc IAccreditation
    function suspend(Suspension calldata statement, bytes calldata signer, bytes calldata signature)
        external
        whenNotPaused
    {
        bytes32 digest = _digestOfSuspension(statement);
        _advance(statement.authority, statement.sequence, digest, signer, signature);
        _requireAccreditedBy(statement.organisation, statement.authority);
        _suspend(statement.organisation, statement.authority, statement.suspended, digest);
    }

    /// @inheritdoc IAccreditation
    function addKey(
        KeyAddition calldata statement,
        bytes calldata adminSigner,
        bytes calldata adminSignature,
        bytes calldata newKeySignature
    ) external whenNotPaused {
        if (statement.purposes == 0 || statement.purposes > Purpose.ALL) {
            revert InvalidPurposes(statement.purposes);
        }
        if (statement.validUntil != 0 && statement.validUntil <= statement.validFrom) {
            revert InvalidWindow(statement.validFrom, statement.validUntil);
        }
        bytes32 digest = _digestOfKeyAddition(
            statement.organisation, statement.signer, statement.purposes, statement.validFrom, statement.validUntil
        );
        _authoriseAdmin(statement.organisation, digest, adminSigner, adminSignature);
        Key memory added =
            Key(statement.organisation, statement.purposes, statement.validFrom, statement.validUntil, 0, 0);
        _addKey(added, statement.signer, digest, newKeySignature);
    }

    /// @inheritdoc IAccreditation
    function endKey(KeyEnding calldata statement, bytes calldata signer, bytes calldata signature)
        external
        whenNotPaused
    {
        bytes32 digest = _digestOfKeyEnding(statement);
        _authoriseAdmin(statement.actor, digest, signer, signature);
        Key storage ended = _keys[statement.key];
        uint32 owner = ended.organisation;
        uint40 now_ = uint40(block.timestamp);
        if (owner == 0) revert KeyNotLive(statement.key, now_);
        if (owner != statement.actor && _organisations[owner].authority != statement.actor) {
            revert KeyOfAnother(statement.key, statement.actor, owner);
        }
        if (statement.doubtSince > now_) revert OccurredAtOutOfRange(statement.doubtSince, 0, now_);
        if (ended.endedAt == 0) {
            ended.endedAt = now_;
        } else {
            // only ever earlier: a thief who ends the stolen key itself must not be able to clear the doubt
            if (ended.doubtSince == statement.doubtSince) revert AlreadyRecorded(digest);
            if (statement.doubtSince == 0 || (ended.doubtSince != 0 && statement.doubtSince > ended.doubtSince)) {
                revert KeyNotLive(statement.key, ended.endedAt);
            }
        }
        ended.doubtSince = statement.doubtSince;
        emit KeyEnded(statement.key, owner, statement.doubtSince, digest);
    }

    // ---- views ----

    /// @inheritdoc IAccreditation
    function organisation(uint32 number) external view returns (Organisation memory) {
        return _organisations[number];
    }

    /// @inheritdoc IAccreditation
    function prefixesOf(uint32 number) external view returns (uint64[] memory) {
        return _prefixes[number];
    }

    /// @inheritdoc IAccreditation
    function key(bytes32 id) external view returns (Key memory) {
        return _keys[id];
    }

    /// @inheritdoc IAccreditation
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _digestOfAccreditation(AccreditationStatement calldata statement) private view returns (bytes32) {
        return _hashTypedDataV4(Statements.structHash(statement));
    }

    function _digestOfSuspension(Suspension calldata statement) private view returns (bytes32) {
        return _hashTypedDataV4(Statements.structHash(statement));
    }

    function _digestOfKeyEnding(KeyEnding calldata statement) private view returns (bytes32) {
        return _hashTypedDataV4(Statements.structHash(statement));
    }

    // ---- for the ledger ----

    /// @dev {_authorise} for what an organisation says of goods.
    function _authoriseEvents(uint32 number, bytes32 digest, bytes calldata signer, bytes calldata signature)
        internal
        view
        returns (bytes32 id, uint8 roles)
    {
        uint8 purposes;
        (id, purposes, roles) = _authorise(number, digest, signer, signature);
        if (purposes & Purpose.EVENTS == 0) revert PurposeMissing(id, Purpose.EVENTS);
    }

    /// @dev {_authorise} for what an organisation says of keys and organisations.
    function _authoriseAdmin(uint32 number, bytes32 digest, bytes calldata signer, bytes calldata signature)
        private
        view
    {
        (bytes32 id, uint8 purposes,) = _authorise(number, digest, signer, signature);
        if (purposes & Purpose.ADMIN == 0) revert PurposeMissing(id, Purpose.ADMIN);
    }

    /// @dev The one gate of every signed statement: a live key of an active organisation signed it.
    /// @return id The key.
    /// @return purposes The key's.
    /// @return roles The organisation's.
    function _authorise(uint32 number, bytes32 digest, bytes calldata signer, bytes calldata signature)
        private
        view
        returns (bytes32 id, uint8 purposes, uint8 roles)
    {
        id = keccak256(signer);
        Key storage k = _keys[id];
        if (
            k.organisation == 0 || block.timestamp < k.validFrom || k.endedAt != 0
                || (k.validUntil != 0 && block.timestamp >= k.validUntil)
        ) revert KeyNotLive(id, uint40(block.timestamp));
        if (k.organisation != number) revert KeyOfAnother(id, number, k.organisation);
        roles = _rolesOf(number);
        if (!_isSigned(signer, digest, signature)) revert InvalidSignature(digest, signer);
        purposes = k.purposes;
    }

    /// @dev The roles of an organisation that must be active.
    function _rolesOf(uint32 number) internal view returns (uint8) {
        Organisation storage found = _organisations[number];
        if (found.authority == 0) revert UnknownOrganisation(number);
        if (found.suspendedAt != 0) revert OrganisationNotActive(number, found.suspendedAt);
        return found.roles;
    }

    /// @param roles What the organisation has.
    /// @param needed Bits of {Role}, one of which is enough.
    function _requireRole(uint32 number, uint8 roles, uint8 needed) internal pure {
        if (roles & needed == 0) revert RoleMissing(number, needed);
    }

    function _countryOf(uint32 number) internal view returns (bytes2) {
        return _organisations[number].country;
    }

    function _companyPrefixes(uint32 number) internal view returns (uint64[] storage) {
        return _prefixes[number];
    }

    // ---- for itself ----

    function _requireCouncil() private view {
        if (msg.sender != council) revert NotCouncil(msg.sender);
    }

    function _requireNotPaused() private view {
        if (block.timestamp < pausedUntil) revert Paused(pausedUntil);
    }

    function _isSigned(bytes calldata signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        return Signers.isValid(signer, digest, signature, _p256Fallback);
    }

    /// @dev Takes an authority's statement in order; a replay names an old number.
    function _advance(uint32 number, uint64 sequence, bytes32 digest, bytes calldata signer, bytes calldata signature)
        private
        returns (bytes2 country)
    {
        _authoriseAdmin(number, digest, signer, signature);
        Organisation storage authority = _organisations[number];
        if (!authority.admitted) revert NotAuthority(number);
        if (authority.sequence != sequence) revert StaleSequence(authority.sequence, sequence);
        authority.sequence = sequence + 1;
        return authority.country;
    }

    function _requireAccreditedBy(uint32 number, uint32 authority) private view {
        // an authority's own entry says itself, but only the council decides on authorities
        if (number == authority || _organisations[number].authority != authority) {
            revert NotAccreditedBy(number, authority);
        }
    }

    function _describe(uint32 number, uint64 gln, uint8 roles, uint64[] calldata prefixes) private {
        if (roles == 0 || roles > Role.ALL) revert InvalidRoles(roles);
        if (!Gs1.isGlnOrNone(gln)) revert InvalidGln(gln);
        _organisations[number].gln = gln;
        _organisations[number].roles = roles;
        delete _prefixes[number];
        for (uint256 i = 0; i < prefixes.length; ++i) {
            if (!Gs1.isPrefix(prefixes[i])) revert InvalidPrefix(prefixes[i]);
            _prefixes[number].push(prefixes[i]);
        }
    }

    function _suspend(uint32 number, uint32 authority, bool suspended, bytes32 digest) private {
        Organisation storage subject = _organisations[number];
        // suspended twice: since the first time
        if (!suspended) subject.suspendedAt = 0;
        else if (subject.suspendedAt == 0) subject.suspendedAt = uint40(block.timestamp);
        emit OrganisationSuspended(number, authority, suspended, digest);
    }

    function _addFirstKey(uint32 number, bytes calldata signer, bytes calldata signature) private {
        uint8 purposes = Purpose.ADMIN | Purpose.EVENTS;
        bytes32 digest = _digestOfKeyAddition(number, signer, purposes, 0, 0);
        _addKey(Key(number, purposes, 0, 0, 0, 0), signer, digest, signature);
    }

    function _addKey(Key memory added, bytes calldata signer, bytes32 digest, bytes calldata signature) private {
        bytes32 id = keccak256(signer);
        Key memory present = _keys[id];
        if (present.organisation != 0) {
            if (keccak256(abi.encode(present)) == keccak256(abi.encode(added))) revert AlreadyRecorded(digest);
            revert KeyTaken(id, present.organisation);
        }
        if (!_isSigned(signer, digest, signature)) revert InvalidSignature(digest, signer);
        _keys[id] = added;
        emit KeyAdded(id, added.organisation, signer, added.purposes, added.validFrom, added.validUntil, digest);
    }

    function _digestOfKeyAddition(
        uint32 number,
        bytes calldata signer,
        uint8 purposes,
        uint40 validFrom,
        uint40 validUntil
    ) private view returns (bytes32) {
        return _hashTypedDataV4(Statements.structHashOfKeyAddition(number, signer, purposes, validFrom, validUntil));
    }
}
