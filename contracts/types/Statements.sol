// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

// The eight signed statements of Lotproof as EIP-712 typed data. A field that does not fit into 32 bytes is signed as
// its keccak256; lists are never signed directly (wallets and libraries disagree on arrays) but as the keccak256 of
// their packed form. Everything else encodes in EIP-712 exactly as in `abi.encode`, which the hashes below rely on.

/// @notice A manufacturer puts a batch on the ledger.
struct BatchRegistration {
    uint32 manufacturer; // organisation number
    uint64 gtin; // GTIN-14 as a number, check digit included (GS1 AI 01)
    string lot; // 1 to 20 characters of GS1 character set 82 (GS1 AI 10)
    uint8 productClass; // see {ProductClass}
    uint32 quantity; // units, more than 0
    uint32 manufactured; // YYYYMMDD as a number, 0 = not stated
    uint32 expiry; // YYYYMMDD as a number, the last day of use
    bytes32 unitRoot; // Merkle root of the serialised units, 0 = not serialised
    bytes32 details; // salted hash of the product document
}

/// @notice Something that happened to a consignment.
struct CustodyEvent {
    bytes32 consignment; // 0 for PACK
    bytes32 previous; // head that the signer saw; authority events: the sequence number; CORRECT: the earlier digest
    uint32 actor; // organisation number
    uint8 kind; // see {Kind}
    uint40 occurredAt; // Unix time in seconds, as the signer claims
    uint32 counterparty; // organisation number, 0 where the kind names none
    uint32 quantity; // units, or consignments for a pallet
    bytes5 place; // UN/LOCODE in ASCII
    bytes32 parts; // keccak256 of the attachment of SPLIT, PACK and UNPACK, else 0
    bytes32 details; // salted hash of the full EPCIS event
}

/// @notice One signature under many custody events of one organisation.
struct Bundle {
    uint32 actor; // organisation number
    uint32 count; // events
    bytes32 digests; // keccak256 of the packed, strictly ascending event digests
}

/// @notice An organisation commits to its log of unit events, which stays off the chain.
struct Anchor {
    uint32 organisation; // organisation number
    uint64 count; // unit events anchored by this organisation so far, this root's included
    bytes32 root; // head of the log at that size: the Merkle Tree Hash of RFC 6962, section 2.1
    bytes32 previous; // digest of the organisation's anchor before, 0 for the first
}

/// @notice An authority accredits an organisation of its country, or amends what it said of it.
struct Accreditation {
    uint32 authority; // organisation number
    uint32 organisation; // organisation number, 0 = a new one
    uint64 sequence; // the authority's statements so far
    string name; // as the authority registered it
    bytes2 country; // ISO 3166-1 alpha-2 in ASCII
    uint64 gln; // GLN-13 as a number, 0 = none
    uint8 roles; // see {Role}
    bytes32 prefixes; // keccak256 of the licensed GS1 Company Prefixes, each as a 32-byte word
    bytes adminKey; // signer of a first or additional admin key; empty = keep the keys
}

/// @notice An authority suspends or reinstates an organisation that it accredited.
struct Suspension {
    uint32 authority; // organisation number
    uint32 organisation; // organisation number
    uint64 sequence; // the authority's statements so far
    bool suspended; // false reinstates
}

/// @notice An organisation adds a key; the new key signs the same statement.
struct KeyAddition {
    uint32 organisation; // organisation number
    bytes signer; // 20 bytes: an address; 64 bytes: a P-256 public key x‖y
    uint8 purposes; // see {Purpose}
    uint40 validFrom; // Unix time in seconds, by block time
    uint40 validUntil; // Unix time in seconds, exclusive; 0 = open
}

/// @notice An organisation, or the authority that accredited it, ends a key for good.
struct KeyEnding {
    uint32 actor; // organisation number of the one who signs
    bytes32 key; // keccak256 of the signer
    uint40 doubtSince; // Unix time in seconds from which its signatures are in doubt; 0 = not in doubt
}

/// @title EIP-712 struct hashes of the statements
/// @dev https://eips.ethereum.org/EIPS/eip-712#definition-of-hashstruct
library Statements {
    bytes32 internal constant BATCH_REGISTRATION = keccak256(
        "BatchRegistration(uint32 manufacturer,uint64 gtin,string lot,uint8 productClass,uint32 quantity,uint32 manufactured,uint32 expiry,bytes32 unitRoot,bytes32 details)"
    );
    bytes32 internal constant CUSTODY_EVENT = keccak256(
        "CustodyEvent(bytes32 consignment,bytes32 previous,uint32 actor,uint8 kind,uint40 occurredAt,uint32 counterparty,uint32 quantity,bytes5 place,bytes32 parts,bytes32 details)"
    );
    bytes32 internal constant BUNDLE = keccak256("Bundle(uint32 actor,uint32 count,bytes32 digests)");
    bytes32 internal constant ANCHOR =
        keccak256("Anchor(uint32 organisation,uint64 count,bytes32 root,bytes32 previous)");
    bytes32 internal constant ACCREDITATION = keccak256(
        "Accreditation(uint32 authority,uint32 organisation,uint64 sequence,string name,bytes2 country,uint64 gln,uint8 roles,bytes32 prefixes,bytes adminKey)"
    );
    bytes32 internal constant SUSPENSION =
        keccak256("Suspension(uint32 authority,uint32 organisation,uint64 sequence,bool suspended)");
    bytes32 internal constant KEY_ADDITION =
        keccak256("KeyAddition(uint32 organisation,bytes signer,uint8 purposes,uint40 validFrom,uint40 validUntil)");
    bytes32 internal constant KEY_ENDING = keccak256("KeyEnding(uint32 actor,bytes32 key,uint40 doubtSince)");

    function structHash(BatchRegistration calldata r) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                BATCH_REGISTRATION,
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
        );
    }

    function structHash(CustodyEvent memory e) internal pure returns (bytes32) {
        return keccak256(abi.encode(CUSTODY_EVENT, e));
    }

    function structHash(Bundle calldata b) internal pure returns (bytes32) {
        return keccak256(abi.encode(BUNDLE, b));
    }

    function structHash(Anchor calldata a) internal pure returns (bytes32) {
        return keccak256(abi.encode(ANCHOR, a));
    }

    function structHash(Accreditation calldata a) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                ACCREDITATION,
                a.authority,
                a.organisation,
                a.sequence,
                keccak256(bytes(a.name)),
                a.country,
                a.gln,
                a.roles,
                a.prefixes,
                keccak256(a.adminKey)
            )
        );
    }

    function structHash(Suspension calldata s) internal pure returns (bytes32) {
        return keccak256(abi.encode(SUSPENSION, s));
    }

    /// @dev Fields one by one, because the co-signature of a first admin key is over an addition that nobody sends.
    function structHashOfKeyAddition(
        uint32 organisation,
        bytes calldata signer,
        uint8 purposes,
        uint40 validFrom,
        uint40 validUntil
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(KEY_ADDITION, organisation, keccak256(signer), purposes, validFrom, validUntil));
    }

    function structHash(KeyEnding calldata k) internal pure returns (bytes32) {
        return keccak256(abi.encode(KEY_ENDING, k));
    }
}
