"""Goods in from a supplier."""

from __future__ import annotations

from collections.abc import Mapping

from inventory import ledger
from inventory.choices import Reason
from inventory.commands.change import StockChange
from inventory.ledger import Entry
from omniretail.access.principal import Principal


def receive_goods(
    *, location_id: int, reference: str, units: Mapping[int, int], actor: Principal
) -> StockChange:
    """Put units (by SKU id) on hand at a location, also of SKUs that it never stocked.

    `reference` names the delivery. Raises `BalanceOutOfRange` beyond what can be counted.
    """
    ledger.open_rows([(sku_id, location_id) for sku_id in units])
    balances = ledger.post(
        [
            Entry(sku_id, location_id, on_hand=quantity, reason=Reason.RECEIPT, reference=reference)
            for sku_id, quantity in units.items()
        ],
        actor=actor.name,
    )
    return StockChange(balances=balances, more=frozenset(units))
