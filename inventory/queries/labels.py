"""Where units of a lot, or with a serial number, were seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, When

from core.access.principal import Principal
from core.problems.catalogue import DomainError
from inventory.choices import LabelStep
from inventory.models import LabelRecord
from inventory.queries.barcode_owners import Label

Serial = tuple[int, str]  # (sku_id, serial number)


def visible_labels(actor: Principal) -> QuerySet[LabelRecord]:
    """Return the records of the actor's locations."""
    return LabelRecord.objects.visible_to(actor).select_related("sku", "location")


def serials_of(labels: Iterable[Label | DomainError]) -> set[Serial]:
    """Return the serial numbers that labels say."""
    return {
        (label.sku_id, label.scanned.serial)
        for label in labels
        if isinstance(label, Label) and label.scanned.serial
    }


def last_seen(serials: Collection[Serial]) -> dict[Serial, LabelRecord]:
    """Return the newest record of each serial number that was ever seen."""
    if not serials:
        return {}
    rows = LabelRecord.objects.filter(
        serial__in={serial for _, serial in serials}, sku__in={sku_id for sku_id, _ in serials}
    ).exclude(serial="")
    newest = rows.order_by("serial", "sku_id", "-id").distinct("serial", "sku_id")
    found = {(row.sku_id, row.serial): row for row in newest}
    return {serial: found[serial] for serial in serials if serial in found}


def labels_of(reference: str) -> dict[str, list[dict[str, object]]]:
    """Return `labels`, the units of each label under a reference, less those put back; else
    nothing."""
    kept = Case(
        When(step=LabelStep.PUT_BACK, then=-F("units")),
        default=F("units"),
        output_field=BigIntegerField(),
    )
    rows = (
        LabelRecord.objects.filter(reference=reference)
        .values("sku__code", "lot", "serial", "expiry")
        .annotate(kept=Sum(kept))
        .filter(Q(kept__gt=0))
        .order_by("sku__code", "lot", "serial", "expiry")
    )
    labels: list[dict[str, object]] = [
        {
            "sku": row["sku__code"],
            "lot": row["lot"] or None,
            "serial": row["serial"] or None,
            "expiry": row["expiry"].isoformat() if row["expiry"] else None,
            "units": row["kept"],
        }
        for row in rows
    ]
    return {"labels": labels} if labels else {}
