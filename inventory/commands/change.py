"""What a change of stock means to those above: goods that came, promises that broke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inventory.ledger import Balance, Broken


@dataclass(frozen=True, slots=True)
class StockChange:
    """The result of a command that moved stock.

    `more` are the ids of SKUs of which more can be promised than before: backorders may fill.
    `broken` are promises that the shelf cannot keep: they must be sourced again.
    """

    balances: Sequence[Balance] = ()
    more: frozenset[int] = field(default_factory=frozenset)
    broken: Sequence[Broken] = ()
