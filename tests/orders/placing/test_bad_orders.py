"""Orders that cannot be are refused where they are wrong, and leave nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Order
from tests.conftest import ApiCaller
from tests.orders.placing.placing_helpers import order_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"channel": "moon"}, "/channel", "unknown_channel"),
        ({"currency": "XXX"}, "/currency", "invalid_choice"),
        ({"lines": []}, "/lines", "empty"),
        ({"surprise": 1}, "/surprise", "unknown_field"),
        ({"external_id": None}, "/external_id", "null"),
        ({"ship_to": []}, "/ship_to", "invalid"),
        ({"ship_to": {"country": "UK"}}, "/ship_to/country", "not_iso"),
        ({"ship_to": {"country": "GBR"}}, "/ship_to/country", "invalid"),
        ({"customer": {"email": "jo@"}}, "/customer/email", "invalid"),
        ({"customer": {"email": "jo reed@example.org"}}, "/customer/email", "invalid"),
        ({"allow_split": "yes"}, "/allow_split", "invalid"),
    ],
)
def test_bad_orders_are_refused_with_a_pointer(
    api: ApiCaller, world: Any, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = api.post("orders", order_of(("A1", 1)) | change)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"quantity": 0}, "/lines/0/quantity", "min_value"),
        ({"quantity": -1}, "/lines/0/quantity", "min_value"),
        ({"quantity": 10**30}, "/lines/0/quantity", "max_value"),
        ({"quantity": True}, "/lines/0/quantity", "invalid"),
        ({"quantity": "2"}, "/lines/0/quantity", "invalid"),
        ({"unit_price": "19.999"}, "/lines/0/unit_price", "wrong_exponent"),
        ({"unit_price": "-1.00"}, "/lines/0/unit_price", "invalid"),
        ({"unit_price": 19.99}, "/lines/0/unit_price", "invalid"),
        ({"sku": "NOPE"}, "/lines/0/sku", "unknown_sku"),
        ({"fulfilment": {"type": "pickup"}}, "/lines/0/fulfilment/location", "required"),
        (
            {"fulfilment": {"type": "pickup", "location": "X"}},
            "/lines/0/fulfilment/location",
            "unknown_location",
        ),
    ],
)
def test_bad_lines_are_refused_with_a_pointer(
    api: ApiCaller, world: Any, change: dict[str, Any], pointer: str, code: str
) -> None:
    body = order_of(("A1", 1))
    body["lines"][0] |= change
    answer = api.post("orders", body)
    assert answer.status_code == 400, answer.content
    errors = answer.json()["errors"]
    assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code)
    assert not Order.objects.exists()


def test_a_line_id_stands_once(api: ApiCaller, world: Any) -> None:
    body = order_of(("A1", 1), ("A1", 1))
    body["lines"][1]["line_id"] = "1"
    errors = api.post("orders", body).json()["errors"]
    assert {error["pointer"] for error in errors} == {"/lines/0/line_id", "/lines/1/line_id"}
