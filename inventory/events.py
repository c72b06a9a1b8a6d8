"""Events of the stock pool beside `stock.changed`, which the ledger publishes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from core.access.principal import SYSTEM, Principal
from core.outbox.events import OutboxEvent, publish
from inventory.ledger import Broken
from inventory.models import Reservation
from inventory.queries.deliveries import delivery_documents, visible_deliveries
from inventory.queries.reservations import cart_name, reservation_documents


def publish_carts(type: str, carts: Collection[uuid.UUID], *, actor: str) -> None:
    """Publish one event per cart: the reservation as it is now."""
    publish(
        *(
            OutboxEvent(type, cart_name(document["id"]), document, actor=actor)
            for document in reservation_documents(carts).values()
        )
    )


def publish_broken_carts(broken: Sequence[Broken], *, actor: Principal) -> None:
    """Publish the carts among the holders of broken reservations; the settlement publishes the
    orders.
    """
    if not broken:
        return
    carts = (
        Reservation.objects.filter(
            pk__in=[part.reservation_id for part in broken], group__isnull=False
        )
        .values_list("group_id", flat=True)
        .distinct()
    )
    publish_carts("reservation.broken", set(carts), actor=actor.name)


def publish_deliveries(type: str, deliveries: Collection[int], *, actor: Principal) -> None:
    """Publish one event per delivery, by its id: the delivery as it is now."""
    if not deliveries:
        return
    rows = visible_deliveries(SYSTEM).filter(pk__in=deliveries).order_by("pk")
    publish(
        *(
            OutboxEvent(type, delivery_subject(document["id"]), document, actor=actor.name)
            for document in delivery_documents(rows)
        )
    )


def delivery_subject(identity: int | str) -> str:
    return f"deliveries/{identity}"
