"""Transfers as the API shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from core.access.principal import Principal
from core.database.updated_at import exact_text
from inventory.choices import Condition
from inventory.models import Transfer, TransferLine
from inventory.timestamps import as_text
from inventory.transitions import transfer_actions
from stores.queries.network import location_ids

LARGEST_ID = 2**63 - 1

_LINES = Prefetch("lines", TransferLine.objects.select_related("sku").order_by("pk"))


def visible_transfers(actor: Principal) -> QuerySet[Transfer]:
    """Return the transfers that leave or reach a location which the actor may see."""
    shown = Transfer.objects.visible_to(actor).select_related("source", "destination")
    return shown.prefetch_related(_LINES)


def touching(codes: Iterable[str]) -> Q:
    """Match the transfers that leave or reach any of these locations."""
    ends = location_ids(codes)
    return Q(source__in=ends) | Q(destination__in=ends)


def as_id(identity: str) -> int:
    """Return the number of an id in a URL; 0, which no row has, for a text that is no number."""
    if not (identity.isascii() and identity.isdigit()) or len(identity) > len(str(LARGEST_ID)):
        return 0
    number = int(identity)
    return number if number <= LARGEST_ID else 0


def sku_ids_of(identity: str) -> list[int]:
    """Return the SKUs on a transfer; none when there is no such transfer."""
    lines = TransferLine.objects.filter(transfer=as_id(identity))
    return list(lines.values_list("sku_id", flat=True))


def transfer_document(transfer: Transfer) -> dict[str, Any]:
    """Return the document of one transfer as the database has it now."""
    shown = Transfer.objects.select_related("source", "destination")
    return transfer_documents([shown.prefetch_related(_LINES).get(pk=transfer.pk)])[0]


def transfer_documents(transfers: Iterable[Transfer]) -> list[dict[str, Any]]:
    """Return the documents of transfers that `visible_transfers` has found."""
    return [
        {
            "id": str(transfer.pk),
            "from": transfer.source.code,
            "to": transfer.destination.code,
            "state": str(transfer.state),
            "reference": transfer.reference,
            "condition": transfer.condition or None,
            "lines": [
                {
                    "sku": line.sku.code,
                    "quantity": line.quantity,
                    "received": line.received,
                    "lost": line.lost,
                    "left_behind": line.left_behind,
                    "surplus": line.surplus,
                    "damaged": line.damaged,
                    "loaded": line.loaded,
                    "unloaded": line.unloaded,
                }
                for line in transfer.lines.all()
            ],
            "created_at": as_text(transfer.created_at),
            "dispatched_at": as_text(transfer.dispatched_at),
            "received_at": as_text(transfer.received_at),
            "updated_at": exact_text(transfer.updated_at),
            "allowed_actions": transfer_actions(
                transfer.state, with_loss=any(line.lost for line in transfer.lines.all())
            ),
        }
        for transfer in transfers
    ]


def sent_in_condition(
    sku_ids: Collection[int], condition: Condition
) -> dict[int, set[tuple[str, str]]]:
    """Return by SKU id between which locations (from, to) units in a condition have been moved."""
    lines = TransferLine.objects.filter(
        sku__in=sku_ids, transfer__condition=condition, received__gt=0
    )
    ways: dict[int, set[tuple[str, str]]] = {}
    for sku_id, origin, to in lines.values_list(
        "sku_id", "transfer__source__code", "transfer__destination__code"
    ):
        ways.setdefault(sku_id, set()).add((origin, to))
    return ways
