"""Files of orders: an order line a row, placed as `POST /orders/batch` places them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from rest_framework import serializers

from core.imports.findings import Effect
from core.imports.kinds import Chunk, Kind, Progress
from core.imports.numbers import amount
from core.imports.rows import (
    Group,
    ImportResult,
    Row,
    groups_of,
    prepare_rows,
    row_errors_of,
    whole_number,
)
from orders.anonymisation import Eraser
from orders.api.order_body import read_order
from orders.commands.placing.place import Outcome, place_orders
from orders.commands.placing.requests import OrderRequest

AT_ONCE = 100  # orders placed as one set
LINE = ("line_id", "sku", "unit_price", "product_reference")
ORDER = ("channel", "external_id", "currency", "payment_reference", "note", "occurred_at")
CUSTOMER = ("external_id", "name", "email", "phone")
SHIP_TO = ("name", "line1", "line2", "city", "region", "postal_code", "country", "phone")
POLICY = ("allow_split", "allow_backorder", "allow_partial")
YES_OR_NO: dict[str, Any] = {"true": True, "yes": True, "1": True} | {
    "false": False, "no": False, "0": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    rows: Group
    request: OrderRequest


def _apply(chunk: Chunk) -> Progress:
    groups = groups_of(chunk)
    result = ImportResult()
    asked = [each for each in (_read(group, result) for group in groups) if each]
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        with transaction.atomic():
            outcomes = place_orders([each.request for each in some], actor=chunk.actor)
            transaction.set_rollback(chunk.file.dry_run)
        for each, outcome in zip(some, outcomes, strict=True):
            _note(each, outcome, result)
    return result.settle(chunk, done=sum(len(group) for group in groups))


def _note(asked: _Asked, outcome: Outcome, result: ImportResult) -> None:
    if outcome.problem is not None:
        errors = row_errors_of(outcome.problem, asked.rows, column_at=_column_at)
        result.refuse(list(errors), rows=len(asked.rows))
    elif outcome.status == 201:
        result.changed += len(asked.rows)
        name = f"orders/{asked.request.channel}/{asked.request.external_id}"
        assert outcome.document is not None
        # A dry run's order is kept in no table that an erasure could go through from its person.
        eraser = Eraser(names=[outcome.document["number"]], rename=str)
        after = eraser.clean(outcome.document, mine=True)
        result.effects.append(Effect(asked.rows[0].line, name, None, after))


def _read(group: Group, result: ImportResult) -> _Asked | None:
    """Validate the rows of one order; None when they are invalid, which is recorded."""
    try:
        return _Asked(group, read_order(_body(group)))
    except serializers.ValidationError as error:
        errors = row_errors_of(error, group, column_at=_column_at)
        result.refuse(list(errors), rows=len(group))
        return None


def _body(group: Group) -> dict[str, Any]:
    """Return rows as the API's order body. Values of the order are taken from its first row."""
    first = group[0]
    body: dict[str, Any] = {name: first.cells[name] for name in ORDER if first.given(name)}
    body |= {name: _policy(first.cells[name]) for name in POLICY if first.given(name)}
    for part, names in (("customer", CUSTOMER), ("ship_to", SHIP_TO)):
        given = {name: first.given(f"{part}_{name}") for name in names}
        if any(given.values()):
            body[part] = {name: text for name, text in given.items() if text}
    body["lines"] = [_line(row) for row in group]
    return body


def _policy(text: str) -> Any:
    return YES_OR_NO.get(text.lower(), text)


def _line(row: Row) -> dict[str, Any]:
    line: dict[str, Any] = {name: row.cells[name] for name in LINE if row.given(name)}
    if price := row.given("unit_price"):
        line["unit_price"] = amount(price)
    line["quantity"] = whole_number(row.cells["quantity"])
    way = {name: row.cells[name] for name in ("type", "location") if row.given(name)}
    return line | ({"fulfilment": {"type": "ship"} | way} if way else {})


def _column_at(pointer: str) -> str:
    """Return the column of a pointer into an order's body."""
    steps: Sequence[str] = pointer.split("/")
    if steps[0] == "fulfilment":
        return steps[-1]
    if steps[0] in ("customer", "ship_to"):
        return "_".join(steps[:2])
    return steps[0]


ORDERS = Kind(
    name="orders",
    scope="orders:write",
    columns={
        **dict.fromkeys(("channel", "external_id", "currency"), True),
        **dict.fromkeys(("line_id", "sku", "quantity", "unit_price"), True),
        **dict.fromkeys(("type", "location", "product_reference", *ORDER[3:], *POLICY), False),
        **dict.fromkeys((f"customer_{name}" for name in CUSTOMER), False),
        **dict.fromkeys((f"ship_to_{name}" for name in SHIP_TO), False),
    },
    prepare=lambda file: prepare_rows(
        file,
        key=("channel", "external_id", "line_id"),
        together=("channel", "external_id"),
    ),
    apply=_apply,
    personal=frozenset(
        {"note"}
        | {f"customer_{name}" for name in CUSTOMER}
        | {f"ship_to_{name}" for name in SHIP_TO if name != "country"}
    ),
    describes="Orders, a line a row; rows of one channel and external_id are one order.",
    blocks=16,
)
