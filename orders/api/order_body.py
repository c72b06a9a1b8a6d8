"""The body of an order: checked here, then a plain `OrderRequest`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework import serializers

from core.api.decoding import Decoder
from core.api.fields import (
    MAX_LINES,
    EmailField,
    QuantityField,
    StrictBooleanField,
    StrictSerializer,
    StringField,
)
from inventory.api.fields import PastMomentAsSentField
from orders.api.fields import CountryField, MoneyField
from orders.choices import FulfilmentType
from orders.commands.placing.requests import CustomerRequest, LineRequest, OrderRequest
from orders.money import CURRENCIES, exponent, in_exponent
from orders.sourcing import Policy
from stores.api.fields import DegreesField

NAMED = (FulfilmentType.PICKUP, FulfilmentType.CARRY_OUT)
_CURRENCIES = [(code, code) for code in sorted(CURRENCIES)]


class CustomerBody(StrictSerializer):
    external_id = StringField(max_length=128, required=False, allow_null=True)
    name = StringField(max_length=200, required=False, allow_blank=True, allow_null=True)
    email = EmailField(max_length=254, required=False, allow_blank=True, allow_null=True)
    phone = StringField(max_length=64, required=False, allow_blank=True, allow_null=True)


class ShipToBody(StrictSerializer):
    name = StringField(max_length=200, required=False, allow_blank=True, allow_null=True)
    line1 = StringField(max_length=200, required=False, allow_blank=True, allow_null=True)
    line2 = StringField(max_length=200, required=False, allow_blank=True, allow_null=True)
    city = StringField(max_length=100, required=False, allow_blank=True, allow_null=True)
    region = StringField(max_length=100, required=False, allow_blank=True, allow_null=True)
    postal_code = StringField(max_length=20, required=False, allow_blank=True, allow_null=True)
    country = CountryField(required=False, allow_null=True)
    phone = StringField(max_length=64, required=False, allow_blank=True, allow_null=True)
    latitude = DegreesField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = DegreesField(min_value=-180, max_value=180, required=False, allow_null=True)


class HandOverBody(StrictSerializer):
    type = serializers.ChoiceField(FulfilmentType.choices)
    location = StringField(max_length=64, required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = attrs["type"] in NAMED
        if named and not attrs.get("location"):
            raise serializers.ValidationError(
                {"location": f"A {attrs['type']} line names its location."}, code="required"
            )
        if not named and attrs.get("location"):
            raise serializers.ValidationError(
                {"location": "Sourcing chooses the location of a delivery; leave it out."},
                code="not_taken",
            )
        return attrs


class LineBody(StrictSerializer):
    line_id = StringField(max_length=64)
    sku = StringField(max_length=64)
    quantity = QuantityField()
    unit_price = MoneyField()
    fulfilment = HandOverBody(required=False)
    product_reference = StringField(max_length=128, required=False, allow_blank=True)


class CurrencyField(serializers.ChoiceField):
    """Knows its choices itself: those that it was given, DRF would copy for each request."""

    def __init__(self, **given: Any) -> None:
        super().__init__(_CURRENCIES, **given)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data.upper() if isinstance(data, str) else data)


class OrderBody(StrictSerializer):
    """An order as a channel sends it."""

    channel = StringField(max_length=64)
    external_id = StringField(max_length=128)
    currency = CurrencyField()
    reservation_id = StringField(max_length=64, required=False, allow_null=True)
    customer = CustomerBody(required=False, allow_null=True)
    ship_to = ShipToBody(required=False, allow_null=True)
    lines = LineBody(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    allow_split = StrictBooleanField(required=False, default=True)
    allow_backorder = StrictBooleanField(required=False, default=False)
    allow_partial = StrictBooleanField(required=False, default=False)
    payment_reference = StringField(max_length=128, required=False, allow_blank=True)
    note = StringField(max_length=2000, required=False, allow_blank=True)
    exchange_of = StringField(max_length=32, required=False, allow_null=True)
    occurred_at = PastMomentAsSentField(
        required=False,
        allow_null=True,
        help_text="When goods were carried out, if not now: a till that was offline",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        errors: dict[Any, dict[str, list[serializers.ErrorDetail]]] = {}
        seen = Counter(line["line_id"] for line in attrs["lines"])
        for position, line in enumerate(attrs["lines"]):
            if seen[line["line_id"]] > 1:
                errors.setdefault(position, {})["line_id"] = [
                    serializers.ErrorDetail(
                        f"Line id {line['line_id']} stands twice in this order.",
                        code="duplicate_line_id",
                    )
                ]
            # More decimals than the currency has are no fault where they are noughts.
            price = in_exponent(line["unit_price"], attrs["currency"])
            if price is not None:
                line["unit_price"] = price
            else:
                errors.setdefault(position, {})["unit_price"] = [
                    serializers.ErrorDetail(
                        f"{attrs['currency']} has {exponent(attrs['currency'])} decimals.",
                        code="wrong_exponent",
                    )
                ]
        if errors:
            raise serializers.ValidationError({"lines": dict[str, Any](errors)})
        if attrs.get("occurred_at") and not any(_is_carried_out(line) for line in attrs["lines"]):
            raise serializers.ValidationError(
                {"occurred_at": "Nothing of this order was carried out; leave it out."},
                code="not_taken",
            )
        return attrs


def _is_carried_out(line: Mapping[str, Any]) -> bool:
    return bool(line.get("fulfilment", {}).get("type") == FulfilmentType.CARRY_OUT)


_decode = Decoder(OrderBody)


def read_order(data: Mapping[str, Any]) -> OrderRequest:
    """Turn an order's JSON into what the command takes, or raise a 400 with pointers."""
    body = _decode(data)
    customer, ship_to = body.get("customer"), body.get("ship_to")
    return OrderRequest(
        channel=body["channel"],
        external_id=body["external_id"],
        currency=body["currency"],
        reservation_id=body.get("reservation_id"),
        customer=customer
        and CustomerRequest(
            external_id=customer.get("external_id"),
            email=customer.get("email") or "",
            name=customer.get("name") or "",
            phone=customer.get("phone") or "",
        ),
        ship_to=ship_to and {name: value for name, value in ship_to.items() if value is not None},
        lines=tuple(_line(**line) for line in body["lines"]),
        payment_reference=body.get("payment_reference", ""),
        note=body.get("note", ""),
        exchange_of=body.get("exchange_of"),
        occurred_at=body.get("occurred_at") or msgspec.UNSET,
        policy=Policy(body["allow_split"], body["allow_backorder"], body["allow_partial"]),
    )


def _line(*, fulfilment: Mapping[str, Any] | None = None, **line: Any) -> LineRequest:
    hand_over = fulfilment or {"type": FulfilmentType.SHIP.value}
    return LineRequest(**line, type=hand_over["type"], location=hand_over.get("location"))
