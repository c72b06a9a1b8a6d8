"""Orders and fulfilments as the contract shows them: in answers, in events, in the export.

`compose_…` are pure and take plain rows, because placing knows them before they are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F

from orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from orders.money import format_amount
from orders.queries.state import derive_state
from orders.transitions import fulfilment_actions, life_cycle_of

Row = Mapping[str, Any]


def moment(at: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
        "placed_at": moment(order["placed_at"]),
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
            }
            for line in lines
        ],
        "promise": fulfilment["promise"],
        "accepted_by": fulfilment["accepted_by"],
        "transfer": str(fulfilment["transfer_id"]) if fulfilment["transfer_id"] else None,
        "bay": fulfilment["bay"],
        "carrier": fulfilment["carrier"],
        "tracking_number": fulfilment["tracking_number"],
        "created_at": moment(fulfilment["created_at"]),
        "ready_at": moment(fulfilment["ready_at"]),
        "pickup_expires_at": moment(fulfilment["pickup_expires_at"]),
        "allowed_actions": fulfilment_actions(
            life_cycle_of(fulfilment["type"], sent=fulfilment["source_code"] is not None),
            fulfilment["state"],
        ),
    }


def fulfilment_documents(identities: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the documents of these fulfilments by database id, in two queries."""
    rows = list(
        Fulfilment.objects.filter(pk__in=list(identities))
        .order_by("id")
        .values(
            "id", "code", "type", "state", "promise", "accepted_by", "bay", "carrier",
            "tracking_number", "created_at", "ready_at", "pickup_expires_at", "transfer_id",
            number=F("order__number"), location_code=F("location__code"),
            source_code=F("source__code"),
        )
    )  # fmt: skip
    lines: dict[int, list[Row]] = {row["id"]: [] for row in rows}
    for line in (
        FulfilmentLine.objects.filter(fulfilment__in=list(lines))
        .order_by("id")
        .values(
            "fulfilment_id", "quantity", "picked", "arrived", "fulfilled",
            line_id=F("order_line__line_id"), sku_code=F("order_line__sku__code"),
        )
    ):  # fmt: skip
        lines[line["fulfilment_id"]].append(line)
    return {row["id"]: compose_fulfilment(row, lines[row["id"]]) for row in rows}


def fulfilment_document(fulfilment: Fulfilment) -> dict[str, Any]:
    """Return the document of one fulfilment as the database has it now."""
    return fulfilment_documents([fulfilment.pk])[fulfilment.pk]


def order_documents(identities: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the documents of these orders by database id, in five queries however many."""
    identities = list(identities)
    lines: dict[int, list[Row]] = {identity: [] for identity in identities}
    for line in (
        OrderLine.objects.filter(order__in=identities)
        .order_by("id")
        .values(
            "order_id", "line_id", "product_reference", "unit_price", "fulfilment_type",
            "ordered", "cancelled", "reserved", "backordered", "fulfilled", "returned",
            sku_code=F("sku__code"), location_code=F("location__code"),
        )
    ):  # fmt: skip
        lines[line["order_id"]].append(line)
    owners = dict(
        Fulfilment.objects.filter(order__in=identities).order_by("id").values_list("id", "order_id")
    )
    shares: dict[int, list[dict[str, Any]]] = {identity: [] for identity in identities}
    for identity, document in fulfilment_documents(owners).items():
        shares[owners[identity]].append(document)
    orders = Order.objects.filter(pk__in=identities).values(
        "id", "number", "external_id", "currency", "customer_id", "payment_reference", "note",
        "ship_to", "exchange_of_id", "placed_at", channel_code=F("channel__code"),
    )  # fmt: skip
    return {
        order["id"]: compose_order(order, lines[order["id"]], shares[order["id"]])
        for order in orders
    }


def order_document(order: Order) -> dict[str, Any]:
    """Return the document of one order as the database has it now."""
    return order_documents([order.pk])[order.pk]
