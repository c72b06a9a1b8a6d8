"""Sourcing: which locations serve which lines of an order. Pure, without a database."""

from __future__ import annotations

from .planning import plan
from .receipt import read_receipt
from .shapes import (
    CARRY_OUT,
    PICKUP,
    SAME_DAY,
    SHIP,
    Allocation,
    Demand,
    Plan,
    Policy,
    Shortage,
    Site,
)

__all__ = [
    "CARRY_OUT",
    "PICKUP",
    "SAME_DAY",
    "SHIP",
    "Allocation",
    "Demand",
    "Plan",
    "Policy",
    "Shortage",
    "Site",
    "plan",
    "read_receipt",
]
