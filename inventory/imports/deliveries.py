"""Files of expected deliveries: a line a row, one delivery a location and reference."""

from __future__ import annotations

from typing import Any

from core.access.principal import Principal
from core.imports.findings import Effect
from core.imports.kinds import Chunk, Kind, Progress
from core.imports.models import Import
from core.imports.rows import Group, Row, apply_each, body_of, prepare_rows, whole_number
from inventory.api.deliveries import DeliveryBody, read_announcement
from inventory.commands.goods_in.expect import expect_delivery
from inventory.imports.spelling import spell_skus


def _apply(chunk: Chunk) -> Progress:
    return apply_each(chunk, lambda group: _expect(group, chunk.actor))


def _expect(group: Group, actor: Principal) -> list[Effect]:
    first = group[0]
    body: dict[str, Any] = {name: first.cells[name] for name in ("location", "reference")}
    body |= {name: first.cells[name] for name in ("supplier", "expected_at") if first.given(name)}
    checked = dict(body_of(DeliveryBody, body | {"lines": [_line(row) for row in group]}))
    announced = expect_delivery(announcement=read_announcement(checked, actor=actor), actor=actor)
    if not announced.is_new:
        return []
    return [Effect(first.line, f"deliveries/{body['reference']}", None, body)]


def _line(row: Row) -> dict[str, Any]:
    named = {name: row.cells[name] for name in ("sku", "barcode") if row.given(name)}
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
