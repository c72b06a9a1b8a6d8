"""Receiving goods and filling backorders in one act, with one order of locks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from core.access.principal import Principal
from inventory import ledger
from inventory.commands.change import StockChange
from inventory.commands.goods_in.expect import lock_delivery
from inventory.commands.goods_in.receive import (
    Arrived,
    lock_awaited,
    receive_delivery,
    receive_goods,
)
from inventory.settlement import settlement


def take_in_goods(
    *, location_id: int, reference: str, units: Mapping[int, int], actor: Principal
) -> StockChange:
    """Put units (by SKU id) on hand and fill the backorders that wait for them.

    Where a delivery is expected under that reference, they count as its goods. Returns the change,
    with the balances before backorders were filled.
    """
    # The delivery first: two people at one pallet wait for each other before any other lock.
    lock_awaited(location_id=location_id, reference=reference)

    def receive() -> tuple[StockChange, StockChange]:
        change = receive_goods(
            location_id=location_id, reference=reference, units=units, actor=actor
        )
        return change, change

    return settlement().change_stock(
        receive,
        waiting_for=list(units),
        actor=actor,
        lock=partial(ledger.open_and_lock, [(sku_id, location_id) for sku_id in units]),
    )


def take_in_delivery(
    *, identity: str, arrived: Mapping[int, Arrived], close: bool, actor: Principal
) -> None:
    """Count goods (by SKU id) in against a delivery and fill the backorders that wait for them.

    Raises `NotFound`, `IllegalTransition`, `BalanceOutOfRange`.
    """
    location_id = lock_delivery(identity=identity, actor=actor).location_id

    def receive() -> tuple[None, StockChange]:
        return None, receive_delivery(identity=identity, arrived=arrived, close=close, actor=actor)

    settlement().change_stock(
        receive,
        waiting_for=list(arrived),
        actor=actor,
        lock=partial(ledger.open_and_lock, [(sku_id, location_id) for sku_id in arrived]),
    )
