"""Where SKUs lie."""

from __future__ import annotations

from django.db import models

from core.access.visibility import Visible
from inventory.models.catalogue import Sku
from stores.models import Bin


class Placement(Visible):
    """A SKU lies in a bin."""

    hangs_on = ("bin",)

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="placements")
    bin = models.ForeignKey(Bin, on_delete=models.CASCADE, related_name="placements")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "bin"], name="placement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} in {self.bin_id}"
