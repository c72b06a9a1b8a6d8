"""The result of a change of stock: goods that came, promises that broke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inventory.ledger import Balance, Broken


@dataclass(frozen=True, slots=True)
class StockChange:
    """The result of a command that moved stock.

    `balances` are the rows it was about, as they are now, moved or not. `more` are the ids of
    SKUs of which more can be promised than before: backorders may fill. `broken` are promises
    that the stock no longer covers: they must be sourced again. `cause` names the act that found
    that, for the order's timeline: "count 12".
    """

    balances: Sequence[Balance] = ()
    more: frozenset[int] = field(default_factory=frozenset)
    broken: Sequence[Broken] = ()
    cause: str = ""

    @classmethod
    def between(
        cls,
        before: Mapping[tuple[int, int], Balance],
        after: Sequence[Balance],
        *,
        broken: Sequence[Broken] = (),
        cause: str = "",
    ) -> StockChange:
        """Compare the locked rows with what was posted to some of them."""
        now = {**before, **{(row.sku_id, row.location_id): row for row in after}}
        return cls(
            balances=list(now.values()),
            more=frozenset(
                row.sku_id for pair, row in now.items() if row.available > before[pair].available
            ),
            broken=broken,
            cause=cause,
        )
