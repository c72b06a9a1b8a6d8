"""The code that identifies a customer at the counter.

Derived from the installation's secret, so it is stored nowhere: not in the database, not in an
event, not in a log. A dump of any of them reveals no code.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.crypto import constant_time_compare

from core.access.digests import keyed_digests

PREFIX = "omni:pickup:"
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
    return _passes(fulfilment_code, location)[0]


def is_right_code(fulfilment_code: str, location: str, given: str) -> bool:
    """Compare spoken or typed digits; spaces between them do not matter."""
    typed = "".join(given.split())
    return _is_any(typed, [each.code for each in _passes(fulfilment_code, location)])


def is_right_qr(fulfilment_code: str, location: str, given: str) -> bool:
    """Compare what a scanner read from the QR code of any parcel of that order.

    Its secret alone opens nothing: whatever is written without a parcel's code is no pass.
    """
    parcel = given.strip().removeprefix(PREFIX).rpartition(":")[0]
    if parcel.rpartition("-")[0] != fulfilment_code.rpartition("-")[0]:
        return False
    return _is_any(given.strip(), [each.qr for each in _passes(parcel, location)])


def _is_any(given: str, right: list[str]) -> bool:
    return any([constant_time_compare(given, each) for each in right])


def _passes(fulfilment_code: str, location: str) -> list[PickupPass]:
    """Return the pass, then what it was under the secrets that this one took over from: those may
    still be in customers' hands."""
    visit = f"{fulfilment_code.rpartition('-')[0]}@{location}".encode()
    numbers = keyed_digests("orders.pickup.code", visit)
    tokens = keyed_digests("orders.pickup.qr", visit)
    return [
        PickupPass(
            code=f"{int.from_bytes(number) % 10**DIGITS:0{DIGITS}d}",
            qr=f"{PREFIX}{fulfilment_code}:{token.hex()[:TOKEN_LENGTH]}",
        )
        for number, token in zip(numbers, tokens, strict=True)
    ]
