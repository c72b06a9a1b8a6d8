"""What all endpoints share, met through some of them."""

from __future__ import annotations

import pytest

from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, OrderBody, OrderLineBody, SkuFactory

IMPOSSIBLE_CODES = [" ", "a/b", "a%23b", "%", "%s %d %(x)s", "..", "a\x7f", "a\u2028", "é?", "#"]


@pytest.mark.parametrize("code", IMPOSSIBLE_CODES)
def test_a_code_that_cannot_be_one_is_told_where_it_stands(api: ApiCaller, code: str) -> None:
    SkuFactory(code="A1")
    answer = api.post(
        "receipts",
        {"location": code, "reference": "PO-1", "lines": [{"sku": "A1", "quantity": 1}]},
    )
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/location"
    assert error["code"] in ("invalid_code", "blank")
    assert "%%" not in error["detail"]


def test_a_null_among_lines_is_told_where_it_stands(api: ApiCaller) -> None:
    LocationFactory(code="W1")
    ChannelFactory(code="web")
    SkuFactory(code="A1")
    order = OrderBody(
        external_id="W-1", lines=[OrderLineBody(unit_price="1.00")], allow_backorder=True
    )
    number = api.post("orders", order).json()["number"]
    answer = api.post(f"orders/{number}/cancellations", {"lines": [None], "reason": "too many"})
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/lines/0"]


SKU = {"name": "Mug", "product": "MUGS", "price": "4.50"}
SHOP = {"name": "Shop", "kind": "store", "timezone": "Europe/London", "capabilities": []}
SITE = {"name": "Site", "kind": "web", "locations": "all"}


@pytest.mark.parametrize(
    ("path", "body", "member"),
    [
        ("skus/A1", SKU | {"name": 7}, "name"),
        ("skus/A1", SKU | {"name": True}, "name"),
        ("skus/A1", SKU | {"product": 1.5}, "product"),
        ("skus/A1", SKU | {"price": ""}, "price"),
        ("skus/A1", SKU | {"price": " "}, "price"),
        ("skus/A1", SKU | {"price": 4.5}, "price"),
        ("locations/S1", SHOP | {"name": 7}, "name"),
        ("locations/S1", SHOP | {"timezone": 7}, "timezone"),
        ("channels/web", SITE | {"name": 7}, "name"),
        ("channels/web", SITE | {"locations": [7]}, "locations/0"),
    ],
)
def test_a_text_is_a_json_string(
    api: ApiCaller, path: str, body: dict[str, object], member: str
) -> None:
    answer = api.put(path, body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{member}"]
    assert api.get(path).status_code == 404


@pytest.mark.parametrize("value", ["51.5", True, "NaN", "", []])
def test_degrees_are_json_numbers(api: ApiCaller, value: object) -> None:
    order = OrderBody(
        external_id="W-1",
        ship_to={"latitude": value, "longitude": 0.1},
        lines=[OrderLineBody(unit_price="1.00")],
    )
    answer = api.post("orders", order)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/ship_to/latitude"]


def test_a_reference_says_something(api: ApiCaller) -> None:
    LocationFactory(code="S1")
    SkuFactory(code="A1")
    lines = [{"sku": "A1", "quantity": 1}]
    answer = api.post("receipts", {"location": "S1", "reference": " \t", "lines": lines})
    assert answer.status_code == 400
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/reference",
        "detail": "",
        "code": "blank",
    }


def test_pointers_are_json_pointers(api: ApiCaller) -> None:
    answer = api.put("skus/A1", SKU | {"a/b~c": 1})
    assert answer.json()["errors"][0]["pointer"] == "/a~1b~0c"


@pytest.mark.parametrize("accept", ["", " ", ","])
def test_a_client_that_names_no_media_type_takes_any(api: ApiCaller, accept: str) -> None:
    api.headers |= {"Accept": accept}
    assert api.get("locations").status_code == 200
    api.headers |= {"Accept": "text/csv"}
    assert api.get("locations").status_code == 406


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("locations/S1/bin-labels?size=enormous", 400),
        ("locations/S2/bin-labels", 404),
        ("returns/1/label", 404),
        ("exports/stock.csv?sku=A1&nonsense=1", 400),
        ("imports/1/errors", 404),
        ("metrics", 404),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "text/csv", "text/plain"])
def test_a_refusal_is_a_problem_document_whatever_was_asked_for(
    api: ApiCaller, path: str, status: int, accept: str
) -> None:
    LocationFactory(code="S1")
    api.headers |= {"Accept": accept}
    answer = api.get(path)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.status_code in (status, 406)
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("host", ["a b", "[::1", "", "shop.example:port"])
def test_a_host_that_cannot_be_one_is_refused(api: ApiCaller, host: str) -> None:
    """The next page's address would name it."""
    LocationFactory(code="S1")
    LocationFactory(code="S2")
    api.headers |= {"Host": host}
    answer = api.get("locations?limit=1")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "unknown_host"


@pytest.mark.parametrize(
    "address",
    ["stock?sku=A1&sku=A2", "events?after=1&after=2", "exports/orders.csv?channel=a&channel=b"],
)
def test_a_filter_given_twice_is_refused(api: ApiCaller, address: str) -> None:
    """To take the last one would answer another question than was asked."""
    answer = api.get(address)
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert [each["code"] for each in errors] == ["given_twice"]
    assert errors[0]["pointer"] in ("/sku", "/after", "/channel")


def test_what_is_wrong_with_a_strange_name_is_pointed_at(api: ApiCaller) -> None:
    errors = api.get("stock?a/b=1&a/b=2").json()["errors"]
    assert [each["pointer"] for each in errors] == ["/a~1b"]
