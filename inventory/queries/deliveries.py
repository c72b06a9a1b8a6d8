"""Expected deliveries as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet

from core.access.principal import Principal
from core.database.updated_at import exact_text
from inventory.models import ExpectedDelivery, ExpectedDeliveryLine
from inventory.timestamps import as_text
from inventory.transitions import delivery_actions


def visible_deliveries(actor: Principal) -> QuerySet[ExpectedDelivery]:
    """Return the deliveries to locations that the actor may see."""
    lines = ExpectedDeliveryLine.objects.select_related("sku").order_by("pk")
    shown = ExpectedDelivery.objects.visible_to(actor).select_related("location")
    return shown.prefetch_related(Prefetch("lines", lines))


def delivery_documents(deliveries: Iterable[ExpectedDelivery]) -> list[dict[str, Any]]:
    """Return the documents of deliveries that `visible_deliveries` has found."""
    return [
        {
            "id": str(delivery.pk),
            "location": delivery.location.code,
            "reference": delivery.reference,
            "supplier": delivery.supplier,
            "expected_at": as_text(delivery.expected_at),
            "state": str(delivery.state),
            "lines": [
                {
                    "sku": line.sku.code,
                    "expected": line.expected,
                    "received": line.received,
                    "damaged": line.damaged,
                    "outstanding": line.outstanding,
                }
                for line in delivery.lines.all()
            ],
            "created_at": as_text(delivery.created_at),
            "ended_at": as_text(delivery.ended_at),
            "updated_at": exact_text(delivery.updated_at),
            "allowed_actions": delivery_actions(delivery.state),
        }
        for delivery in deliveries
    ]
