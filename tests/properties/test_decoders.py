"""A decoder takes what its serializer takes, makes the same of it, and refuses in its words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import serializers

from core.api.decoding import Decoder
from core.api.fields import CodeField, QuantityField, StrictSerializer, StringField
from orders.api.availability_body import AvailabilityBody
from orders.api.fields import MoneyField
from orders.api.order_body import OrderBody

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        "",
        " ",
        " x ",
        "\n",
        "\u00a0",
        "é",
        "x" * 3_000,
        [],
        [None],
        {},
    ]
)
WORDS = st.sampled_from(
    ["1", "A1", "web", " x", "a/b", "a\nb", "", "GB", "ship", "omni:pickup:1-1:0f"]
)
RIGHT: dict[type[serializers.Field], st.SearchStrategy[Any]] = {
    serializers.EmailField: st.sampled_from(["a@b.example", " a@b.example", "a b@c", "a@", ""]),
    serializers.RegexField: st.sampled_from(["GB", "gb", "GBR", " GB"]),
    serializers.CharField: WORDS,
    serializers.IntegerField: st.sampled_from([1, 2, 1_000_000, 1_000_001]),
    serializers.FloatField: st.sampled_from([0, 1.5, 51, -91]),
    serializers.BooleanField: st.booleans(),
    MoneyField: st.sampled_from(["1", "19.99", "19.999", "-1", ".5", "1e3", "٣", "1.5\n"]),
    serializers.DateTimeField: st.sampled_from(["2026-03-04T12:00:00Z", "2026"]),
    serializers.DictField: st.dictionaries(WORDS, st.integers(0, 2), max_size=2),
    serializers.Field: WORDS,
}


class Oddity(serializers.Serializer):
    """What no body of ours has, and what DRF knows beside."""

    renamed = serializers.CharField(source="other", required=False)
    read = serializers.CharField(read_only=True, default="x")
    made = serializers.CharField(default=lambda: "made")
    checked = serializers.IntegerField(required=False)

    def validate_checked(self, value: int) -> int:
        if value == 1:
            raise serializers.ValidationError("Not one.")
        return value + 1


class Lenient(serializers.Serializer):
    """Every kind of field, and members that are not known."""

    text = serializers.CharField(min_length=2, max_length=4, allow_blank=True)
    kept = serializers.CharField(trim_whitespace=False, required=False, default="d")
    number = serializers.FloatField(min_value=0, max_value=2, required=False, allow_null=True)
    when = serializers.DateTimeField(required=False)
    table = serializers.DictField(child=serializers.IntegerField(), required=False)
    any = serializers.JSONField(required=False)
    many = serializers.MultipleChoiceField(choices=["ship", "pickup"], required=False)
    odd = Oddity(required=False)
    items = serializers.ListField(child=StringField(allow_null=True), min_length=1, max_length=2)  # type: ignore[assignment]


class Strict(StrictSerializer):
    code = CodeField(required=False)
    quantity = QuantityField(required=False, default=1)
    parts = Lenient(many=True, required=False, allow_null=True, min_length=1, max_length=2)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "code" not in attrs and "parts" not in attrs:
            raise serializers.ValidationError("Something, please.", code="nothing")
        return attrs | {"validated": True}


BODIES = (OrderBody, AvailabilityBody, Lenient, Strict)


def bodies_of(field: Any, odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return JSON for a field: right in its form, but where something odd takes its place."""
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        return st.lists(bodies_of(field.child, odd), max_size=3) | odd
    if isinstance(field, serializers.Serializer):
        members = {name: bodies_of(each, odd) for name, each in field.fields.items()}
        required = {name: body for name, body in members.items() if field.fields[name].required}
        optional = {name: body for name, body in members.items() if name not in required}
        return (
            st.fixed_dictionaries(required, optional=optional)
            | odd.flatmap(lambda value: st.fixed_dictionaries({"surprise": st.just(value)}))
            | odd
        )
    if isinstance(field, serializers.ChoiceField):
        return st.sampled_from(["GBP", "JPY", "BHD", "ship", "pickup", "fly"]) | odd
    return next(body for kind, body in RIGHT.items() if isinstance(field, kind)) | odd


def outcome(act: Any) -> Any:
    try:
        return act()
    except serializers.ValidationError as error:
        return json.dumps(error.get_full_details(), default=str)


def by_serializer(body: type[serializers.Serializer], data: Any) -> Any:
    checked = body(data=data)
    checked.is_valid(raise_exception=True)
    return checked.validated_data


@pytest.mark.parametrize("body", BODIES)
def test_a_decoder_agrees_with_its_serializer(body: type[serializers.Serializer]) -> None:
    decode = Decoder(body)

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(bodies_of(body(), st.nothing()) | bodies_of(body(), ODD))
    def agree(data: Any) -> None:
        assert outcome(lambda: decode(data)) == outcome(lambda: by_serializer(body, data))

    agree()


def test_what_is_right_needs_no_serializer() -> None:
    """Else a decoder that refuses everything would agree too."""
    line = {"line_id": "1", "sku": "A1", "quantity": 2, "unit_price": "19.99"}
    order = {
        "channel": "web",
        "external_id": " W-1 ",
        "currency": "GBP",
        "customer": {"name": "Ada", "email": "ada@example.org"},
        "ship_to": {"line1": "1 High Street", "postal_code": "SW1A 1AA", "country": "GB"},
        "lines": [
            line,
            line | {"line_id": "2", "fulfilment": {"type": "pickup", "location": "S1"}},
        ],
    }
    decode = Decoder(OrderBody)
    decode.serializer = None  # type: ignore[assignment]
    assert decode(order)["external_id"] == "W-1"
