"""Where SKUs lie."""

from __future__ import annotations

from django.db import models

from inventory.models.catalogue import Sku
from stores.models import Bin


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
