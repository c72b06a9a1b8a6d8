"""`/skus`: SKUs with their barcodes."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import CodeField, StrictIntegerField, StrictSerializer, StringField
from core.api.filters import UPDATED_AT
from core.api.views import ApiView, Expect, listed, tagged
from core.database.updated_at import exact_text
from core.problems.catalogue import NotFound, ValidationFailed
from inventory.api.fields import CategoryField
from inventory.api.filters import SkuFilters
from inventory.choices import AbcClass
from inventory.commands.catalogue.catalogue import SkuFacts, put_sku
from inventory.models import Sku
from inventory.models.catalogue import MOST_IN_A_CASE
from inventory.sku_codes import BadSkuCode, check_sku_code, sku_key

DETAIL_LIMIT = 65_536  # characters of JSON in attributes or a size guide
MAX_BARCODES = 100
_PRICE = re.compile(r"[0-9]{1,8}(\.[0-9]{1,4})?")


class PriceField(serializers.DecimalField):
    """Money as a decimal text, not negative: JSON numbers may be rounded as floats."""

    default_error_messages = {
        "price": 'Write the price as a text such as "19.99", at most four decimals.'
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=12, decimal_places=4, **kwargs)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        # A DecimalField reads a blank text as null.
        return serializers.Field.validate_empty_values(self, data)

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not _PRICE.fullmatch(data):
            self.fail("price")
        return Decimal(data)


class DetailField(serializers.DictField):
    """A JSON object of the retailer's own, returned unchanged."""

    def to_internal_value(self, data: Any) -> Any:
        detail = super().to_internal_value(data)
        if len(json.dumps(detail)) > DETAIL_LIMIT:
            raise serializers.ValidationError("This is too long.", code="too_long")
        return detail


class BarcodeField(StringField):
    """A GTIN of 8, 12, 13 or 14 digits, or an in-house code as it is printed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        barcode = super().to_internal_value(data)
        if barcode != barcode.strip() or not barcode.isprintable():
            raise serializers.ValidationError(
                "A barcode has no space at its ends and no control character.",
                code="invalid_barcode",
            )
        return barcode


class CaseCodeBody(StrictSerializer):
    """A barcode with the units that one read of it stands for."""

    code = BarcodeField()
    units = StrictIntegerField(min_value=1, max_value=MOST_IN_A_CASE)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "maxLength": 128},
            {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "maxLength": 128},
                    "units": {"type": "integer", "minimum": 1, "maximum": MOST_IN_A_CASE},
                },
                "required": ["code", "units"],
                "additionalProperties": False,
            },
        ]
    }
)
class BarcodeOrCaseField(serializers.Field):  # type: ignore[type-arg]
    """A barcode as a text, or `{"code", "units"}`: the code, and the units (None: not said)."""

    def to_internal_value(self, data: Any) -> tuple[str, int | None]:
        if not isinstance(data, dict):
            return BarcodeField().run_validation(data), None
        case = CaseCodeBody(data=data)
        case.is_valid(raise_exception=True)
        return case.validated_data["code"], case.validated_data["units"]


class SkuBody(StrictSerializer):
    name = StringField(max_length=300)
    product = CodeField(required=False, allow_null=True)
    category = CategoryField(required=False, allow_null=True)
    abc_class = serializers.ChoiceField(
        AbcClass.choices,
        required=False,
        allow_null=True,
        help_text="How much of the turnover it makes: A most of it, C the long tail",
    )
    attributes = DetailField(required=False)
    barcodes = serializers.ListField(
        child=BarcodeOrCaseField(),
        max_length=MAX_BARCODES,
        required=False,
        help_text="A text leaves the units of a barcode that the SKU has; for a new one it is 1",
    )
    price = PriceField(required=False, allow_null=True)
    weight_g = StrictIntegerField(
        min_value=0, max_value=100_000_000, required=False, allow_null=True
    )
    size_guide = DetailField(
        required=False, allow_null=True, help_text="Of the product, so of all its variants"
    )

    def validate(self, attrs: Any) -> Any:
        if attrs.get("size_guide") is not None and attrs.get("product") is None:
            raise serializers.ValidationError(
                {"size_guide": "A size guide belongs to a product: name it in `product`."},
                code="product_needed",
            )
        return attrs


class SkuAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    abc_class = serializers.ChoiceField(AbcClass.choices, allow_null=True)
    attributes = serializers.DictField()
    barcodes = serializers.ListField(child=serializers.CharField(), help_text="GTINs as 14 digits")
    barcode_units = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Of each barcode that stands for more than one unit: how many",
    )
    price = serializers.DecimalField(max_digits=12, decimal_places=4, allow_null=True)
    weight_g = serializers.IntegerField(allow_null=True)
    size_guide = serializers.DictField(allow_null=True)
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)


def new_sku_code(text: str) -> str:
    """Return a code that a SKU may have. Raises `ValidationFailed`."""
    try:
        return check_sku_code(text)
    except BadSkuCode as error:
        raise ValidationFailed.at("/sku", str(error), "invalid_code") from error


class SkusView(ApiView):
    scopes = {"GET": "catalogue:read"}
    filterset_class = SkuFilters

    @extend_schema(operation_id="list_skus", responses={200: listed(SkuAnswer)})
    def get(self, request: Request) -> Response:
        """List SKUs."""
        return self.page(_shown_skus(), render=lambda found: [render_sku(sku) for sku in found])


class SkuView(ApiView):
    scopes = {"GET": "catalogue:read", "PUT": "catalogue:write"}
    has_etag = True

    @extend_schema(operation_id="get_sku", responses={200: SkuAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show a SKU. Its code is found in whatever spelling; percent-encode it."""
        shown = _shown_skus()
        sku = shown.filter(code=code).first() or shown.filter(key=sku_key(code)).first()
        if sku is None:
            raise NotFound()
        return tagged(render_sku(sku), sku.version)

    @extend_schema(
        operation_id="put_sku", request=SkuBody, responses={200: SkuAnswer, 201: SkuAnswer}
    )
    def put(self, request: Request, code: str) -> Response:
        """Create or replace a SKU. A barcode belongs to one SKU only, and so does a code in all its
        spellings."""
        code = new_sku_code(code)
        facts = SkuFacts(**self.body(SkuBody))

        def put(expect: Expect) -> tuple[Sku, bool]:
            sku, created = put_sku(code=code, facts=facts, actor=self.actor, expect=expect)
            return _shown_skus().get(pk=sku.pk), created

        return self.replace(put, render=render_sku)


def _shown_skus() -> QuerySet[Sku]:
    return Sku.objects.select_related("product").prefetch_related("barcodes")


def render_sku(sku: Sku) -> dict[str, Any]:
    return {
        "sku": sku.code,
        "name": sku.name,
        "product": sku.product.code if sku.product else None,
        "category": sku.category or None,
        "abc_class": sku.abc_class or None,
        "attributes": sku.attributes,
        "barcodes": [barcode.code for barcode in sku.barcodes.all()],
        "barcode_units": {
            barcode.code: barcode.units for barcode in sku.barcodes.all() if barcode.units > 1
        },
        "price": None if sku.price is None else price_text(sku.price),
        "weight_g": sku.weight_g,
        "size_guide": sku.product.size_guide if sku.product else None,
        "updated_at": exact_text(sku.updated_at),
    }


def price_text(price: Decimal) -> str:
    """Write a price with two decimals, and with more only where they are not zero."""
    shown = price.normalize()
    exponent = shown.as_tuple().exponent
    assert isinstance(exponent, int)
    return f"{shown:.{max(2, -exponent)}f}"


urlpatterns = [
    path("skus", SkusView.as_view()),
    path("skus/<path:code>", SkuView.as_view()),  # a code may have slashes
]
