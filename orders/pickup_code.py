"""The code that identifies a customer at the counter.

Derived from the installation's secret, so it is stored nowhere: not in the database, not in an
event, not in a log. A dump of any of them reveals no code.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.crypto import constant_time_compare, salted_hmac

DIGITS = 6
TOKEN_LENGTH = 32  # hexadecimal digits: 128 bits, beyond guessing
MAX_WRONG_CODES = 5


@dataclass(frozen=True, slots=True)
class PickupPass:
    """The pass that a shop shows its customer: digits to say, and the text of a QR code."""

    code: str
    qr: str


def pickup_pass(fulfilment_code: str, location: str) -> PickupPass:
    """Derive the pass of a fulfilment that is collected at a location (codes).

    All fulfilments of one order at one shop have the same code, and the same secret in their QR
    codes: its customer comes once. The same one every time, another for each order and each shop.
    """
    visit = f"{fulfilment_code.rpartition('-')[0]}@{location}"
    number = int(_digest("orders.pickup.code", visit), 16) % 10**DIGITS
    token = _digest("orders.pickup.qr", visit)[:TOKEN_LENGTH]
    return PickupPass(code=f"{number:0{DIGITS}d}", qr=f"omni:pickup:{fulfilment_code}:{token}")


def is_right_code(fulfilment_code: str, location: str, given: str) -> bool:
    """Compare spoken or typed digits; spaces between them do not matter."""
    return constant_time_compare(
        pickup_pass(fulfilment_code, location).code, "".join(given.split())
    )


def is_right_qr(fulfilment_code: str, location: str, given: str) -> bool:
    """Compare the secret that a scanner read from the QR code of any parcel of that order."""
    return constant_time_compare(
        _secret(pickup_pass(fulfilment_code, location).qr), _secret(given.strip())
    )


def _secret(qr: str) -> str:
    return qr.rpartition(":")[2]


def _digest(purpose: str, visit: str) -> str:
    return salted_hmac(purpose, visit, algorithm="sha256").hexdigest()
