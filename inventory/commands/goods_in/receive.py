"""Goods in from a supplier, announced or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from inventory import ledger
from inventory.choices import AWAITED, DeliveryState, Reason
from inventory.commands.change import StockChange
from inventory.commands.goods_in.expect import lock_delivery
from inventory.events import delivery_subject, publish_deliveries
from inventory.ledger import Entry
from inventory.models import ExpectedDelivery, ExpectedDeliveryLine
from inventory.transitions import next_delivery_state


@dataclass(frozen=True, slots=True)
class Arrived:
    """Units counted in; `damaged` of them are included."""

    units: int
    damaged: int = 0


def receive_goods(
    *, location_id: int, reference: str, units: Mapping[int, int], actor: Principal
) -> StockChange:
    """Put units (by SKU id) on hand at a location, also of SKUs that it never stocked.

    Where a delivery is expected under `reference`, they count as its goods.
    Raises `BalanceOutOfRange` beyond the integer range.
    """
    arrived = {sku_id: Arrived(quantity) for sku_id, quantity in units.items()}
    delivery = lock_awaited(location_id=location_id, reference=reference)
    if delivery:
        return _receive(delivery, arrived, close=False, actor=actor)
    return _put_on_hand(location_id, reference, arrived, actor=actor)


def lock_awaited(*, location_id: int, reference: str) -> ExpectedDelivery | None:
    """Lock the delivery that a location expects under this reference; None when there is none."""
    return (
        ExpectedDelivery.objects.filter(
            location=location_id, reference=reference, state__in=AWAITED
        )
        .select_for_update(no_key=True)
        .first()
    )


def receive_delivery(
    *, identity: str, arrived: Mapping[int, Arrived], close: bool, actor: Principal
) -> StockChange:
    """Count goods (by SKU id) in against a delivery and put them on hand.

    Units beyond the announcement are recorded like the rest: pallets are not sent back for
    that. Damaged units are on hand and not for sale. The delivery ends when nothing of it
    is outstanding, or by `close`, which records what never came. Raises `NotFound`, and
    `IllegalTransition` when it was cancelled, or is to be closed before anything came.
    """
    delivery = lock_delivery(identity=identity, actor=actor)
    return _receive(delivery, arrived, close=close, actor=actor)


def _receive(
    delivery: ExpectedDelivery, arrived: Mapping[int, Arrived], *, close: bool, actor: Principal
) -> StockChange:
    lines = _count_in(delivery, arrived)
    state = delivery.state
    if arrived:
        state = next_delivery_state(state, "receive")
    is_complete = not any(line.outstanding for line in lines)
    ended_before = state == DeliveryState.RECEIVED
    if (close or is_complete) and not (arrived and ended_before):
        state = next_delivery_state(state, "close")
        delivery.ended_at = timezone.now()
        _note_outstanding(delivery, lines, actor=actor)
    delivery.state = state
    delivery.save(update_fields=["state", "ended_at"])
    publish_deliveries("delivery.received", [delivery.pk], actor=actor)
    return _put_on_hand(delivery.location_id, delivery.reference, arrived, actor=actor)


def _count_in(
    delivery: ExpectedDelivery, arrived: Mapping[int, Arrived]
) -> list[ExpectedDeliveryLine]:
    """Add received units to the lines of a delivery; add lines for SKUs that were not announced."""
    announced = {line.sku_id: line for line in delivery.lines.select_related("sku").order_by("pk")}
    unexpected = [
        ExpectedDeliveryLine(delivery=delivery, sku_id=sku_id, expected=0)
        for sku_id in arrived
        if sku_id not in announced
    ]
    lines = [*announced.values(), *unexpected]
    touched = [line for line in lines if line.sku_id in arrived]
    for line in touched:
        line.received += arrived[line.sku_id].units
        line.damaged += arrived[line.sku_id].damaged
    ExpectedDeliveryLine.objects.bulk_update(
        [line for line in touched if line.pk], ["received", "damaged"]
    )
    ExpectedDeliveryLine.objects.bulk_create(unexpected)
    return lines


def _note_outstanding(
    delivery: ExpectedDelivery, lines: Sequence[ExpectedDeliveryLine], *, actor: Principal
) -> None:
    short = [
        {"sku": line.sku.code, "outstanding": line.outstanding}
        for line in lines
        if line.outstanding
    ]
    if short:
        record(
            actor=actor,
            action="delivery.closed_short",
            subject=delivery_subject(delivery.pk),
            lines=short,
        )


def _put_on_hand(
    location_id: int, reference: str, arrived: Mapping[int, Arrived], *, actor: Principal
) -> StockChange:
    entries = []
    for sku_id, goods in arrived.items():
        spot = (sku_id, location_id)
        entries.append(
            Entry(*spot, on_hand=goods.units, reason=Reason.RECEIPT, reference=reference)
        )
        if goods.damaged:
            entries.append(
                Entry(*spot, unavailable=goods.damaged, reason=Reason.DAMAGED, reference=reference)
            )
    ledger.open_rows([(sku_id, location_id) for sku_id in arrived])
    balances = ledger.post(entries, actor=actor.name)
    more = {sku_id for sku_id, goods in arrived.items() if goods.units > goods.damaged}
    return StockChange(balances=balances, more=frozenset(more))
