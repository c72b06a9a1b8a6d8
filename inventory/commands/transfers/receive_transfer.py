"""Receiving a transfer, in parts, with losses, damage and surplus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from inventory import ledger
from inventory.choices import Reason
from inventory.commands.change import StockChange
from inventory.commands.transfers.transfer import (
    lines_of,
    lock_transfer,
    publish_transfer,
    subject_of,
)
from inventory.errors import NothingScanned, TransferExceeds
from inventory.ledger import Entry, NewReservation
from inventory.models import Sku, Transfer, TransferLine
from inventory.transitions import next_transfer_state


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units of one SKU that have arrived; `damaged` of them cannot be sold."""

    sku_id: int
    sku: str
    quantity: int
    damaged: int = 0

    @property
    def sound(self) -> int:
        return self.quantity - self.damaged


@dataclass(frozen=True, slots=True)
class Received:
    """A receipt: the transfer, what it changed, and units by the id of the reservation that got
    them.
    """

    document: dict[str, Any]
    change: StockChange
    reserved: dict[int, int]


def receive_transfer(
    *,
    identity: str,
    arrivals: Sequence[Arrival] = (),
    close: bool = False,
    accept_surplus: bool = False,
    as_scanned: bool = False,
    waiting: Sequence[NewReservation] = (),
    actor: Principal,
) -> Received:
    """Receive what has arrived, or with `as_scanned` what was unloaded, in one or several parts.

    With `close` whatever is still missing is settled as lost: the units left the source when
    they were dispatched, so the loss is shown at the destination as an arrival and a loss of
    the same units. More or other goods than were sent raise `TransferExceeds`, unless
    `accept_surplus`. Goods that travel in a condition arrive in it, and no order gets them. Sound
    units go to the reservations in `waiting` first, in their order, each up to its quantity, in the
    same act: no other order can take them in between. Units that were settled as lost may turn up
    later: they are no longer lost then.
    """
    transfer = lock_transfer(identity, actor, at="destination")
    lines = lines_of(transfer)
    with_loss = any(line.lost for line in lines)
    state = next_transfer_state(transfer.state, "receive", with_loss=with_loss)
    if as_scanned:
        arrivals = _unload(lines)
    _turn_up(lines, arrivals)
    surplus = _surplus(lines, arrivals)
    if surplus and not accept_surplus:
        raise TransferExceeds(lines=_excess(lines, arrivals, surplus))
    lines = _with_strange(transfer, lines, surplus)
    lost = _book(lines, arrivals, surplus, close=close)
    if all(not line.on_its_way for line in lines):
        transfer.state = state
        transfer.received_at = timezone.now()
        transfer.save(update_fields=["state", "received_at"])
    names = {line.sku_id: line.sku.code for line in lines}
    _note(transfer, "transfer.closed_with_loss", Reason.TRANSFER_LOSS, lost, names, actor)
    _note(transfer, "transfer.surplus_accepted", Reason.TRANSFER_SURPLUS, surplus, names, actor)
    document = publish_transfer("transfer.received", transfer, actor)
    reservations = _give(arrivals, waiting)
    balances = _take_in(transfer, arrivals, surplus, lost, reservations, actor)
    reserved = {given.reservation_id: given.quantity for given in reservations}
    if transfer.condition:
        return Received(document, StockChange(balances=balances), reserved)
    free = {arrival.sku_id: arrival.sound for arrival in arrivals}
    for given in reservations:
        free[given.sku_id] -= given.quantity
    more = frozenset(sku_id for sku_id, units in free.items() if units > 0)
    return Received(document, StockChange(balances=balances, more=more), reserved)


def _turn_up(lines: Sequence[TransferLine], arrivals: Sequence[Arrival]) -> None:
    """Take units that have come after all out of the lost ones, where no others are on the way."""
    came = {arrival.sku_id: arrival.quantity for arrival in arrivals}
    for line in lines:
        line.lost -= min(line.lost, max(0, came.get(line.sku_id, 0) - line.on_its_way))


def _unload(lines: Sequence[TransferLine]) -> list[Arrival]:
    """Return the units scanned as unloaded and not received yet; reset the count."""
    arrivals = [
        Arrival(line.sku_id, line.sku.code, line.unloaded) for line in lines if line.unloaded
    ]
    if not arrivals:
        raise NothingScanned()
    for line in lines:
        line.unloaded = 0
    return arrivals


def _surplus(lines: Sequence[TransferLine], arrivals: Sequence[Arrival]) -> dict[int, int]:
    """Return the units by SKU id beyond those in transit."""
    sent = {line.sku_id: line.on_its_way for line in lines}
    return {
        arrival.sku_id: arrival.quantity - sent.get(arrival.sku_id, 0)
        for arrival in arrivals
        if arrival.quantity > sent.get(arrival.sku_id, 0)
    }


def _excess(
    lines: Sequence[TransferLine], arrivals: Sequence[Arrival], surplus: Mapping[int, int]
) -> list[dict[str, Any]]:
    return [
        {
            "sku": arrival.sku,
            "received": arrival.quantity,
            "on_its_way": arrival.quantity - surplus[arrival.sku_id],
        }
        for arrival in arrivals
        if arrival.sku_id in surplus
    ]


def _with_strange(
    transfer: Transfer, lines: Sequence[TransferLine], surplus: Mapping[int, int]
) -> list[TransferLine]:
    """Add unsaved lines for goods that were not sent."""
    sent = {line.sku_id for line in lines}
    return [
        *lines,
        *(
            TransferLine(transfer=transfer, sku=sku, quantity=0)
            for sku in Sku.objects.filter(pk__in=surplus.keys() - sent).order_by("pk")
        ),
    ]


def _book(
    lines: Sequence[TransferLine],
    arrivals: Sequence[Arrival],
    surplus: Mapping[int, int],
    *,
    close: bool,
) -> dict[int, int]:
    """Add the receipt to the lines; return the lost units by SKU id."""
    came = {arrival.sku_id: arrival for arrival in arrivals}
    lost = {}
    for line in lines:
        if arrival := came.get(line.sku_id):
            beyond = surplus.get(line.sku_id, 0)
            line.surplus += beyond
            line.received += arrival.quantity - beyond
            line.damaged += arrival.damaged
        if close and line.on_its_way:
            lost[line.sku_id] = line.on_its_way
            line.lost += line.on_its_way
    TransferLine.objects.bulk_create([line for line in lines if line.pk is None])
    TransferLine.objects.bulk_update(lines, ["received", "lost", "surplus", "damaged", "unloaded"])
    return lost


def _note(
    transfer: Transfer,
    action: str,
    reason: Reason,
    units: Mapping[int, int],
    names: Mapping[int, str],
    actor: Principal,
) -> None:
    if units:
        record(
            actor=actor,
            action=action,
            subject=subject_of(transfer),
            reason=reason,
            lines=[{"sku": names[sku_id], "quantity": number} for sku_id, number in units.items()],
        )


def _give(arrivals: Sequence[Arrival], waiting: Sequence[NewReservation]) -> list[NewReservation]:
    """Limit the reservations to the sound units that arrived, in their order."""
    sound = {arrival.sku_id: arrival.sound for arrival in arrivals}
    given = []
    for reservation in waiting:
        units = min(reservation.quantity, sound.get(reservation.sku_id, 0))
        if units > 0:
            sound[reservation.sku_id] -= units
            given.append(replace(reservation, quantity=units))
    return given


def _take_in(
    transfer: Transfer,
    arrivals: Sequence[Arrival],
    surplus: Mapping[int, int],
    lost: Mapping[int, int],
    reservations: Sequence[NewReservation],
    actor: Principal,
) -> list[ledger.Balance]:
    place, reference = transfer.destination_id, subject_of(transfer)

    def entry(sku_id: int, reason: Reason, *, on_hand: int = 0, unavailable: int = 0) -> Entry:
        return Entry(
            sku_id,
            place,
            on_hand=on_hand,
            unavailable=unavailable,
            reason=reason,
            reference=reference,
        )

    entries = []
    for arrival in arrivals:
        beyond = surplus.get(arrival.sku_id, 0)
        if sent := arrival.quantity - beyond:
            entries.append(entry(arrival.sku_id, Reason.TRANSFER_IN, on_hand=sent))
        if beyond:
            entries.append(entry(arrival.sku_id, Reason.TRANSFER_SURPLUS, on_hand=beyond))
        if arrival.damaged:
            entries.append(entry(arrival.sku_id, Reason.DAMAGED, unavailable=arrival.damaged))
        if transfer.condition and arrival.sound:
            condition = Reason(transfer.condition)
            entries.append(entry(arrival.sku_id, condition, unavailable=arrival.sound))
    for sku_id, units in lost.items():
        entries += [
            entry(sku_id, Reason.TRANSFER_LOSS, on_hand=units),
            entry(sku_id, Reason.TRANSFER_LOSS, on_hand=-units),
        ]
    ledger.open_rows([(one.sku_id, place) for one in entries])
    return ledger.post_reserved(entries, reservations, actor=actor.name)
