// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Accreditation, KeyAddition, KeyEnding, Suspension} from "../types/Statements.sol";

/// @title Who may sign what
/// @notice The council admits authorities. An authority accredits organisations of its country. An organisation adds and
/// ends its own keys. Everything but the council's acts is a signed statement that anyone may bring.
interface IAccreditation {
    /// @notice An organisation, one storage slot.
    struct Organisation {
        uint8 roles; // bits, see {Role}
        bytes2 country; // ISO 3166-1 alpha-2 in ASCII
        uint32 authority; // organisation number of the authority that accredited it; its own number if the council admitted it
        uint40 suspendedAt; // block time in seconds, 0 = active
        bool admitted; // it is an authority
        uint64 sequence; // statements that it has made as an authority
        uint64 gln; // GLN-13 as a number, 0 = none
    }

    /// @notice A key, one storage slot. Live at block time t: organisation != 0, validFrom <= t, validUntil == 0 or
    /// t < validUntil, endedAt == 0.
    struct Key {
        uint32 organisation; // the only organisation it ever belongs to
        uint8 purposes; // bits, see {Purpose}
        uint40 validFrom; // Unix time in seconds
        uint40 validUntil; // Unix time in seconds, exclusive; 0 = open
        uint40 endedAt; // block time in seconds, 0 = not ended
        uint40 doubtSince; // Unix time in seconds; 0 = not in doubt
    }

    // ---- errors: signatures and keys ----

    /// @notice A signer is 20 bytes (an address) or 64 bytes (a P-256 key).
    error InvalidSigner(bytes signer);
    /// @notice The signature is not the signer's under this digest, or its s is high.
    error InvalidSignature(bytes32 digest, bytes signer);
    /// @notice The key is unknown, not valid yet, not valid any more or ended, at block time `time`.
    error KeyNotLive(bytes32 key, uint40 time);
    /// @notice The key belongs to organisation `actual`, the statement speaks for `expected`.
    error KeyOfAnother(bytes32 key, uint32 expected, uint32 actual);
    /// @notice The key may not sign this sort of statement; `needed` is a bit of {Purpose}.
    error PurposeMissing(bytes32 key, uint8 needed);
    /// @notice The key has been added before, by organisation `by`, and stays its own for ever.
    error KeyTaken(bytes32 key, uint32 by);
    /// @notice A key needs at least one purpose and no unknown one.
    error InvalidPurposes(uint8 purposes);
    /// @notice The window is empty.
    error InvalidWindow(uint40 validFrom, uint40 validUntil);
    /// @notice Less gas was left than the check of one statement needs: nothing has been decided, send more.
    error InsufficientGas(uint256 needed, uint256 available);

    // ---- errors: organisations ----

    error UnknownOrganisation(uint32 organisation);
    /// @notice Suspended at block time `suspendedAt`.
    error OrganisationNotActive(uint32 organisation, uint40 suspendedAt);
    /// @notice `needed` are bits of {Role}, one of which is enough.
    error RoleMissing(uint32 organisation, uint8 needed);
    error NotAuthority(uint32 organisation);
    /// @notice Only the authority that accredited an organisation amends or suspends it; an authority itself is the council's.
    error NotAccreditedBy(uint32 organisation, uint32 authority);
    error WrongCountry(bytes2 expected, bytes2 given);
    error InvalidCountry(bytes2 country);
    /// @notice No role, or an unknown one.
    error InvalidRoles(uint8 roles);
    error InvalidGln(uint64 gln);
    /// @notice A GS1 Company Prefix of L = 4 to 12 digits is written as `10**L + value`.
    error InvalidPrefix(uint64 prefix);

    // ---- errors: order ----

    /// @notice An authority's statement, or an authority's custody event, names another number than the next.
    error StaleSequence(uint256 expected, uint256 given);
    /// @notice What the statement asks for stands already. A relayer that sent this digest treats it as success.
    error AlreadyRecorded(bytes32 digest);
    /// @notice The list passed beside a statement hashes to `given`, the statement signs `expected`.
    error PartsMismatch(bytes32 expected, bytes32 given);
    /// @notice The time lies outside what can be stated now.
    error OccurredAtOutOfRange(uint40 occurredAt, uint40 earliest, uint40 latest);

    // ---- errors: council ----

    error NotCouncil(address caller);
    /// @notice No statement is taken before `until` (block time in seconds) unless the council resumes earlier.
    error Paused(uint40 until);
    error NotPaused();
    /// @notice The next pause may begin at block time `notBefore`.
    error PauseTooSoon(uint40 notBefore);
    error SuccessorAlreadyNamed(address successor);
    error InvalidAddress();

    // ---- events ----

    /// @notice An organisation was admitted (authority == organisation, digest 0), accredited or amended.
    event OrganisationAccredited(
        uint32 indexed organisation,
        uint32 indexed authority,
        bytes32 digest,
        string name,
        bytes2 country,
        uint64 gln,
        uint8 roles,
        uint64[] prefixes
    );
    /// @notice An organisation was suspended or reinstated; digest 0 if by the council.
    event OrganisationSuspended(uint32 indexed organisation, uint32 indexed authority, bool suspended, bytes32 digest);
    /// @notice A key was added; `digest` is of the {KeyAddition} that the key itself signed.
    event KeyAdded(
        bytes32 indexed key,
        uint32 indexed organisation,
        bytes signer,
        uint8 purposes,
        uint40 validFrom,
        uint40 validUntil,
        bytes32 digest
    );
    /// @notice A key of `organisation` was ended, or its doubt set to an earlier time.
    event KeyEnded(bytes32 indexed key, uint32 indexed organisation, uint40 doubtSince, bytes32 digest);
    /// @notice No statement is taken before `until` (block time in seconds).
    event StatementsPaused(uint40 until);
    /// @notice The council ended a pause early.
    event StatementsResumed();
    /// @notice The council named the contract that follows this one.
    event SuccessorNamed(address successor);

    // ---- the council's acts ----

    /// @notice Admits an authority for a country and gives it its first key (purposes ADMIN and EVENTS, open window).
    /// @param name As the authority calls itself.
    /// @param country ISO 3166-1 alpha-2 in ASCII.
    /// @param gln GLN-13 as a number, 0 = none.
    /// @param roles Bits, see {Role}.
    /// @param prefixes Licensed GS1 Company Prefixes, `10**L + value` each.
    /// @param adminSigner Signer of the first key, 20 or 64 bytes.
    /// @param adminSignature Its signature under KeyAddition(the number to be assigned, adminSigner, ADMIN|EVENTS, 0, 0).
    /// @return number The number assigned.
    function admitAuthority(
        string calldata name,
        bytes2 country,
        uint64 gln,
        uint8 roles,
        uint64[] calldata prefixes,
        bytes calldata adminSigner,
        bytes calldata adminSignature
    ) external returns (uint32 number);

    /// @notice Suspends (true) or reinstates (false) an authority.
    function suspendAuthority(uint32 number, bool suspended) external;

    /// @notice Stops every statement for 72 hours, which end by themselves; possible again 72 hours after that.
    function pause() external;

    /// @notice Ends a pause early.
    function unpause() external;

    /// @notice Names the contract that follows this one; once, and with no effect here.
    function nameSuccessor(address successor_) external;

    // ---- signed statements ----

    /// @notice Takes an authority's accreditation of a new organisation, or its amendment of one that it accredited.
    /// @param prefixes The company prefixes that `statement.prefixes` signs.
    /// @param signer An ADMIN key of the authority.
    /// @param adminSignature Signature of `statement.adminKey` under KeyAddition(organisation, adminKey, ADMIN|EVENTS, 0, 0);
    /// empty if no key is added.
    /// @return number The organisation's number.
    function accredit(
        Accreditation calldata statement,
        uint64[] calldata prefixes,
        bytes calldata signer,
        bytes calldata signature,
        bytes calldata adminSignature
    ) external returns (uint32 number);

    /// @notice Takes an authority's suspension or reinstatement of an organisation that it accredited.
    function suspend(Suspension calldata statement, bytes calldata signer, bytes calldata signature) external;

    /// @notice Adds a key to an organisation.
    /// @param adminSigner An ADMIN key of the organisation.
    /// @param newKeySignature The new key's own signature under the same statement: without it a stranger could register
    /// somebody else's key first, and a key belongs to one organisation for ever.
    function addKey(
        KeyAddition calldata statement,
        bytes calldata adminSigner,
        bytes calldata adminSignature,
        bytes calldata newKeySignature
    ) external;

    /// @notice Ends a key at this block, by an ADMIN key of its organisation or of the authority that accredited it. A key
    /// already ended can only be given an earlier time of doubt.
    function endKey(KeyEnding calldata statement, bytes calldata signer, bytes calldata signature) external;

    // ---- views ----

    function council() external view returns (address);
    /// @notice The contract that follows this one, 0 if none.
    function successor() external view returns (address);
    /// @notice Block time in seconds before which no statement is taken; in the past if none is.
    function pausedUntil() external view returns (uint40);
    /// @notice Organisations so far; numbers run from 1 to this.
    function organisationCount() external view returns (uint32);
    function organisation(uint32 number) external view returns (Organisation memory);
    /// @notice Licensed GS1 Company Prefixes, `10**L + value` each.
    function prefixesOf(uint32 number) external view returns (uint64[] memory);
    /// @param id keccak256 of the signer.
    function key(bytes32 id) external view returns (Key memory);
    /// @notice EIP-712 domain separator for the chain's present id.
    function domainSeparator() external view returns (bytes32);
}
