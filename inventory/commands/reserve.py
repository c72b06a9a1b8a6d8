"""Holding goods for a cart: reserve, extend, release."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from core.access.principal import Principal
from core.database.bulk_insert import take_ids
from core.outbox.events import OutboxEvent, publish
from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.commands.holds import end_stale_holds
from inventory.errors import InsufficientStock, ReservationNotLive
from inventory.ledger import NewReservation, Part
from inventory.models import ReservationGroup
from inventory.queries.available.sellable import SellableSnapshot, read_sellable
from inventory.queries.available.shortage import (
    NO_WAY_OUT,
    NOT_OF_CHANNEL,
    OTHER_LOCATION,
    UnitsAt,
    explain_shortage,
)
from inventory.queries.reservations import cart_name, compose_reservation, reservation_documents
from inventory.spreading import Portion, Shortage, Want, spread
from inventory.timestamps import database_now
from stores.queries.network import Network, Place, Source, current_network

ATTEMPTS = 3
MAX_TTL = 14_400  # seconds; a cart that takes longer than four hours reserves anew


class _LostRace(Exception):
    """Another buyer was faster: roll back and choose again."""


@dataclass(frozen=True, slots=True)
class Cart:
    """The lines that a channel reserves, and for how long."""

    channel: Source
    reference: str
    ttl_seconds: int
    wants: Sequence[Want]


def hold_stock(*, cart: Cart, actor: Principal) -> dict[str, Any]:
    """Hold all lines of a cart until they expire; return the reservation's document.

    Raises `InsufficientStock` with the available units, and holds nothing then.
    """
    network = current_network()
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                snapshot = _look(cart, actor, locked=attempt == ATTEMPTS - 1)
                portions = _choose(cart, snapshot, network, actor)
                return _write(cart, portions, snapshot, network, actor)
        except _LostRace:
            continue
    # Only a ring-fence set between reading and writing can make the locked attempt lose.
    raise InsufficientStock(lines=[])


def _look(cart: Cart, actor: Principal, *, locked: bool) -> SellableSnapshot:
    """Read the availability; end expired holds before, lock the rows if asked."""
    skus = sorted({want.sku for want in cart.wants})
    snapshot = read_sellable(skus=skus, channel_id=cart.channel.id)
    ids = sorted(snapshot.sku_ids.values())
    stale = snapshot.has_stale_holds
    if stale:
        end_stale_holds(actor=actor.name, sku_ids=ids)
    if locked:
        ledger.lock_skus(ids)
    return read_sellable(skus=skus, channel_id=cart.channel.id) if stale or locked else snapshot


def _choose(
    cart: Cart, snapshot: SellableSnapshot, network: Network, actor: Principal
) -> Sequence[Portion]:
    """Choose among the locations that serve the channel and that the actor may see."""
    places = {
        identity: place
        for identity, place in network.places.items()
        if identity in cart.channel.serving_ids and actor.sees_location(place.code)
    }
    sellable = {
        sku: {
            places[location_id].code: units
            for location_id, units in snapshot.sellable[sku_id].items()
            if location_id in places and units > 0
        }
        for sku, sku_id in snapshot.sku_ids.items()
    }
    priorities = {place.code: place.priority for place in places.values()}
    chosen = spread(cart.wants, sellable=sellable, priorities=priorities)
    if chosen.shortages:
        seen = {
            identity: place
            for identity, place in network.places.items()
            if actor.sees_location(place.code)
        }
        raise InsufficientStock(
            lines=[_as_line(short, cart, snapshot, seen) for short in chosen.shortages]
        )
    return chosen.portions


def _as_line(
    short: Shortage, cart: Cart, snapshot: SellableSnapshot, places: Mapping[int, Place]
) -> dict[str, Any]:
    named: dict[str, int] = {}  # units that other lines of the cart want from there
    for want in cart.wants:
        if want.sku == short.sku and want.location and short.location is None:
            named[want.location] = named.get(want.location, 0) + want.quantity
    sku_id = snapshot.sku_ids[short.sku]
    units = []
    for location_id, sellable in snapshot.sellable[sku_id].items():
        if location_id in places:
            code = places[location_id].code
            kept = snapshot.kept.get((sku_id, location_id), 0)
            rule = _rule(short, code, location_id, cart.channel)
            units.append(UnitsAt(code, sellable + kept - named.get(code, 0), kept, rule))
    line = explain_shortage(sku=short.sku, requested=short.requested, units=units)
    return line if short.location is None else line | {"location": short.location}


def _rule(short: Shortage, code: str, location_id: int, channel: Source) -> str | None:
    if location_id not in channel.location_ids:
        return NOT_OF_CHANNEL
    if location_id not in channel.serving_ids:
        return NO_WAY_OUT
    return None if short.location in (None, code) else OTHER_LOCATION


def _write(
    cart: Cart,
    portions: Sequence[Portion],
    snapshot: SellableSnapshot,
    network: Network,
    actor: Principal,
) -> dict[str, Any]:
    """Write the group and its event, then reserve the units last: others wait for those rows."""
    expires_at = database_now() + timedelta(seconds=cart.ttl_seconds)
    group = ReservationGroup.objects.create(
        channel_id=cart.channel.id, reference=cart.reference, expires_at=expires_at
    )
    document = compose_reservation(
        identity=group.pk,
        channel=cart.channel.code,
        reference=cart.reference,
        expires_at=expires_at,
        lines=[asdict(portion) | {"state": ReservationState.HELD} for portion in portions],
    )
    publish(OutboxEvent("reservation.held", cart_name(group.pk), document, actor=actor.name))
    # In the ledger, which is for ever, a cart is named by our id: its reference is the customer's.
    reservations = _compose_reservations(cart_name(group.pk), portions, snapshot, network)
    if not ledger.reserve(reservations, actor=actor.name, group_id=group.pk, expires_at=expires_at):
        raise _LostRace()
    return document


def _compose_reservations(
    reference: str, portions: Sequence[Portion], snapshot: SellableSnapshot, network: Network
) -> list[NewReservation]:
    ids = take_ids(inventory_reservation=len(portions))["inventory_reservation"]
    reservations = []
    for identity, portion in zip(ids, portions, strict=True):
        pair = (snapshot.sku_ids[portion.sku], network.by_code[portion.location].id)
        reservations.append(
            NewReservation(
                identity, *pair, portion.quantity, snapshot.fenced.get(pair, 0), reference
            )
        )
    return reservations


def extend_hold(*, group: ReservationGroup, ttl_seconds: int) -> dict[str, Any]:
    """Extend a cart's hold to `ttl_seconds` from now.

    Raises `ReservationNotLive` when it has expired or ended otherwise.
    """
    until = database_now() + timedelta(seconds=ttl_seconds)
    if not ledger.extend_reservations(group.pk, until=until):
        raise _over(group.pk)
    ReservationGroup.objects.filter(pk=group.pk).update(expires_at=until)
    return reservation_documents([group.pk])[group.pk]


def release_hold(*, group: ReservationGroup, actor: Principal) -> dict[str, Any]:
    """Release a cart's units; a repeat changes nothing.

    Raises `ReservationNotLive` when it holds none any more for another reason.
    """
    held = [
        Part(row.reservation_id, row.quantity)
        for row in ledger.lock_cart(group.pk)
        if row.state == ReservationState.HELD and not row.stale
    ]
    if not held:
        document = reservation_documents([group.pk])[group.pk]
        if document["state"] != ReservationState.RELEASED:
            raise ReservationNotLive(state=document["state"])
        return document
    ledger.close_reservations(
        held, state=ReservationState.RELEASED, reason=Reason.RELEASED, actor=actor.name
    )
    return reservation_documents([group.pk])[group.pk]


def _over(identity: uuid.UUID) -> ReservationNotLive:
    return ReservationNotLive(state=reservation_documents([identity])[identity]["state"])
