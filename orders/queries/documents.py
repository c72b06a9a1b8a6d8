"""Orders and fulfilments as the API shows them: in answers, in events, in the export.

`compose_…` are pure and take plain rows, because placing composes them before they are written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from core.database.statements import numbers, run_named
from core.database.updated_at import exact_text
from inventory.timestamps import as_text
from orders.models import Fulfilment, Order
from orders.money import format_amount
from orders.queries.state import derive_state
from orders.transitions import fulfilment_actions, life_cycle_of

Row = Mapping[str, Any]


def compose_order(
    order: Row, lines: Sequence[Row], fulfilments: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Compose the document of one order from its rows and its fulfilments' documents."""
    currency = order["currency"]
    ordered = sum((line["unit_price"] * line["ordered"] for line in lines), Decimal(0))
    cancelled = sum((line["unit_price"] * line["cancelled"] for line in lines), Decimal(0))
    return {
        "number": order["number"],
        "channel": order["channel_code"],
        "external_id": order["external_id"],
        "state": derive_state(lines),
        "currency": currency,
        "customer_id": str(order["customer_id"]) if order["customer_id"] else None,
        "payment_reference": order["payment_reference"],
        "note": order["note"],
        "exchange_of": str(order["exchange_of_id"]) if order["exchange_of_id"] else None,
        "ship_to": order["ship_to"],
        "lines": [_compose_line(line, currency) for line in lines],
        "fulfilments": list(fulfilments),
        "totals": {
            "currency": currency,
            "ordered": format_amount(ordered, currency),
            "cancelled": format_amount(cancelled, currency),
            "total": format_amount(ordered - cancelled, currency),
        },
        "allowed_actions": _order_actions(lines),
        "placed_at": as_text(order["placed_at"]),
        "updated_at": exact_text(order["updated_at"]),
        "sourcing_url": f"/api/v1/orders/{order['number']}/sourcing",
    }


def _compose_line(line: Row, currency: str) -> dict[str, Any]:
    return {
        "line_id": line["line_id"],
        "sku": line["sku_code"],
        "ordered": line["ordered"],
        "cancelled": line["cancelled"],
        "reserved": line["reserved"],
        "backordered": line["backordered"],
        "fulfilled": line["fulfilled"],
        "returned": line["returned"],
        "unit_price": format_amount(line["unit_price"], currency),
        "product_reference": line["product_reference"],
        "fulfilment": {"type": line["fulfilment_type"], "location": line["location_code"]},
    }


def _order_actions(lines: Sequence[Row]) -> list[str]:
    actions = []
    if any(line["reserved"] or line["backordered"] for line in lines):
        actions.append("cancel")
    if any(line["fulfilled"] > line["returned"] for line in lines):
        actions.append("return")
    return actions


def compose_fulfilment(fulfilment: Row, lines: Iterable[Row]) -> dict[str, Any]:
    """Compose the document of one fulfilment from its rows."""
    return {
        "id": fulfilment["code"],
        "order": fulfilment["number"],
        "type": fulfilment["type"],
        "location": fulfilment["location_code"],
        "source": fulfilment["source_code"],
        "state": fulfilment["state"],
        "lines": [
            {
                "line_id": line["line_id"],
                "sku": line["sku_code"],
                "quantity": line["quantity"],
                "picked": line["picked"],
                "arrived": line["arrived"],
                "fulfilled": line["fulfilled"],
                "lost": line["lost"],
            }
            for line in lines
        ],
        "promise": fulfilment["promise"],
        "accepted_by": fulfilment["accepted_by"],
        "transfer": str(fulfilment["transfer_id"]) if fulfilment["transfer_id"] else None,
        "bay": fulfilment["bay"],
        "carrier": fulfilment["carrier"],
        "tracking_number": fulfilment["tracking_number"],
        "created_at": as_text(fulfilment["created_at"]),
        "ready_at": as_text(fulfilment["ready_at"]),
        "pickup_expires_at": as_text(fulfilment["pickup_expires_at"]),
        "to_put_back": fulfilment["to_put_back"],
        "updated_at": exact_text(fulfilment["updated_at"]),
        "allowed_actions": fulfilment_actions(
            life_cycle_of(fulfilment["type"], sent=fulfilment["source_code"] is not None),
            fulfilment["state"],
            to_put_back=bool(fulfilment["to_put_back"]),
        ),
    }


# Most endpoints answer with documents, so they are read by plain SQL: built by the ORM for each
# request, their five queries took more than all the rest of reading an order.
_LINES = """
SELECT ol.order_id, ol.line_id, ol.product_reference, ol.unit_price, ol.fulfilment_type, ol.ordered,
       ol.cancelled, ol.reserved, ol.backordered, ol.fulfilled, ol.returned,
       k.code AS sku_code, l.code AS location_code
FROM orders_orderline ol
JOIN inventory_sku k ON k.id = ol.sku_id
LEFT JOIN stores_location l ON l.id = ol.location_id
WHERE ol.order_id = ANY(%s::bigint[]) ORDER BY ol.id
"""
_ORDERS = """
SELECT o.id, o.number, o.external_id, o.currency, o.customer_id, o.payment_reference, o.note,
       o.ship_to, o.exchange_of_id, o.placed_at, o.updated_at, c.code AS channel_code
FROM orders_order o JOIN stores_channel c ON c.id = o.channel_id
WHERE o.id = ANY(%s::bigint[])
"""
_FULFILMENTS = """
SELECT f.id, f.order_id, f.code, f.type, f.state, f.promise, f.accepted_by, f.bay, f.carrier,
       f.tracking_number, f.created_at, f.ready_at, f.pickup_expires_at, f.transfer_id,
       f.updated_at, o.number, l.code AS location_code, s.code AS source_code,
       (SELECT jsonb_agg(jsonb_build_object('sku', k.code, 'location', p.code,
                                          'quantity', u.quantity) ORDER BY u.id)
        FROM orders_unitstoputback u
        JOIN inventory_sku k ON k.id = u.sku_id JOIN stores_location p ON p.id = u.location_id
        WHERE u.fulfilment_id = f.id) AS to_put_back
FROM orders_fulfilment f
JOIN orders_order o ON o.id = f.order_id
JOIN stores_location l ON l.id = f.location_id
LEFT JOIN stores_location s ON s.id = f.source_id
WHERE {which} = ANY(%s::bigint[]) ORDER BY f.id
"""
_OF_ORDERS = _FULFILMENTS.format(which="f.order_id")
_BY_ID = _FULFILMENTS.format(which="f.id")
_FULFILMENT_LINES = """
SELECT fl.fulfilment_id, fl.quantity, fl.picked, fl.arrived, fl.fulfilled, fl.lost, ol.line_id,
       k.code AS sku_code
FROM orders_fulfilmentline fl
JOIN orders_orderline ol ON ol.id = fl.order_line_id
JOIN inventory_sku k ON k.id = ol.sku_id
WHERE fl.fulfilment_id = ANY(%s::bigint[]) ORDER BY fl.id
"""


def order_documents(identities: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the documents of these orders by database id, in four statements however many."""
    wanted = [numbers(identities)]
    lines: defaultdict[int, list[Row]] = defaultdict(list)
    for line in run_named(_LINES, wanted):
        lines[line["order_id"]].append(line)
    by_order: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for order_id, _, document in _read_fulfilments(_OF_ORDERS, wanted):
        by_order[order_id].append(document)
    return {
        order["id"]: compose_order(
            {**order, "ship_to": _from_json(order["ship_to"])},
            lines[order["id"]],
            by_order[order["id"]],
        )
        for order in run_named(_ORDERS, wanted)
    }


def order_document(order: Order) -> dict[str, Any]:
    """Return the present document of one order from the database."""
    return order_documents([order.pk])[order.pk]


def returnable_document(order: Order) -> dict[str, Any]:
    """Return what a shop is told of an order that does not concern it, to take goods back: no word
    of the customer, of other work for it, or of who did it."""
    document = order_document(order)
    ship_to = document["ship_to"] or {}
    return document | {
        "external_id": "",
        "customer_id": None,
        "payment_reference": "",
        "note": "",
        "ship_to": {"country": ship_to["country"]} if ship_to.get("country") else None,
        "fulfilments": [],
        "allowed_actions": [name for name in document["allowed_actions"] if name == "return"],
    }


def fulfilment_documents(identities: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the documents of these fulfilments by database id, in two statements."""
    found = _read_fulfilments(_BY_ID, [numbers(identities)])
    return {identity: document for _, identity, document in found}


def fulfilment_document(fulfilment: Fulfilment) -> dict[str, Any]:
    """Return the document of one fulfilment as the database has it now."""
    return fulfilment_documents([fulfilment.pk])[fulfilment.pk]


def _read_fulfilments(text: str, wanted: Sequence[str]) -> list[tuple[int, int, dict[str, Any]]]:
    """Return (order id, fulfilment id, document) of each, in the order in which they were made."""
    rows = run_named(text, wanted)
    lines: defaultdict[int, list[Row]] = defaultdict(list)
    if rows:
        for line in run_named(_FULFILMENT_LINES, [numbers(row["id"] for row in rows)]):
            lines[line["fulfilment_id"]].append(line)
    return [
        (
            row["order_id"],
            row["id"],
            compose_fulfilment(
                {
                    **row,
                    "promise": _from_json(row["promise"]),
                    "to_put_back": _from_json(row["to_put_back"]) or [],
                },
                lines[row["id"]],
            ),
        )
        for row in rows
    ]


def _from_json(text: str | None) -> Any:
    """Decode a JSON column, which comes as text outside of the ORM."""
    return None if text is None else msgspec.json.decode(text)
