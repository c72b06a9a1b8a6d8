"""What the lists of the catalogue and of stock can be asked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from core.api.filters import (
    Choices,
    Codes,
    FilterSet,
    ResourceFilterSet,
    Search,
    Several,
    Text,
    Whole,
)
from inventory.choices import (
    AbcClass,
    CountState,
    DeliveryState,
    KeepKind,
    KeepState,
    TransferState,
)
from inventory.commands.catalogue.catalogue import as_kept
from inventory.errors import BadCheckDigit, DamagedBarcode
from inventory.models import TransferLine
from inventory.queries.available.keep_rules import IN_STATE
from inventory.queries.sku_codes import named_skus
from inventory.queries.transfers import touching
from inventory.sku_codes import MAX_LENGTH
from stores.api.filters import Locations


class Skus(Several):
    """Codes of SKUs in whatever spelling; a comma within one is written `\\,`."""

    def __init__(self, field_name: str | None = None, **kwargs: Any) -> None:
        code = forms.CharField(max_length=MAX_LENGTH)
        shape = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}
        super().__init__(field_name, code, shape, **kwargs)

    def filter(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return rows
        ids = [sku.id for sku in named_skus(value).values()]
        return rows.filter(**{f"{self.field_name}__in": ids})


class SkuFilters(ResourceFilterSet):
    order_by = "code"

    q = Search("code", "name", help_text="Part of code or name")
    barcode = Text(max_length=128, method="with_barcode")
    product = Codes("product__code")
    category = Text(max_length=100)
    abc_class = Choices(AbcClass.choices)

    def with_barcode(self, rows: QuerySet[Any], _: str, barcode: str) -> QuerySet[Any]:
        """Find what was typed in the form in which it is stored."""
        try:
            return rows.filter(barcodes__code__in=as_kept([barcode]))
        except (BadCheckDigit, DamagedBarcode):
            return rows.none()


class StockFilters(FilterSet):
    sku = Skus("sku")
    location = Locations()


class MovementFilters(FilterSet):
    sku = Skus()
    location = Codes()
    reference = Text(max_length=128)
    after = Whole(help_text="The last id that you have")


class DriftFilters(FilterSet):
    order_by = "-pk"

    sku = Skus("sku")
    location = Locations()
    source = Codes(max_length=32)


class KeepRuleFilters(ResourceFilterSet):
    order_by = "code"

    kind = Choices(KeepKind.choices)
    channel = Codes("channel__code")
    sku = Skus("sku")
    category = Text(max_length=100)
    abc_class = Choices(AbcClass.choices)
    location = Codes("location__code")
    state = Choices(KeepState.choices, method="in_states")

    def in_states(self, rows: QuerySet[Any], _: str, states: list[str]) -> QuerySet[Any]:
        wanted = Q()
        for state in states:
            wanted |= IN_STATE[KeepState(state)]
        return rows.filter(wanted)


class PlacementFilters(FilterSet):
    order_by = "turn"

    sku = Skus("sku")
    bin = Codes("bin__code")


class CountFilters(ResourceFilterSet):
    order_by = "-pk"

    location = Locations()
    state = Choices(CountState.choices)


class DeliveryFilters(ResourceFilterSet):
    order_by = "-pk"

    location = Locations()
    state = Choices(DeliveryState.choices)
    reference = Text(max_length=128)


class TransferFilters(ResourceFilterSet):
    order_by = "-pk"

    location = Codes(method="at_either_end", help_text="Where it leaves or arrives")
    from_ = Locations("source")
    to = Locations("destination")
    state = Choices(TransferState.choices)
    sku = Skus(method="with_skus")
    reference = Text(max_length=128, help_text="A fulfilment's id")

    def at_either_end(self, rows: QuerySet[Any], _: str, codes: list[str]) -> QuerySet[Any]:
        return rows.filter(touching(codes))

    def with_skus(self, rows: QuerySet[Any], _: str, codes: list[str]) -> QuerySet[Any]:
        lines = TransferLine.objects.filter(sku__in=[sku.id for sku in named_skus(codes).values()])
        return rows.filter(pk__in=lines.values("transfer"))
