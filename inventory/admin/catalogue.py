"""SKUs, products and barcodes: edited through the commands that the API uses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from core.admin.base import (
    KeptAdmin,
    ReadOnlyAdmin,
    actor_of,
    check_code,
    check_object,
    link,
)
from inventory.admin.links import ledger
from inventory.barcodes import read_units, write_units
from inventory.commands.catalogue.catalogue import (
    SkuFacts,
    code_taken,
    put_sku,
    taken_by,
    with_units,
)
from inventory.commands.catalogue.products import put_product
from inventory.errors import BadCheckDigit, DamagedBarcode
from inventory.models import Barcode, Product, Sku, Stock
from inventory.models.catalogue import MOST_IN_A_CASE
from inventory.sku_codes import BadSkuCode, check_sku_code


class SkuForm(forms.ModelForm):  # type: ignore[type-arg]
    """A SKU with its barcodes, one in a line."""

    barcodes = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="One in a line. A GTIN is kept as 14 digits. A case of twelve: code*12.",
    )

    class Meta:
        model = Sku
        fields = (
            "code",
            "name",
            "product",
            "category",
            "abc_class",
            "attributes",
            "price",
            "weight_g",
        )
        labels = {"weight_g": "Weight in g"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            codes = self.instance.barcodes.values_list("code", "units")
            self.initial["barcodes"] = "\n".join(write_units(*each) for each in codes)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        try:
            check_sku_code(code)
        except BadSkuCode as error:
            raise ValidationError(str(error)) from error
        if taken := taken_by(code):
            raise ValidationError(code_taken(code, taken).detail)
        return code

    def clean_attributes(self) -> dict[str, Any]:
        return check_object(self.cleaned_data["attributes"])

    def clean_price(self) -> Any:
        price = self.cleaned_data["price"]
        if price is not None and price < 0:
            raise ValidationError("A price is not below zero.")
        return price

    def clean_barcodes(self) -> list[tuple[str, int]]:
        lines = [line.strip() for line in self.cleaned_data["barcodes"].splitlines()]
        # What a line does not say is one unit here, where all is to be seen.
        given = [(code, 1 if n is None else n) for code, n in map(read_units, filter(None, lines))]
        try:
            codes = {code: int(units or 0) for code, units in with_units(given).items()}
        except (BadCheckDigit, DamagedBarcode) as error:
            raise ValidationError(f"{error.data['barcode']}: {error.detail}") from error
        too_long = [code for code in codes if len(code) > 128]
        slips = [code for code, units in codes.items() if not 1 <= units <= MOST_IN_A_CASE]
        others = Barcode.objects.filter(code__in=codes).exclude(sku=self.instance.pk)
        taken = [f"{barcode} belongs to {barcode.sku}" for barcode in others.select_related("sku")]
        wrong = [*taken, *(f"{code} is too long" for code in too_long)]
        wrong += [f"{code} stands for 1 to {MOST_IN_A_CASE:,} units" for code in slips]
        if wrong:
            raise ValidationError(wrong)
        return list(codes.items())


@admin.register(Sku)
class SkuAdmin(KeptAdmin):
    form = SkuForm
    concerns_all = True
    scope_to_change = "catalogue:write"
    list_display = (
        "code",
        "name",
        "product",
        "category",
        "abc_class",
        "codes",
        "amount",
        "on_hand",
        "available",
        "pages",
    )
    list_filter = ("abc_class",)
    linked_by = ("product__id__exact",)
    list_select_related = ("product",)
    search_fields = ("code", "name", "category", "barcodes__code")
    autocomplete_fields = ("product",)
    readonly_fields = ("pages",)
    fields = (
        ("code", "pages"),
        "name",
        "product",
        ("category", "abc_class"),
        "barcodes",
        "attributes",
        ("price", "weight_g"),
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        # Without a form there is no field of barcodes, and a SKU's is a set of rows.
        return [*SkuForm.Meta.fields, "codes"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Django would join the barcodes, and sort all that is found to name each SKU once.
        for word in search_term.split():
            found = Q(code__icontains=word) | Q(name__icontains=word) | Q(category__icontains=word)
            carrying = Barcode.objects.filter(code__icontains=word).values("sku")
            queryset = queryset.filter(found | Q(pk__in=carrying))
        return queryset, False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sku]:
        balances = Stock.objects.filter(sku=OuterRef("pk")).order_by().values("sku")
        free = Sum(F("on_hand") - F("reserved") - F("unavailable"))
        answer: QuerySet[Sku] = (
            super()
            .get_queryset(request)
            .prefetch_related("barcodes")
            .annotate(
                sum_on_hand=Subquery(balances.annotate(units=Sum("on_hand")).values("units")),
                sum_available=Subquery(balances.annotate(units=free).values("units")),
            )
        )
        return answer

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return (*self.readonly_fields, "code") if obj else self.readonly_fields

    @display(description="Barcodes")
    def codes(self, sku: Sku) -> str:
        codes = [write_units(barcode.code, barcode.units) for barcode in sku.barcodes.all()]
        return ", ".join(codes) or "–"

    @display(description="Price", ordering="price")
    def amount(self, sku: Sku) -> str:
        if sku.price is None:
            return "–"
        whole, _, part = f"{sku.price:f}".partition(".")
        return f"{whole}.{part.rstrip('0').ljust(2, '0')}"

    @display(description="On hand")
    def on_hand(self, sku: Any) -> int:
        return sku.sum_on_hand or 0

    @display(description="Available")
    def available(self, sku: Any) -> int:
        return sku.sum_available or 0

    @display(description="Pool")
    def pages(self, sku: Sku) -> SafeString | str:
        if not sku.pk:
            return "–"
        stock = link("Stock", "inventory_stock", sku__id__exact=sku.pk)
        return SafeString(f"{ledger(sku.pk)} · {stock}")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved, _ = put_sku(
            code=obj.code,
            facts=SkuFacts(
                name=obj.name,
                product=obj.product.code if obj.product else None,
                category=obj.category,
                abc_class=obj.abc_class,
                attributes=obj.attributes,
                barcodes=form.cleaned_data["barcodes"],
                price=obj.price,
                weight_g=obj.weight_g,
            ),
            actor=actor_of(request),
        )
        obj.pk, obj.version = saved.pk, saved.version
        obj._state.adding = False


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Product
        fields = ("code", "name", "size_guide")

    def clean_code(self) -> str:
        return check_code(self.cleaned_data["code"])

    def clean_size_guide(self) -> dict[str, Any] | None:
        return check_object(self.cleaned_data["size_guide"]) or None


@admin.register(Product)
class ProductAdmin(KeptAdmin):
    form = ProductForm
    concerns_all = True
    scope_to_change = "catalogue:write"
    list_display = ("code", "name", "has_size_guide", "variants")
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("code",) if obj else ()

    @display(description="Size guide", boolean=True)
    def has_size_guide(self, product: Product) -> bool:
        return bool(product.size_guide)

    @display(description="")
    def variants(self, product: Product) -> SafeString:
        return link("SKUs", "inventory_sku", product__id__exact=product.pk)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = put_product(
            code=obj.code, name=obj.name, size_guide=obj.size_guide, actor=actor_of(request)
        )
        obj.pk = saved.pk
        obj._state.adding = False


@admin.register(Barcode)
class BarcodeAdmin(ReadOnlyAdmin):
    """Barcodes change with their SKU, which checks their digits."""

    concerns_all = True
    list_display = ("code", "sku", "article", "units")
    list_select_related = ("sku",)
    search_fields = ("code", "sku__code")

    @display(description="Name")
    def article(self, barcode: Barcode) -> str:
        return barcode.sku.name
