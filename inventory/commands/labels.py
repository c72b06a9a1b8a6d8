"""Keeping the lots and serial numbers that are read where goods move."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from core.access.principal import Principal
from inventory.choices import LabelStep
from inventory.models import LabelRecord
from inventory.queries.barcode_owners import ScannedSku
from inventory.queries.labels import Serial


@dataclass(frozen=True, slots=True)
class Labelled:
    """Units of a SKU with what their label says. `reference`: for what they moved."""

    sku_id: int
    units: int
    reference: str
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None

    @classmethod
    def of(cls, sku_id: int, said: ScannedSku, units: int, reference: str) -> Labelled:
        """Return units under the label that was read."""
        return cls(sku_id, units, reference, lot=said.lot, serial=said.serial, expiry=said.expiry)

    @property
    def says_anything(self) -> bool:
        return bool(self.lot or self.serial or self.expiry)


def record_labels(
    goods: Iterable[Labelled],
    *,
    step: LabelStep,
    location_id: int,
    actor: Principal,
) -> None:
    """Record a step of units whose labels say a lot, a serial number or a date; leave others."""
    LabelRecord.objects.bulk_create(
        LabelRecord(
            sku_id=each.sku_id,
            location_id=location_id,
            step=step,
            lot=each.lot or "",
            serial=each.serial or "",
            expiry=each.expiry,
            units=each.units,
            reference=each.reference,
            actor=actor.name[:150],
        )
        for each in goods
        if each.says_anything and each.units
    )


def lock_serials(serials: Collection[Serial]) -> None:
    """Let no one else judge these serial numbers until the transaction ends.

    After orders and before stock, as they are taken by scans: a unit goes to one of two pickers.
    """
    if not serials:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_advisory_xact_lock(key) FROM (
                   SELECT DISTINCT hashtextextended(serial, sku_id) AS key
                   FROM unnest(%s::bigint[], %s::text[]) AS s(sku_id, serial) ORDER BY key
               ) AS sorted""",
            [[sku_id for sku_id, _ in serials], [serial for _, serial in serials]],
        )
