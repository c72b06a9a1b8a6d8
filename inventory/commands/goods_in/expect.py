"""Deliveries that suppliers announce: recording and cancelling them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from core.problems.catalogue import NotFound
from inventory import ledger
from inventory.errors import DeliveryConflict
from inventory.events import delivery_subject, publish_deliveries
from inventory.models import ExpectedDelivery, ExpectedDeliveryLine
from inventory.queries.deliveries import visible_deliveries
from inventory.queries.transfers import as_id
from inventory.transitions import next_delivery_state


@dataclass(frozen=True, slots=True)
class Announcement:
    """A supplier's announcement: units by SKU id, to arrive at a location."""

    location_id: int
    reference: str
    units: Mapping[int, int]
    supplier: str = ""
    expected_at: datetime | None = None

    @property
    def key(self) -> tuple[int, str]:
        return self.location_id, self.reference


@dataclass(frozen=True, slots=True)
class Announced:
    """The result of an announcement: a new delivery, or the existing one.

    `differs`: the existing delivery has other content, and was not changed.
    """

    delivery_id: int
    is_new: bool
    differs: bool = False


def expect_delivery(*, announcement: Announcement, actor: Principal) -> Announced:
    """Record one delivery; a repeat changes nothing. Raises `DeliveryConflict`."""
    (announced,) = expect_deliveries(announcements=[announcement], actor=actor)
    if announced.differs:
        raise DeliveryConflict(delivery=str(announced.delivery_id))
    return announced


def expect_deliveries(
    *, announcements: Sequence[Announcement], actor: Principal
) -> list[Announced]:
    """Record deliveries, in as many statements for a thousand as for one.

    Returns the result of each, in their order. One (location, reference) is one delivery:
    an existing one, or a repeat in the list, is compared and never changed. Stock
    rows are opened, so that `incoming` shows also where a SKU was never stocked.
    """
    wanted = {each.key: each for each in reversed(announcements)}
    existing = _find(list(wanted))
    new = {key: each for key, each in wanted.items() if key not in existing}
    written = _write(list(new.values()), actor=actor)
    ledger.open_rows([(sku, each.location_id) for each in new.values() for sku in each.units])
    publish_deliveries("delivery.expected", list(written.values()), actor=actor)
    answers = []
    for each in announcements:
        if each.key in written:
            identity, content = written[each.key], wanted[each.key]
        else:
            identity, content = existing[each.key]
        answers.append(
            Announced(
                identity,
                is_new=each is wanted[each.key] and each.key in written,
                differs=each != content,
            )
        )
    return answers


def _find(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], tuple[int, Announcement]]:
    """Return the existing deliveries of these keys, with their announced units."""
    if not keys:
        return {}
    places = {location_id for location_id, _ in keys}
    rows = ExpectedDelivery.objects.filter(
        location__in=places, reference__in={reference for _, reference in keys}
    ).prefetch_related("lines")
    return {
        (row.location_id, row.reference): (
            row.pk,
            Announcement(
                location_id=row.location_id,
                reference=row.reference,
                units={line.sku_id: line.expected for line in row.lines.all() if line.expected},
                supplier=row.supplier,
                expected_at=row.expected_at,
            ),
        )
        for row in rows
    }


def _write(
    announcements: Sequence[Announcement], *, actor: Principal
) -> dict[tuple[int, str], int]:
    """Insert deliveries and their lines; return their ids. The loser of a race is retried whole."""
    rows = ExpectedDelivery.objects.bulk_create(
        ExpectedDelivery(
            location_id=each.location_id,
            reference=each.reference,
            supplier=each.supplier,
            expected_at=each.expected_at,
            created_by=actor.name[:150],
        )
        for each in announcements
    )
    ExpectedDeliveryLine.objects.bulk_create(
        ExpectedDeliveryLine(delivery=row, sku_id=sku_id, expected=units)
        for row, each in zip(rows, announcements, strict=True)
        for sku_id, units in each.units.items()
    )
    return {each.key: row.pk for row, each in zip(rows, announcements, strict=True)}


def cancel_delivery(*, identity: str, actor: Principal) -> ExpectedDelivery:
    """Cancel a delivery. Raises `IllegalTransition` once something of it has come."""
    delivery = lock_delivery(identity=identity, actor=actor)
    delivery.state = next_delivery_state(delivery.state, "cancel")
    delivery.ended_at = timezone.now()
    delivery.save(update_fields=["state", "ended_at"])
    record(actor=actor, action="delivery.cancelled", subject=delivery_subject(delivery.pk))
    publish_deliveries("delivery.cancelled", [delivery.pk], actor=actor)
    return delivery


def lock_delivery(*, identity: str, actor: Principal) -> ExpectedDelivery:
    """Lock a delivery to a location that the actor may see.

    Before orders and stock: receiving goods locks the delivery first, so that two people
    at one pallet wait for each other before they hold any other lock.
    """
    seen = visible_deliveries(actor).filter(pk=as_id(identity)).prefetch_related(None)
    delivery = seen.select_for_update(of=("self",), no_key=True).first()
    if delivery is None:
        raise NotFound("There is no such delivery.")
    return delivery
