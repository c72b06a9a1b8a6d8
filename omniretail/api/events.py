"""`GET /events`: every event, in order, without gaps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Subquery
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.views import ApiView
from core.outbox.feed import read_feed
from core.outbox.models import Event, Relay, Run
from core.outbox.relay import number_pending
from core.problems.catalogue import ValidationFailed
from omniretail.api.filters import FeedFilters
from orders.models import Order

DEFAULT_LIMIT = 100
# Events that the client may not see are skipped, up to this many per request.
BATCH, MOST_BATCHES = 500, 20


class EventAnswer(serializers.Serializer[Any]):
    sequence = serializers.IntegerField(help_text="No gaps, never reused")
    id = serializers.UUIDField()
    type = serializers.CharField()
    time = serializers.DateTimeField()
    subject = serializers.CharField(help_text="The resource: fulfilments/100001-1")
    data = serializers.DictField(  # type: ignore[assignment]
        help_text="The resource as it then was"
    )


class FeedAnswer(serializers.Serializer[Any]):
    results = EventAnswer(many=True)
    next = serializers.URLField(
        allow_null=True, help_text="Where more waits; null: ask again with the last sequence"
    )


class EventsView(ApiView):
    scopes = {"GET": "orders:read"}

    filterset_class = FeedFilters

    @extend_schema(operation_id="read_events", responses={200: FeedAnswer})
    def get(self, request: Request) -> Response:
        """Read the feed. Remember the last `sequence`, and go on from there."""
        asked = self.filterset(Event.objects.all()).asked
        # New events are numbered here, without waiting for a worker.
        while number_pending():
            continue
        after = asked.get("after", 0)
        _check_is_known(after)
        events, resume = _read_visible(
            self.actor,
            after=after,
            types=asked.get("types", ()),
            limit=asked.get("limit", DEFAULT_LIMIT),
        )
        return Response(
            {
                "results": [render_event(event) for event in events],
                "next": None if resume is None else _address(request, resume),
            }
        )


def _check_is_known(after: int) -> None:
    """Refuse a number beyond the feed's last: the client has read the feed of another database;
    and one from which events have been deleted: the client would not learn what it has missed.
    """
    oldest = Run.objects.order_by("first_sequence").values("first_sequence")[:1]
    known = Relay.objects.values_list("last_sequence", Subquery(oldest)).first()
    last, first = known or (0, None)
    if after > last:
        raise ValidationFailed.at(
            "/after", f"The feed has come to {last}; {after} was never given.", "unknown_sequence"
        )
    if first is not None and 0 < after < first - 1:
        raise ValidationFailed.at(
            "/after", f"Events before {first} have been deleted; begin with 0.", "unknown_sequence"
        )


def _read_visible(
    actor: Principal, *, after: int, types: Sequence[str], limit: int
) -> tuple[list[Event], int | None]:
    """Return events that the actor may see, and the sequence to go on from if there is more."""
    free = not actor.is_tied
    size = limit + 1 if free else BATCH
    seen: list[Event] = []
    for _ in range(MOST_BATCHES):
        batch = read_feed(after=after, types=types, limit=size)
        orders = set() if free else _orders_seen(actor, batch)
        seen += [event for event in batch if free or _may_see(actor, event, orders)]
        if len(seen) > limit:
            return seen[:limit], seen[limit - 1].sequence
        if len(batch) < size:
            return seen, None
        after = batch[-1].sequence
    return seen, after


def _orders_seen(actor: Principal, events: Sequence[Event]) -> set[str]:
    """Return the numbers of those orders that the events belong to which the actor sees."""
    named = {number for event in events for number in _orders_of(event)}
    orders = Order.objects.visible_to(actor).filter(number__in=named)
    return set(orders.values_list("number", flat=True))


def _may_see(actor: Principal, event: Event, orders: Collection[str]) -> bool:
    """Say whether an event concerns what the actor is tied to: its orders, else the channel and the
    locations that it names. One that names nothing is of the whole pool."""
    if named := _orders_of(event):
        return any(number in orders for number in named)
    channel, places = event.data.get("channel"), _places_of(event.data)
    if isinstance(channel, str):
        return actor.sees_channel(channel) and (
            not places or all(actor.sees_location(place) for place in places)
        )
    return any(actor.works_at(place) for place in places)


def _orders_of(event: Event) -> list[str]:
    """Return the numbers of the orders that an event is about: an erasure names all."""
    return [event.order] if event.order else event.data.get("orders") or []


def _places_of(data: Mapping[str, Any]) -> set[str]:
    """Return the locations that an event is about: its own, a transfer's ends, its lines'."""
    named = [data.get(name) for name in ("location", "source", "from", "to")]
    lines = data.get("lines")
    if isinstance(lines, list):
        named += [line.get("location") for line in lines if isinstance(line, dict)]
    return {place for place in named if isinstance(place, str)}


def _address(request: Request, after: int) -> str:
    query = request.query_params.copy()
    query["after"] = str(after)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def render_event(event: Event) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "id": str(event.event_id),
        "type": event.type,
        "time": event.time,
        "subject": event.subject,
        "data": event.data,
    }


urlpatterns = [path("events", EventsView.as_view())]
