"""The way of units that bear a lot or a serial number."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.access.visibility import Visible
from inventory.choices import LabelStep
from inventory.models.catalogue import Sku
from stores.models import Location


class LabelRecord(Visible):
    """Units of one lot, or with one serial number, at one step of their way. Never changed."""

    hangs_on = ("location",)

    id = models.BigAutoField(primary_key=True)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, db_index=False, related_name="+")
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    step = models.CharField(max_length=12, choices=LabelStep.choices)
    lot = models.CharField(max_length=20, blank=True)
    serial = models.CharField(max_length=20, blank=True)
    expiry = models.DateField(null=True, blank=True)
    units = models.PositiveBigIntegerField()
    # For what they moved, as opaque text: "deliveries/7", "fulfilments/1000001-1".
    reference = models.CharField(max_length=128)
    actor = models.CharField(max_length=150)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["lot", "id"], name="label_of_lot", condition=~Q(lot="")),
            models.Index(fields=["serial", "id"], name="label_of_serial", condition=~Q(serial="")),
            models.Index(fields=["reference", "id"], name="label_of_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.units} {self.step}: {self.lot or '–'} / {self.serial or '–'}"
