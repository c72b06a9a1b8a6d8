"""The way of a lot or a serial number, with the orders that got its units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.access.principal import Principal
from inventory.models import LabelRecord
from inventory.timestamps import as_text
from orders.models import Fulfilment
from orders.queries.serials import PREFIX


def label_documents(rows: Sequence[LabelRecord], *, actor: Principal) -> list[dict[str, Any]]:
    """Return records as the API shows them; of orders of other channels no more than that."""
    codes = {row.reference.removeprefix(PREFIX) for row in rows if row.reference.startswith(PREFIX)}
    fulfilments = {
        code: (number, state, actor.sees_channel(channel))
        for code, number, state, channel in Fulfilment.objects.filter(code__in=codes).values_list(
            "code", "order__number", "state", "order__channel__code"
        )
    }
    others = "", "", actor.channels is None
    return [_document(row, fulfilments.get(_named(row), others)) for row in rows]


def _named(row: LabelRecord) -> str:
    return row.reference.removeprefix(PREFIX) if row.reference.startswith(PREFIX) else ""


def _document(row: LabelRecord, about: tuple[str, str, bool]) -> dict[str, Any]:
    number, state, is_seen = about
    return {
        "sku": row.sku.code,
        "lot": row.lot or None,
        "serial": row.serial or None,
        "expiry": row.expiry.isoformat() if row.expiry else None,
        "units": row.units,
        "step": row.step,
        "location": row.location.code,
        "reference": row.reference if is_seen else None,
        "order": (number or None) if is_seen else None,
        "state": state or None,
        "actor": row.actor if is_seen else None,
        "recorded_at": as_text(row.recorded_at),
    }
