"""Files of expected deliveries: a line a row, one delivery a location and reference."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.access.principal import Principal
from core.imports.findings import Effect
from core.imports.kinds import Chunk, Kind, Progress
from core.imports.models import Import
from core.imports.rows import Group, Row, apply_each, body_of, prepare_rows, whole_number
from inventory.api.deliveries import DeliveryBody, read_announcement
from inventory.commands.goods_in.expect import expect_delivery
from inventory.imports.spelling import spell_skus
from stores.queries.network import current_network

_LOCAL = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.\d+)? ?([+-]\d{4})?)?", re.ASCII
)


def _apply(chunk: Chunk) -> Progress:
    return apply_each(chunk, lambda group: _expect(group, chunk.actor))


def _expect(group: Group, actor: Principal) -> list[Effect]:
    first = group[0]
    body: dict[str, Any] = {name: first.cells[name] for name in ("location", "reference")}
    if first.given("supplier"):
        body["supplier"] = first.cells["supplier"]
    if expected := first.given("expected_at"):
        body["expected_at"] = _moment(expected, body["location"])
    checked = dict(body_of(DeliveryBody, body | {"lines": [_line(row) for row in group]}))
    announced = expect_delivery(announcement=read_announcement(checked, actor=actor), actor=actor)
    if not announced.is_new:
        return []
    return [Effect(first.line, f"deliveries/{body['reference']}", None, body)]


def _moment(text: str, location: str) -> str:
    """Return a time with its zone. A date, or a time without a zone, is on the clock of the
    building; what may be another day elsewhere (`04/05/2026`) stays as it is, and is refused.
    """
    found = _LOCAL.fullmatch(text)
    place = current_network().by_code.get(location)
    if found is None or place is None:
        return text
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}")
        zone = f"{found[3][:3]}:{found[3][3:]}" if found[3] else None
        if zone:
            return f"{at.isoformat()}{zone}"
        return at.replace(tzinfo=ZoneInfo(place.hours.timezone)).isoformat()
    except ValueError:
        return text


def _line(row: Row) -> dict[str, Any]:
    named = {name: row.cells[name] for name in ("sku", "barcode") if row.given(name)}
    if "barcode" in named and not row.given("quantity"):
        return named
    return named | {"quantity": whole_number(row.cells["quantity"])}


def _prepare(file: Import) -> Progress:
    spell_skus(file)
    return prepare_rows(
        file,
        key=("location", "reference", "sku", "barcode"),
        together=("location", "reference"),
    )


DELIVERIES = Kind(
    name="deliveries",
    scope="stock:write",
    columns={
        **dict.fromkeys(("location", "reference", "quantity"), True),
        **dict.fromkeys(("sku", "barcode", "supplier", "expected_at"), False),
    },
    prepare=_prepare,
    apply=_apply,
    describes="What suppliers have announced, a line a row; name the goods by sku or by barcode.",
    blocks=16,
)
