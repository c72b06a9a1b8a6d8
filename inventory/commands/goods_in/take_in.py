"""Receiving goods and filling backorders in one act, with one order of locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from django.utils import timezone

from core.access.principal import Principal
from inventory import ledger
from inventory.choices import LabelStep
from inventory.commands.change import StockChange
from inventory.commands.goods_in.expect import lock_delivery
from inventory.commands.goods_in.receive import (
    Arrived,
    lock_awaited,
    receive_delivery,
    receive_goods,
)
from inventory.commands.labels import Labelled, record_labels
from inventory.queries.barcode_owners import ScannedSku
from inventory.settlement import settlement

ReadLabel = tuple[int, ScannedSku, int]  # the SKU's id, what its label says, the units under it


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
    *,
    identity: str,
    arrived: Mapping[int, Arrived],
    close: bool,
    actor: Principal,
    labels: Sequence[ReadLabel] = (),
) -> None:
    """Count goods (by SKU id) in against a delivery and fill the backorders that wait for them.

    `labels` are those that were read of these goods. What is past its date by them is damaged: on
    hand, and not for sale. Raises `NotFound`, `IllegalTransition`, `BalanceOutOfRange`.
    """
    delivery = lock_delivery(identity=identity, actor=actor)
    location_id = delivery.location_id
    today = timezone.now().astimezone(ZoneInfo(delivery.location.timezone)).date()
    fit = _without_expired(arrived, labels, today=today)
    reference = f"deliveries/{delivery.pk}"
    record_labels(
        (Labelled.of(sku_id, said, units, reference) for sku_id, said, units in labels),
        step=LabelStep.RECEIVED,
        location_id=location_id,
        actor=actor,
    )

    def receive() -> tuple[None, StockChange]:
        return None, receive_delivery(identity=identity, arrived=fit, close=close, actor=actor)

    settlement().change_stock(
        receive,
        waiting_for=list(arrived),
        actor=actor,
        lock=partial(ledger.open_and_lock, [(sku_id, location_id) for sku_id in arrived]),
    )


def _without_expired(
    arrived: Mapping[int, Arrived], labels: Sequence[ReadLabel], *, today: date
) -> dict[int, Arrived]:
    expired: dict[int, int] = {}
    for sku_id, said, units in labels:
        if said.expiry and said.expiry < today:
            expired[sku_id] = expired.get(sku_id, 0) + units
    return {
        sku_id: replace(goods, damaged=min(goods.units, goods.damaged + expired.get(sku_id, 0)))
        for sku_id, goods in arrived.items()
    }
