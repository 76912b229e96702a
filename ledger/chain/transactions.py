"""Signed transactions: built and hashed here, so that their exact bytes can be kept before they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from ledger.core.keccak import keccak256

if TYPE_CHECKING:
    from ledger.chain.client import Fees
    from ledger.chain.signers import AddressSigner, SignedTransaction

GAS_CAP: Final = 16_000_000  # under the 16,777,216 gas that one transaction may use (EIP-7825)
_BASE_GAS: Final = 21_000
GAS_A_BYTE: Final = 16  # EIP-2028
_FLOOR_GAS_A_BYTE: Final = 40  # EIP-7623: at least this for call data and all it does
_RLP_SHORT: Final = 0x80
_RLP_LIST: Final = 0xC0


@dataclass(frozen=True, slots=True)
class Payload:
    """What a transaction does: call data for a contract, or, with an empty `to`, a deployment."""

    to: bytes  # 20 bytes, empty for a deployment
    data: bytes
    gas: int  # limit


def sign(account: AddressSigner, chain_id: int, nonce: int, payload: Payload, fees: Fees) -> SignedTransaction:
    """Build and sign an EIP-1559 transaction that moves no money.

    Args:
        account: Who pays.
        chain_id: EIP-155 chain id.
        nonce: The account's, explicit and consecutive.
        payload: What it does.
        fees: Wei per gas.
    """
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "maxFeePerGas": fees.max_fee,
        "maxPriorityFeePerGas": fees.priority_fee,
        "gas": payload.gas,
        "to": payload.to,
        "value": 0,
        "data": payload.data,
    }
    return account.sign_transaction(fields)


def payload_of(raw: bytes) -> Payload:
    """Read what a signed transaction does, to sign it again with a higher fee."""
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return Payload(to=bytes(fields["to"]), data=bytes(fields["data"]), gas=int(fields["gas"]))


def gas_limit(data: bytes, execution: int) -> int:
    """Add to the gas that a call may use what its call data costs, every byte taken as if it were not zero.

    Args:
        data: Call data.
        execution: What the call itself uses at most.
    """
    return _BASE_GAS + max(GAS_A_BYTE * len(data) + execution, _FLOOR_GAS_A_BYTE * len(data))


def contract_address(sender: bytes, nonce: int) -> bytes:
    """Compute the address that a deployment will have.

    The last 20 bytes of keccak256(rlp([sender, nonce])): Ethereum yellow paper, section 7 and appendix B.
    """
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    short = len(number) == 1 and number[0] < _RLP_SHORT
    body = (
        bytes([_RLP_SHORT + len(sender)]) + sender + (number if short else bytes([_RLP_SHORT + len(number)]) + number)
    )
    return keccak256(bytes([_RLP_LIST + len(body)]) + body)[12:]
