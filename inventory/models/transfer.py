"""Stock on its way between two locations."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from inventory.choices import TransferState
from inventory.models.catalogue import Sku
from stores.models import Location


class Transfer(models.Model):
    """A journey of goods from one location to another."""

    source = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="transfers_out")
    destination = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="transfers_in")
    state = models.CharField(
        max_length=12, choices=TransferState.choices, default=TransferState.DRAFT
    )
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(source=F("destination")), name="transfer_goes_somewhere"
            ),
        ]

    def __str__(self) -> str:
        return f"Transfer {self.pk}"


class TransferLine(models.Model):
    """Units of one SKU on a transfer."""

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    # Settled as lost on the way when the transfer was closed.
    lost = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "sku"], name="transfer_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="transfer_of_something"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("received") + F("lost")),
                name="transfer_receives_what_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku_id}"
