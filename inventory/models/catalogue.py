"""The catalogue: products, SKUs and barcodes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.database.fields import DocumentField
from core.database.updated_at import moves, updated_at
from inventory.choices import AbcClass
from inventory.models.fields import SkuKeyField

MOST_IN_A_CASE = 10_000  # units of one barcode; beyond it is a slip of the keyboard


class Product(models.Model):
    """What the variants of one article share, such as the size guide."""

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=300, blank=True)
    size_guide = DocumentField(null=True, blank=True)  # sizes in their order

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name or self.code


class Sku(models.Model):
    """A sellable variant: a colour in a size."""

    code = models.CharField(max_length=64, unique=True)
    key = SkuKeyField(null=True, editable=False)
    name = models.CharField(max_length=300)
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, null=True, blank=True, related_name="skus"
    )
    category = models.CharField(max_length=100, blank=True, default="", db_default="")
    abc_class = models.CharField(
        "ABC class",
        max_length=1,
        choices=AbcClass.choices,
        blank=True,
        default="",
        db_default="",
        help_text="How much of the turnover it makes: A most of it, C the long tail",
    )
    attributes = DocumentField(default=dict, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    weight_g = models.PositiveIntegerField(null=True, blank=True)
    # Rises with its barcodes and with the size guide of its product as well: it shows both.
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = updated_at()

    class Meta:
        ordering = ["code"]
        verbose_name = "SKU"
        indexes = [
            models.Index(fields=["updated_at", "id"], name="sku_updated"),
        ]
        triggers = [moves(holds_json=True)]
        constraints = [models.UniqueConstraint(fields=["key"], name="sku_code_once")]

    def __str__(self) -> str:
        return self.code


class Barcode(models.Model):
    """One scannable code of a SKU: a GTIN as 14 digits, or an in-house code as it is printed."""

    code = models.CharField(max_length=128, unique=True)
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="barcodes")
    # How many units one read of it stands for: a case code is all that is in the case.
    units = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gte=1, units__lte=MOST_IN_A_CASE), name="barcode_of_units"
            )
        ]

    def __str__(self) -> str:
        return self.code
