"""Sourcing: which locations serve which lines of an order. Pure, without a database."""

from __future__ import annotations

from .planning import NO_SUPPLIERS, Suppliers, plan
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
    "NO_SUPPLIERS",
    "PICKUP",
    "SAME_DAY",
    "SHIP",
    "Allocation",
    "Demand",
    "Plan",
    "Policy",
    "Shortage",
    "Site",
    "Suppliers",
    "plan",
    "read_receipt",
]
