"""Files out: whole, safe to open, and only what the client may see."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from inventory.models import StockMovement
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.stock_helpers import expire_cart, hold, order, pointers, problem
from tests.omniretail.files.import_helpers import download

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    ChannelFactory(code="web")
    for code in ("S1", "S2"):
        place = LocationFactory(code=code)
        stock_up(SkuFactory(code=f"={code}", name='Mug, "blue"\n@home'), place, 5)


def rows(api: ApiCaller, path: str, **query: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(download(api, path, **query))))


def test_stock_is_written_out_and_opens_harmlessly(api: ApiCaller) -> None:
    text = download(api, "exports/stock.csv", location="S1")
    assert text == (
        "sku,name,location,on_hand,reserved,unavailable,available,version\r\n"
        '\'=S1,"Mug, ""blue""\n@home",S1,5,0,0,5,1\r\n'
    )
    assert [row["sku"] for row in rows(api, "exports/stock.csv")] == ["'=S1", "'=S2"]
    assert rows(api, "exports/stock.csv", sku="none") == []


def test_overdue_holds_are_no_promises_in_a_file_either(api: ApiCaller) -> None:
    cart = hold(api, ("=S1", 2))
    assert rows(api, "exports/stock.csv", sku="=S1")[0]["reserved"] == "2"
    expire_cart(cart)
    (row,) = rows(api, "exports/stock.csv", sku="=S1")
    assert (row["reserved"], row["available"]) == ("0", "5")


def test_the_ledger_is_read_on_from_where_it_was_left(api: ApiCaller) -> None:
    lines = [{"sku": "=S1", "location": "S1", "on_hand_delta": -2}]
    body = {"reason": "lost", "reference": "@home", "lines": lines}
    assert api.post("stock/adjustments", body).status_code < 300
    every = rows(api, "exports/movements.csv")
    assert [row["id"] for row in every] == [
        str(pk) for pk in StockMovement.objects.order_by("id").values_list("pk", flat=True)
    ]
    (last,) = rows(api, "exports/movements.csv", after=every[-2]["id"])
    assert (last["on_hand_delta"], last["on_hand_after"], last["reference"]) == (
        "-2",
        "3",
        "'@home",
    )
    assert last["recorded_at"].endswith("Z")
    assert rows(api, "exports/movements.csv", reference="@home") == [last]


def test_orders_are_written_out_a_line_a_row(api: ApiCaller) -> None:
    number = order(api, "+W-1", 2, sku="=S1")
    (row,) = rows(api, "exports/orders.csv")
    assert {name: row[name] for name in ("number", "external_id", "sku", "unit_price")} == {
        "number": number,
        "external_id": "'+W-1",
        "sku": "'=S1",
        "unit_price": "1",
    }
    assert (row["ordered"], row["reserved"], row["location"]) == ("2", "2", "")
    assert rows(api, "exports/orders.csv", placed_after=row["placed_at"].replace("Z", "1Z")) in (
        [],
        [row],
    )
    assert rows(api, "exports/orders.csv", placed_after="2999-01-01T00:00:00Z") == []
    assert rows(api, "exports/orders.csv", channel="pos") == []


def test_a_file_shows_a_tied_client_its_own_only(api: ApiCaller) -> None:
    order(api, "W-1", 1, sku="=S1")
    tied = make_caller(["stock:read", "orders:read"], locations=["S2"], channels=["pos"])
    assert {row["location"] for row in rows(tied, "exports/stock.csv")} == {"S2"}
    assert {row["location"] for row in rows(tied, "exports/movements.csv")} == {"S2"}
    assert rows(tied, "exports/orders.csv") == []


@pytest.mark.parametrize("file", ["stock", "movements", "orders"])
def test_exports_refuse_as_all_endpoints_do(api: ApiCaller, file: str) -> None:
    path = f"exports/{file}.csv"
    assert pointers(api.get(path, colour="red")) == {"/colour": "unknown_field"}
    problem(make_caller(["webhooks:manage"]).get(path), 403, "forbidden")
    problem(api.post(path), 405, "method_not_allowed")
    problem(ApiCaller("none").get(path), 401, "unauthenticated")


def test_bad_questions_are_named(api: ApiCaller) -> None:
    assert pointers(api.get("exports/movements.csv", after=-1)) == {"/after": "min_value"}
    assert pointers(api.get("exports/movements.csv", after=10**30)) == {"/after": "max_value"}
    wrong = api.get("exports/orders.csv", placed_after="yesterday")
    assert pointers(wrong) == {"/placed_after": "invalid"}
