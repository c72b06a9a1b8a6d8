"""Where goods lie, and what is kept back for whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inventory.models.catalogue import Sku
from stores.models import Bin, Channel, Location


class Placement(models.Model):
    """A SKU lies in a bin."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="placements")
    bin = models.ForeignKey(Bin, on_delete=models.CASCADE, related_name="placements")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "bin"], name="placement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} in {self.bin_id}"


class RingFence(models.Model):
    """Units of a SKU at a location that are kept for one channel alone."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="ring_fences")
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="ring_fences")
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="ring_fences")
    quantity = models.PositiveIntegerField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "location", "channel"], name="ring_fence_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="ring_fence_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for {self.channel_id}"
