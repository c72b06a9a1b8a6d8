"""The quick look at an order: is it surely what `OrderBody` would accept?

DRF builds a tree of fields for each order, which is dear. This look is cheap and never says
why: a body that it does not know to be right goes to the serializer.
It must never pass what the serializer refuses (a property test compares them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from msgspec import Meta, Struct

from core.api.views import MAX_LINES, MAX_QUANTITY
from orders.money import CURRENCIES

# A name has something other than white space at both ends; free text may be empty.
_ENDS = r"^\S(?s:.*\S)?\Z"
Name64 = Annotated[str, Meta(max_length=64, pattern=_ENDS)]
Name128 = Annotated[str, Meta(max_length=128, pattern=_ENDS)]
Text64 = Annotated[str, Meta(max_length=64)]
Text100 = Annotated[str, Meta(max_length=100)]
Text128 = Annotated[str, Meta(max_length=128)]
Text200 = Annotated[str, Meta(max_length=200)]


class _Customer(Struct, frozen=True, forbid_unknown_fields=True):
    external_id: Name128 | None = None
    name: Text200 | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    phone: Text64 | None = None


class _ShipTo(Struct, frozen=True, forbid_unknown_fields=True):
    name: Text200 | None = None
    line1: Text200 | None = None
    line2: Text200 | None = None
    city: Text100 | None = None
    region: Text100 | None = None
    postal_code: Annotated[str, Meta(max_length=20)] | None = None
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")] | None = None
    phone: Text64 | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class _HandOver(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["ship", "pickup", "same_day", "carry_out"]
    location: Name64 | None = None


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    line_id: Name64
    sku: Name64
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    unit_price: Annotated[str, Meta(pattern=r"^[0-9]{1,10}(\.[0-9]{1,4})?\Z")]
    fulfilment: _HandOver = _HandOver("ship")
    product_reference: Text128 = ""


class _Order(Struct, frozen=True, forbid_unknown_fields=True):
    channel: Name64
    external_id: Name128
    currency: str
    lines: Annotated[list[_Line], Meta(min_length=1, max_length=MAX_LINES)]
    reservation_id: Name64 | None = None
    customer: _Customer | None = None
    ship_to: _ShipTo | None = None
    allow_split: bool = True
    allow_backorder: bool = False
    allow_partial: bool = False
    payment_reference: Text128 = ""
    note: Annotated[str, Meta(max_length=2000)] = ""
    exchange_of: Annotated[str, Meta(max_length=32, pattern=_ENDS)] | None = None


def is_surely_valid(data: Mapping[str, Any]) -> bool:
    """Say whether an order's JSON is right in every way that the door checks."""
    try:
        order = msgspec.convert(data, _Order)
        if order.customer and order.customer.email:
            validate_email(order.customer.email)
    except (msgspec.ValidationError, ValidationError):
        return False
    places = CURRENCIES.get(order.currency)
    return (
        places is not None
        and len({line.line_id for line in order.lines}) == len(order.lines)
        and all(_is_line_right(line, places) for line in order.lines)
    )


def _is_line_right(line: _Line, places: int) -> bool:
    _, _, decimals = line.unit_price.partition(".")
    named = line.fulfilment.type in ("pickup", "carry_out")
    return len(decimals) <= places and named == (line.fulfilment.location is not None)


# msgspec prepares a type when it first meets it, and two threads that do so at once crash the
# whole process (a segmentation fault, seen under load). Here the import lock is held.
is_surely_valid({})
