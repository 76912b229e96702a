// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @title Rules of the GS1 General Specifications and UN/LOCODE that the ledger enforces
/// @notice Pure and total: every function answers for every input and never reverts.
/// @dev Leading zeros do not change a GS1 check digit, because they add nothing to the weighted sum; so GTIN, SSCC and
/// GLN travel as plain numbers.
library Gs1 {
    uint64 private constant GTIN_END = 10 ** 14;
    uint64 private constant SSCC_END = 10 ** 18;
    uint64 private constant GLN_END = 10 ** 13;

    /// @dev One bit per ASCII code: GS1 AI encodable character set 82 (GS1 General Specifications, figure 7.11-1).
    uint256 private constant CHARACTER_SET_82 = (((1 << 10) - 1) << 0x30) // 0-9
        | (((1 << 26) - 1) << 0x41) // A-Z
        | (((1 << 26) - 1) << 0x61) // a-z
        | (1 << 0x21) | (1 << 0x22) // ! "
        | (((1 << 11) - 1) << 0x25) // % & ' ( ) * + , - . /
        | (((1 << 6) - 1) << 0x3a) // : ; < = > ?
        | (1 << 0x5f); // _
    uint256 private constant LETTERS = ((1 << 26) - 1) << 0x41;
    uint256 private constant LETTERS_AND_DIGITS = LETTERS | (((1 << 10) - 1) << 0x30);

    /// @param gtin A GTIN-14 as a number.
    function isGtin(uint64 gtin) internal pure returns (bool) {
        return gtin != 0 && gtin < GTIN_END && hasCheckDigit(gtin);
    }

    /// @param sscc A Serial Shipping Container Code of 18 digits as a number.
    function isSscc(uint64 sscc) internal pure returns (bool) {
        return sscc != 0 && sscc < SSCC_END && hasCheckDigit(sscc);
    }

    /// @param gln A Global Location Number of 13 digits as a number; 0 = none.
    function isGlnOrNone(uint64 gln) internal pure returns (bool) {
        return gln < GLN_END && hasCheckDigit(gln);
    }

    /// @notice Whether the last digit makes the weighted sum a multiple of ten: weights 1, 3, 1, 3 … from the right
    /// (GS1 General Specifications, section 7.9.1).
    function hasCheckDigit(uint64 number) internal pure returns (bool) {
        // two digits a round; the sum of 20 digits times 3 cannot overflow
        unchecked {
            uint256 rest = number;
            uint256 sum;
            while (rest != 0) {
                sum += rest % 10 + 3 * (rest / 10 % 10);
                rest /= 100;
            }
            return sum % 10 == 0;
        }
    }

    /// @notice Whether a company prefix is encoded as `10**L + value`, L = 4 to 12 digits: the leading 1 keeps leading zeros.
    function isPrefix(uint64 prefix) internal pure returns (bool) {
        return prefixLength(prefix) != 0;
    }

    /// @notice The 17 digits of a GTIN that {isUnderPrefix} reads: the company prefix stands behind the indicator digit, and
    /// zeros make up for the longer number of an SSCC.
    function digitsOfGtin(uint64 gtin) internal pure returns (uint256) {
        return uint256(gtin) % 10 ** 13 * 10 ** 4;
    }

    /// @notice The 17 digits of an SSCC that {isUnderPrefix} reads: the company prefix stands behind the extension digit.
    function digitsOfSscc(uint64 sscc) internal pure returns (uint256) {
        return sscc % 10 ** 17;
    }

    /// @notice Whether 17 digits begin with a company prefix.
    /// @param prefix The company prefix, `10**L + value`.
    function isUnderPrefix(uint256 digits, uint64 prefix) internal pure returns (bool) {
        uint256 length = prefixLength(prefix);
        if (length == 0) return false;
        return digits / 10 ** (17 - length) == prefix - 10 ** length;
    }

    /// @notice Digits of a company prefix, 4 to 12; 0 if it is not encoded as one.
    function prefixLength(uint64 prefix) internal pure returns (uint256) {
        uint256 power = 10 ** 4;
        for (uint256 length = 4; length <= 12; ++length) {
            if (prefix < 2 * power) return prefix < power ? 0 : length;
            power *= 10;
        }
        return 0;
    }

    /// @notice Whether a batch/lot number has 1 to 20 characters of character set 82 (GS1 AI 10).
    function isLot(bytes memory lot) internal pure returns (bool) {
        uint256 length = lot.length;
        if (length == 0 || length > 20) return false;
        for (uint256 i = 0; i < length; ++i) {
            if (CHARACTER_SET_82 >> uint8(lot[i]) & 1 == 0) return false;
        }
        return true;
    }

    /// @notice Whether a number reads YYYYMMDD with a year 2000 to 2099, a month 1 to 12 and a day 1 to 31. A day that its
    /// month has not, such as 20270231, is read as the month's last day.
    function isDate(uint32 date) internal pure returns (bool) {
        // below the first of a range the difference wraps around to a number far above the last
        unchecked {
            uint256 number = date;
            return number / 10_000 - 2000 < 100 && number / 100 % 100 - 1 < 12 && number % 100 - 1 < 31;
        }
    }

    /// @notice Whether a place has the form of a UN/LOCODE: two capital letters of the country, then three capital
    /// letters or digits (UNECE Recommendation 16).
    function isPlace(bytes5 place) internal pure returns (bool) {
        uint256 text = uint40(place);
        return (LETTERS >> (text >> 32)) & (LETTERS >> (text >> 24 & 0xff))
                & (LETTERS_AND_DIGITS >> (text >> 16 & 0xff)) & (LETTERS_AND_DIGITS >> (text >> 8 & 0xff))
                & (LETTERS_AND_DIGITS >> (text & 0xff)) & 1 == 1;
    }

    /// @notice Whether a country has the form of ISO 3166-1 alpha-2: two capital letters.
    function isCountry(bytes2 country) internal pure returns (bool) {
        uint256 text = uint16(country);
        return (LETTERS >> (text >> 8)) & (LETTERS >> (text & 0xff)) & 1 == 1;
    }
}
