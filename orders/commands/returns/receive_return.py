"""Receiving returned goods, announced or not, at any location."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import connection

from core.access.principal import Principal
from core.outbox.events import OutboxEvent, publish
from inventory import ledger
from inventory.choices import LabelStep, Reason
from inventory.commands.change import StockChange
from inventory.commands.labels import Labelled, lock_serials, record_labels
from inventory.ledger import Entry
from inventory.queries.labels import last_seen
from orders.choices import Disposition, Resolution
from orders.commands.locks import lock_goods
from orders.commands.returns.finish_return import (
    finish_if_done,
    lock_with_waiting,
    return_event,
)
from orders.commands.returns.refunds import refund_event
from orders.commands.settling.settle import settle
from orders.errors import SerialNotSold
from orders.models import OrderLine, Return, ReturnLine, ReturnReceiptLine
from orders.queries.returns import expected_lines, sold_lines
from orders.queries.serials import orders_with_serials
from orders.returns_policy import RequestedUnits, match_arrived
from orders.transitions import next_return_state
from stores.queries.network import current_network

# The movements after the receipt: what leaves `on_hand`, what becomes unavailable, and why.
_THEN: dict[Disposition, tuple[int, int, Reason]] = {
    Disposition.INSPECT: (0, 1, Reason.INSPECTION),
    Disposition.DAMAGED: (0, 1, Reason.DAMAGED),
    Disposition.SCRAP: (-1, 0, Reason.SCRAPPED),
    Disposition.TO_VENDOR: (-1, 0, Reason.TO_VENDOR),
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that arrived, or are missing, their disposition, and what their label says."""

    units: RequestedUnits
    sku_id: int
    disposition: Disposition
    lot: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """Units of one line of a return in one disposition."""

    line: ReturnLine
    sku: str
    quantity: int
    disposition: Disposition

    @property
    def is_here(self) -> bool:
        return self.disposition != Disposition.MISSING


def receive_return(
    *, return_id: int, location_id: int, arrivals: Sequence[Arrival], actor: Principal
) -> Return:
    """Receive units at a location, request their refund, and add them to the stock.

    Units that were not announced are added to the return, up to those that left. Raises
    `IllegalTransition`, `NotReturnable` and `SerialNotSold`; nothing is written then.
    """
    restocked = {a.sku_id for a in arrivals if a.disposition == Disposition.RESTOCK}
    ret, locked = lock_with_waiting(return_id, waiting_for=restocked)
    ret.state = next_return_state(ret.state, "receive")
    _check_serials(ret, arrivals)
    taken = _tie(ret, arrivals)
    _write(taken, location_id=location_id, actor=actor)
    ret.save(update_fields=["state"])
    record_labels(
        (
            Labelled(
                arrival.sku_id,
                arrival.units.quantity,
                f"returns/{ret.pk}",
                lot=arrival.lot,
                serial=arrival.serial,
            )
            for arrival in arrivals
            if arrival.disposition != Disposition.MISSING
        ),
        step=LabelStep.RETURNED,
        location_id=location_id,
        actor=actor,
    )
    received = return_event("return.received", ret, actor)
    closed = finish_if_done(ret, received.data, actor=actor)
    arrived = replace(received, data=received.data | {"arrivals": _arrivals(taken, location_id)})
    publish(arrived, *_refund(ret, taken, actor), *closed)
    entries = _entries(ret, taken, location_id=location_id)
    ledger.open_rows([(entry.sku_id, entry.location_id) for entry in entries])
    lock_goods(orders=locked, sku_ids={entry.sku_id for entry in entries})
    # Last, because others wait for the Stock rows.
    balances = ledger.post(entries, actor=actor.name)
    change = StockChange(balances=balances, more=frozenset(restocked))
    settle(change=change, orders=locked, actor=actor)
    return ret


def _check_serials(ret: Return, arrivals: Sequence[Arrival]) -> None:
    """Refuse a serial number that another order has, or that has come back already.

    One that was never seen is believed: it may have left before serial numbers were kept.
    """
    serials = [(arrival.sku_id, arrival.serial) for arrival in arrivals if arrival.serial]
    lock_serials(serials)
    seen = last_seen(serials)
    orders = orders_with_serials(serials)
    for serial, row in seen.items():
        order = orders.get(serial)
        elsewhere = ret.order is not None and order not in (None, ret.order.number)
        if elsewhere or row.step == LabelStep.RETURNED or serials.count(serial) > 1:
            raise SerialNotSold(
                f"Serial number {serial[1]} "
                + ("is in another order." if elsewhere else "has come back already."),
                serial=serial[1],
            )


def _tie(ret: Return, arrivals: Sequence[Arrival]) -> list[Taken]:
    """Find the line of the return for each unit; add lines for units that were not announced."""
    matched = match_arrived(
        [arrival.units for arrival in arrivals],
        expected_lines(ret),
        None if ret.order_id is None else sold_lines(ret.order_id),
    )
    lines = {line.pk: line for line in ret.lines.select_related("order_line")}
    sold = OrderLine.objects.in_bulk({m.sold_id for m in matched if m.expected_id is None})
    unannounced: dict[tuple[int | None, int], ReturnLine] = {}
    taken = []
    for part in matched:
        arrival = arrivals[part.index]
        if part.expected_id is not None:
            line = lines[part.expected_id]
        else:
            line = unannounced.setdefault(
                (part.sold_id, arrival.sku_id),
                ReturnLine(
                    ret=ret,
                    order_line=sold[part.sold_id] if part.sold_id is not None else None,
                    sku_id=arrival.sku_id,
                    quantity=0,
                ),
            )
            line.quantity += part.quantity
        if arrival.disposition == Disposition.MISSING:
            line.missing += part.quantity
        else:
            line.received += part.quantity
        taken.append(Taken(line, part.sku, part.quantity, arrival.disposition))
    return taken


def _write(taken: Sequence[Taken], *, location_id: int, actor: Principal) -> None:
    """Write lines, receipts, and the returned units of the order's lines."""
    touched = list({id(part.line): part.line for part in taken}.values())
    ReturnLine.objects.bulk_update(
        [line for line in touched if line.pk is not None], ["received", "missing"]
    )
    ReturnLine.objects.bulk_create([line for line in touched if line.pk is None])
    ReturnReceiptLine.objects.bulk_create(
        ReturnReceiptLine(
            line=part.line,
            location_id=location_id,
            quantity=part.quantity,
            disposition=part.disposition,
            actor=actor.name,
        )
        for part in taken
    )
    returned: dict[int, int] = {}
    for part in taken:
        if part.is_here and part.line.order_line_id is not None:
            order_line = part.line.order_line_id
            returned[order_line] = returned.get(order_line, 0) + part.quantity
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE orders_orderline l SET returned = l.returned + r.units
               FROM unnest(%s::bigint[], %s::int[]) AS r(id, units) WHERE l.id = r.id""",
            [list(returned), list(returned.values())],
        )


def _arrivals(taken: Sequence[Taken], location_id: int) -> list[dict[str, Any]]:
    """Return the units that came, or are missing, in this receipt, with the location."""
    place = current_network().places[location_id]
    return [
        {
            "location": place.code,
            "sku": part.sku,
            "quantity": part.quantity,
            "disposition": part.disposition.value,
        }
        for part in taken
    ]


def _refund(ret: Return, taken: Sequence[Taken], actor: Principal) -> list[OutboxEvent]:
    """Return the event that requests the refund of the received units.

    Without an order no price is known: the amount is null, and the refunding system decides it.
    """
    here = [part for part in taken if part.is_here]
    if not here or ret.resolution == Resolution.EXCHANGE:
        return []
    about = {"return": str(ret.pk), "resolution": ret.resolution}
    if ret.order is not None:
        units: dict[OrderLine, int] = {}
        for part in here:
            assert part.line.order_line is not None
            units[part.line.order_line] = units.get(part.line.order_line, 0) + part.quantity
        event = refund_event(
            order=ret.order, units=units.items(), reason="returned", actor=actor, **about
        )
        # Grouped with the return's other events in the timeline.
        return [replace(event, subject=f"returns/{ret.pk}")]
    lines = [{"sku": part.sku, "quantity": part.quantity} for part in here]
    data = {"order": None, "amount": None, "currency": None, "reason": "returned", **about}
    return [
        OutboxEvent(
            "refund.requested",
            f"returns/{ret.pk}",
            {**data, "lines": lines},
            actor=actor.name,
        )
    ]


def _entries(ret: Return, taken: Sequence[Taken], *, location_id: int) -> list[Entry]:
    """Return the movements of the receipt and of the dispositions."""
    reference = f"return/{ret.pk}"
    entries = []
    for part in taken:
        if not part.is_here:
            continue
        entry = partial(Entry, part.line.sku_id, location_id, reference=reference)
        entries.append(entry(on_hand=part.quantity, reason=Reason.RETURNED))
        if part.disposition in _THEN:
            leaves, apart, reason = _THEN[part.disposition]
            entries.append(
                entry(
                    on_hand=leaves * part.quantity,
                    unavailable=apart * part.quantity,
                    reason=reason,
                )
            )
    return entries
