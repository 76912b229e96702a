// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @notice What an organisation may do: one bit each, `Organisation.roles` is their sum.
library Role {
    uint8 internal constant MANUFACTURER = 1;
    uint8 internal constant CARRIER = 2;
    uint8 internal constant WHOLESALER = 4;
    uint8 internal constant CUSTOMS = 8;
    uint8 internal constant PHARMACY = 16;
    uint8 internal constant REGULATOR = 32;

    /// @notice Any of these may hold goods.
    uint8 internal constant CUSTODY = MANUFACTURER | CARRIER | WHOLESALER | PHARMACY;
    /// @notice Any of these may inspect, hold, release, seize and destroy goods in its own country.
    uint8 internal constant ADMINISTRATION = CUSTOMS | REGULATOR;
    uint8 internal constant ALL = CUSTODY | ADMINISTRATION;
}

/// @notice What a key may sign: one bit each, `Key.purposes` is their sum.
library Purpose {
    /// @notice Registrations, custody events, bundles and anchors.
    uint8 internal constant EVENTS = 1;
    /// @notice Printed labels; never checked on chain, kept here so that a label key is public and can be ended.
    uint8 internal constant LABELS = 2;
    /// @notice Keys of the own organisation and, for an authority, the organisations it accredits.
    uint8 internal constant ADMIN = 4;
    uint8 internal constant ALL = EVENTS | LABELS | ADMIN;
}

/// @notice Kinds of products, `BatchRegistration.productClass`.
library ProductClass {
    uint8 internal constant VACCINE = 1;
    uint8 internal constant MEDICINE = 2;
    uint8 internal constant PPE = 3;
    uint8 internal constant DEVICE = 4;
}

/// @notice Kinds of custody events, `CustodyEvent.kind`; what each does stands in {ICustodyLedger}.
library Kind {
    uint8 internal constant SHIP = 1;
    uint8 internal constant RECEIVE = 2;
    uint8 internal constant HANDOVER = 3;
    uint8 internal constant RETURN = 4;
    uint8 internal constant SPLIT = 5;
    uint8 internal constant PACK = 6;
    uint8 internal constant UNPACK = 7;
    uint8 internal constant INSPECT = 8;
    uint8 internal constant HOLD = 9;
    uint8 internal constant RELEASE = 10;
    uint8 internal constant SEIZE = 11;
    uint8 internal constant RECALL = 12;
    uint8 internal constant DISPENSE = 13;
    uint8 internal constant DESTROY = 14;
    uint8 internal constant CORRECT = 15;

    // Sets of kinds, bit `1 << kind` each: which fields a kind may or must fill.
    uint256 internal constant NAMES_COUNTERPARTY = 1 << SHIP | 1 << RECEIVE | 1 << HANDOVER | 1 << RETURN;
    uint256 internal constant HAS_PARTS = 1 << SPLIT | 1 << PACK | 1 << UNPACK;
    uint256 internal constant HAS_ATTACHMENT = HAS_PARTS | 1 << HANDOVER | 1 << CORRECT;
    // DESTROY is one as well, if the actor holds or seized the goods
    uint256 internal constant BY_AUTHORITY = 1 << INSPECT | 1 << HOLD | 1 << RELEASE | 1 << SEIZE | 1 << RECALL;
    uint256 internal constant PLACE_OPTIONAL = 1 << RECALL | 1 << CORRECT;
}

/// @notice Bits of `Consignment.status`.
library Status {
    /// @notice Taken by an administration for good.
    uint8 internal constant SEIZED = 1;
    /// @notice Carries other consignments instead of units.
    uint8 internal constant PALLET = 2;
}
