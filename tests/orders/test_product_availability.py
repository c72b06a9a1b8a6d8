"""`GET /products/{product}/availability`, and a channel's availability as one file."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.queries import availability_file
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    ProductFactory,
    RingFenceFactory,
    SkuFactory,
    TransferFactory,
    stock_up,
)

pytestmark = pytest.mark.django_db

NEAR = "51.5,-0.1"


@pytest.fixture
def shirt(db: None) -> None:
    """A shirt in five sizes, made in another order; two of them in stock."""
    guide = {size: {"chest_cm": 90} for size in ("S", "M", "L", "XL")}
    product = ProductFactory(code="OX/FORD", name="Oxford shirt", size_guide=guide)
    for size in ("XL", "M", "one size", "S", "L"):
        SkuFactory(code=f"OX-{size}", product=product, attributes={"Size": size})
    shop = LocationFactory(code="S1", store=True, ships=False)
    stock_up(SkuFactory(code="OX-M"), shop, 3)
    stock_up(SkuFactory(code="OX-L"), LocationFactory(code="W1"), 1)
    ChannelFactory(code="web")


def variants(api: ApiCaller, **more: str) -> list[dict[str, Any]]:
    answer = api.get("products/OX%2FFORD/availability", channel="web", **more)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["variants"]
    return found


def test_variants_come_in_the_order_of_the_size_guide(api: ApiCaller, shirt: None) -> None:
    found = variants(api)
    assert [each["size"] for each in found] == ["S", "M", "L", "XL", "one size"]
    assert [each["state"] for each in found] == [
        "out_of_stock", "in_stock", "in_stock", "out_of_stock", "out_of_stock"
    ]  # fmt: skip


def test_a_size_guide_of_rows_orders_too(api: ApiCaller, shirt: None) -> None:
    guide = {"columns": ["size", "chest"], "rows": [["XL", 110], ["L", 100], ["M", 90]]}
    product = ProductFactory(code="OX/FORD")
    product.size_guide = guide
    product.save()
    assert [each["size"] for each in variants(api)] == ["XL", "L", "M", "one size", "S"]


def test_a_variant_says_what_the_query_says(api: ApiCaller, shirt: None) -> None:
    point = {"latitude": 51.5, "longitude": -0.1}
    for each in variants(api, destination=NEAR):
        line = {"sku": each["sku"], "quantity": 1}
        asked = {"channel": "web", "lines": [line], "destination": point}
        (expected,) = api.post("availability/query", asked).json()["lines"]
        for name in ("sku", "state", "sellable", "locations"):
            assert each[name] == expected[name]
        assert bool(each["delivery"]) == bool(expected["delivery"])
    medium, large = variants(api)[1:3]
    assert medium["locations"][0]["pickup"]["available"]
    assert (medium["delivery"], bool(large["delivery"])) == (None, True)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "required"),
        ({"channel": "fax"}, "unknown_channel"),
        ({"channel": "web", "destination": "here"}, "no_place"),
        ({"channel": "web", "destination": "91,0"}, "no_place"),
        ({"channel": "web", "size": "M"}, "unknown_field"),
    ],
)
def test_a_bad_question_is_refused(
    api: ApiCaller, shirt: None, query: dict[str, str], code: str
) -> None:
    answer = api.get("products/OX%2FFORD/availability", **query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


def test_a_postal_code_is_a_destination(api: ApiCaller, shirt: None) -> None:
    assert variants(api, destination="GB,LS1 4DY")[2]["delivery"]
    assert variants(api, destination="GB,nowhere")[2]["delivery"]


def test_what_is_not_there_or_not_seen_is_not_found(api: ApiCaller, shirt: None) -> None:
    assert api.get("products/NONE/availability", channel="web").status_code == 404
    stranger = make_caller(["availability:read"], channels=["pos"])
    answer = stranger.get("products/OX%2FFORD/availability", channel="web")
    assert answer.json()["errors"][0]["code"] == "unknown_channel"
    poor = make_caller(["orders:read"])
    assert poor.get("products/OX%2FFORD/availability", channel="web").status_code == 403


def test_more_variants_cost_no_more_statements(api: ApiCaller, shirt: None) -> None:
    variants(api)
    with CaptureQueriesContext(connection) as few:
        variants(api)
    product = ProductFactory(code="OX/FORD")
    for number in range(20):
        stock_up(SkuFactory(code=f"MORE-{number}", product=product), LocationFactory(code="W1"), 1)
    with CaptureQueriesContext(connection) as many:
        assert len(variants(api)) == 25
    assert len(few) == len(many)


def rows(api: ApiCaller, channel: str = "web") -> list[dict[str, str]]:
    answer = api.get(f"channels/{channel}/availability.csv")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_says_of_each_sku_what_the_query_says(
    api: ApiCaller, shirt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(availability_file, "AT_ONCE", 2)
    sku = SkuFactory(code="OX-M")
    stock_up(sku, LocationFactory(code="W1"), 4)
    stock_up(sku, LocationFactory(code="DARK", ships=False, pickup=False), 9)
    fence = {"location": LocationFactory(code="W1"), "quantity": 1}
    RingFenceFactory(channel=ChannelFactory(code="pos", kind="pos"), sku=sku, **fence)
    transfer = TransferFactory(destination=LocationFactory(code="W1"))
    transfer.lines.create(sku=SkuFactory(code="OX-S"), quantity=4)
    found = {row["sku"]: row for row in rows(api)}
    assert list(found) == ["OX-XL", "OX-M", "OX-one size", "OX-S", "OX-L"]
    asked = [{"sku": code, "quantity": 1} for code in found]
    answer = api.post("availability/query", {"channel": "web", "lines": asked})
    for line in answer.json()["lines"]:
        row = found[line["sku"]]
        assert (row["state"], row["sellable"]) == (line["state"], str(line["sellable"]))
        held = "|".join(f"{at['location']}:{at['sellable']}" for at in line["locations"])
        assert row["locations"] == held
    assert (found["OX-M"]["sellable"], found["OX-M"]["locations"]) == ("6", "S1:3|W1:3")
    assert found["OX-S"]["state"] == "backorder"
    assert found["OX-M"]["as_of"].endswith("Z")


def test_a_file_is_of_what_the_client_sees(api: ApiCaller, shirt: None) -> None:
    tied = make_caller(["availability:read"], locations=["W1"])
    assert {row["locations"] for row in rows(tied)} == {"", "W1:1"}
    stranger = make_caller(["availability:read"], channels=["pos"])
    assert stranger.get("channels/web/availability.csv").status_code == 404
    assert api.get("channels/none/availability.csv").status_code == 404


def test_a_code_is_no_formula_in_the_file(api: ApiCaller, shirt: None) -> None:
    SkuFactory(code="=1+1")
    assert rows(api)[-1]["sku"] == "'=1+1"
