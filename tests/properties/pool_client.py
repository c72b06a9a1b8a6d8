"""The real pool as the state machine sees it: acts through the API, and a reading of all tables."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from inventory.queries.available.availability import read_snapshot
from inventory.queries.available.conditions import conditions_of
from inventory.queries.integrity import POOL_LAWS, check_laws
from orders.queries.integrity import ORDER_LAWS
from stores.queries.network import current_network
from tests.conftest import ApiCaller
from tests.properties.pool_state import LineKey, Owner, Pair, Reservation

_RESERVATIONS = """
SELECT r.id, k.code, p.code, r.quantity, r.group_id::text,
       r.state = 'held' AND r.expires_at <= statement_timestamp(), f.code, l.line_id
FROM inventory_reservation r
JOIN inventory_sku k ON k.id = r.sku_id JOIN stores_location p ON p.id = r.location_id
LEFT JOIN orders_fulfilmentline o ON o.reservation_id = r.id AND r.state = 'confirmed'
LEFT JOIN orders_fulfilment f ON f.id = o.fulfilment_id
LEFT JOIN orders_orderline l ON l.id = o.order_line_id
WHERE r.state IN ('held', 'confirmed')
"""
_ROWS = """
SELECT s.sku_id, s.location_id, k.code, p.code, s.on_hand, s.reserved, s.unavailable
FROM inventory_stock s
JOIN inventory_sku k ON k.id = s.sku_id JOIN stores_location p ON p.id = s.location_id
"""
_LINES = """
SELECT o.number, l.line_id, l.ordered, l.cancelled, l.reserved, l.backordered, l.fulfilled,
       l.returned
FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
"""
_WORK = """
SELECT f.code, f.type, f.state, coalesce(s.code, p.code), p.code, f.source_id IS NOT NULL,
       l.line_id, o.quantity, o.picked, o.fulfilled + o.lost
FROM orders_fulfilment f
JOIN stores_location p ON p.id = f.location_id LEFT JOIN stores_location s ON s.id = f.source_id
JOIN orders_fulfilmentline o ON o.fulfilment_id = f.id
JOIN orders_orderline l ON l.id = o.order_line_id
WHERE f.state IN ('open', 'picking', 'packed', 'ready', 'shipped', 'lost') ORDER BY f.id, o.id
"""


@dataclass
class Work:
    """A fulfilment with open work, or a lost one; `lines` are (line id, wanted, picked, handed
    over or lost).
    """

    code: str
    type: str
    state: str
    building: str
    shop: str
    is_sent: bool
    lines: list[tuple[str, int, int, int]]


@dataclass(frozen=True)
class Sight:
    """All that is there at one moment."""

    at: datetime
    rows: dict[Pair, tuple[int, int, int]]
    conditions: dict[Pair, dict[str, int]]
    reservations: dict[Owner, Reservation]
    lines: dict[LineKey, tuple[int, ...]]
    work: dict[str, Work]


@dataclass(frozen=True)
class Sent:
    path: str
    body: Any
    key: str
    status: int
    answer: Any


class PoolClient:
    """Acts as an API client; `done` counts what was accepted and refused, by name."""

    def __init__(self, api: ApiCaller, done: Counter[tuple[str, str]]) -> None:
        self.api = api
        self.done = done
        self.sent: list[Sent] = []
        self.refusal = ""

    def act(self, name: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """POST; return the answer, or None for a refusal by the rules of the business."""
        key = uuid.uuid4().hex
        answer = self.api.post(path, body, key=key)
        document = answer.json()
        assert answer.status_code in (200, 201, 409), (path, body, document)
        self.sent.append(Sent(path, body, key, answer.status_code, document))
        self.refusal = document["code"] if answer.status_code == 409 else ""
        self.done[name, self.refusal or "accepted"] += 1
        return None if self.refusal else document

    def put(self, name: str, path: str, body: Any) -> None:
        answer = self.api.put(path, body)
        assert answer.status_code in (200, 201), (path, body, answer.content)
        self.done[name, "accepted"] += 1

    def get(self, name: str, path: str, **query: Any) -> Any:
        answer = self.api.get(path, **query)
        assert answer.status_code == 200, (path, query, answer.content)
        self.done[name, "accepted"] += 1
        return answer.json()

    def repeat(self, sent: Sent) -> None:
        """Send an act again under its key: the answer must be the one that it got."""
        answer = self.api.post(sent.path, sent.body, key=sent.key)
        assert (answer.status_code, answer.json()) == (sent.status, sent.answer), sent
        assert answer["Idempotency-Replayed"] == "true"

    def ask(self, channel: str, skus: Sequence[str]) -> dict[Pair, int]:
        """Ask the API what a channel may sell."""
        lines = [{"sku": sku, "quantity": 1} for sku in skus]
        answer = self.api.post("availability/query", {"channel": channel, "lines": lines})
        assert answer.status_code == 200, answer.content
        self.done["ask", "accepted"] += 1
        return {
            (line["sku"], here["location"]): here["sellable"]
            for line in answer.json()["lines"]
            for here in line["locations"]
        }

    def sellable(self, channel: str, skus: Sequence[str]) -> dict[Pair, int]:
        """Read what the endpoint would answer, at a fifth of its price."""
        network = current_network()
        source = network.channels[channel]
        pool = read_snapshot(skus).seen_by(channel_id=source.id, location_ids=source.location_ids)
        return {
            (sku, network.places[place].code): units
            for sku in skus
            for place, units in pool.units[sku].items()
            if units
        }

    def look(self) -> Sight:
        """Read everything, and check every law of the pool and of the orders over it."""
        report = check_laws((*POOL_LAWS, *ORDER_LAWS))
        assert not report.count, report.violations
        rows, pairs = {}, {}
        for sku_id, place_id, sku, place, *balances in _read(_ROWS):
            rows[sku, place] = tuple(balances)
            pairs[sku_id, place_id] = sku, place
        kept = conditions_of(pairs)
        ((now,),) = _read("SELECT clock_timestamp()")
        return Sight(
            at=now,
            rows=rows,
            conditions={
                pair: {str(word): units for word, units in kept[ids].items()}
                for ids, pair in pairs.items()
            },
            reservations=_reservations(),
            lines={(row[0], row[1]): row[2:] for row in _read(_LINES)},
            work=_work(),
        )


def _read(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def _reservations() -> dict[Owner, Reservation]:
    reservations: dict[Owner, Reservation] = {}
    for age, sku, place, units, cart, overdue, fulfilment, line_id in _read(_RESERVATIONS):
        owner = ("cart", cart, sku, place) if cart else (fulfilment, line_id)
        assert owner not in reservations, ("reserved twice", owner)
        reservations[owner] = Reservation((sku, place), units, age, overdue)
    return reservations


def _work() -> dict[str, Work]:
    work: dict[str, Work] = {}
    for code, type, state, building, shop, is_sent, *line in _read(_WORK):
        known = work.setdefault(code, Work(code, type, state, building, shop, is_sent, []))
        known.lines.append(tuple(line))
    return work
