"""What is kept of every scan, wherever it was made."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from inventory.models.catalogue import Sku


class ScanRecord(models.Model):
    """One read of a barcode. The client makes the id: the same id twice is the same scan."""

    scan_id = models.UUIDField(primary_key=True)
    payload = models.CharField(max_length=512)
    # How often it was read; `units` is what that comes to, with the content of a case.
    quantity = models.PositiveIntegerField()
    units = models.PositiveBigIntegerField(default=0, db_default=0)
    # What the label says, where it names an article at all.
    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    lot = models.CharField(max_length=20, blank=True, default="", db_default="")
    serial = models.CharField(max_length=20, blank=True, default="", db_default="")
    expiry = models.DateField(null=True, blank=True)
    # Why it was not accepted, in words for the person who scanned.
    detail = models.CharField(max_length=300, blank=True, default="", db_default="")
    scanned_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=150)

    class Meta:
        abstract = True
