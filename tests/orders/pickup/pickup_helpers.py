"""Codes of pickups."""

from __future__ import annotations

from orders.pickup_code import pickup_pass


def wrong_code(fulfilment_code: str) -> str:
    right = pickup_pass(fulfilment_code, "S1").code
    return f"{(int(right) + 1) % 10**6:06d}"
