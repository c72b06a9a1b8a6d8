"""A SKU code is written as the retailer writes it, and found however it is spelt."""

from __future__ import annotations

import http.client
import importlib
import json
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from inventory.models import Sku, Stock
from inventory.sku_codes import BadSkuCode, check_sku_code, sku_key
from orders.models import OrderLine
from tests.conftest import ApiCaller
from tests.factories import (
    CartBody,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    ReturnBody,
    SkuFactory,
    UserFactory,
    stock_up,
)
from tests.inventory.stock_helpers import nothing_written, problem
from tests.omniretail.files.import_helpers import bring_in, counts, download, row_errors

pytestmark = pytest.mark.django_db

CODE = "Ab-1/x"
SPELLINGS = (
    "AB-1/X",
    " ab-1/x ",
    "\uff21\uff42-1/x",  # full width
    "A\u200bb-1/x",  # with a character that is not seen
    "\u0410b-1/x",  # with a Cyrillic capital
    "Ab\u20131/x",  # with another dash
)


@pytest.fixture
def shop(db: None) -> None:
    stock_up(SkuFactory(code=CODE), LocationFactory(code="S1"), 50)
    ChannelFactory(code="web")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a1", "A1"),
        ("A1", " A1\t"),
        ("\u00e9-1", "e\u0301-1"),
        ("stra\u00dfe", "STRASSE"),
        ("A\u00a0B", "a b"),
        ("\u0391\u0392", "AB"),
        ("10\u00d720", "10x20"),
    ],
)
def test_codes_that_look_the_same_are_one(one: str, other: str) -> None:
    assert sku_key(one) == sku_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("A0", "AO"), ("l1", "11"), ("e-1", "\u00e9-1"), ("0042", "42"), ("A", "A.")]
)
def test_codes_that_differ_truly_are_two(one: str, other: str) -> None:
    assert sku_key(one) != sku_key(other)


@pytest.mark.parametrize(
    "code",
    [
        "", "x" * 65, " A", "A ", "A\u200bB", "A\tB", "A?", "A\\B", ".", "..", "a/../b", "a//b",
        "/a", "a/", "8.71235E+12",
    ],
)  # fmt: skip
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(BadSkuCode):
        check_sku_code(code)


@pytest.mark.parametrize("code", ["210001/46", "AC#1", "50%", "0042", "1.0", "Gr\u00f6\u00dfe-L"])
def test_a_code_is_kept_as_it_is_written(live_server: Any, api: ApiCaller, code: str) -> None:
    """Over a real connection, where a path is sent as it is."""
    wire = http.client.HTTPConnection(live_server.thread.host, live_server.thread.port)
    headers = api.headers | {"Content-Type": "application/json"}
    address = f"/api/v1/skus/{quote(code, safe='')}"
    wire.request("PUT", address, json.dumps({"name": "Mug"}), headers)
    made = wire.getresponse()
    assert (made.status, json.load(made)["sku"]) == (201, code)
    wire.request("GET", address, headers=headers)
    read = wire.getresponse()
    assert (read.status, json.load(read)["sku"]) == (200, code)
    wire.request("GET", f"/api/v1/scan/{quote(code, safe='')}", headers=headers)
    scanned = wire.getresponse()
    assert scanned.status == 200, scanned.read()
    assert json.load(scanned)["sku"] == code
    wire.close()


@pytest.mark.parametrize("spelt", SPELLINGS)
def test_a_code_is_found_in_every_spelling(api: ApiCaller, shop: None, spelt: str) -> None:
    line = {"sku": spelt, "quantity": 1}
    assert api.get(f"skus/{quote(spelt, safe='')}").json()["sku"] == CODE
    asked = {"channel": "web", "lines": [line, {"sku": CODE, "quantity": 1}]}
    answers = api.post("availability/query", asked).json()["lines"]
    assert [(each["sku"], each["sellable"]) for each in answers] == [(CODE, 50), (CODE, 49)]
    cart = api.post("reservations", CartBody(lines=[line]))
    assert cart.json()["lines"][0]["sku"] == CODE
    both = [OrderLineBody(line_id=code, sku=code) for code in (spelt, CODE)]
    body = OrderBody(lines=both)
    order = api.post("orders", body)
    assert order.status_code == 201, order.content
    assert {each["sku"] for each in order.json()["lines"]} == {CODE}
    assert OrderLine.objects.values("sku").distinct().count() == 1
    assert api.post("orders", body).status_code == 200, "the same body is the same order"
    receipt = {"location": "S1", "reference": "R", "lines": [line, line | {"sku": CODE}]}
    answer = api.post("receipts", receipt)
    assert [(each["sku"], each["quantity"]) for each in answer.json()["lines"]] == [(CODE, 2)]
    for path in ("stock", "stock/movements"):
        found = api.get(path, sku=spelt.replace(",", "\\,")).json()["results"]
        assert {each["sku"] for each in found} == {CODE}
    then = api.get("stock/as-of", sku=spelt, location="S1", at="2099-01-01T00:00:00Z")
    assert then.json()["sku"] == CODE
    assert CODE in download(api, "exports/stock.csv", sku=spelt)
    back = api.post("returns", ReturnBody(lines=[line | {"reason": "no"}], channel="web"))
    assert back.json()["lines"][0]["sku"] == CODE
    assert Sku.objects.count() == 1


def test_two_spellings_in_one_body_are_one_sku(api: ApiCaller, shop: None) -> None:
    figures = [{"sku": code, "location": "S1", "on_hand": 7} for code in (CODE, CODE.upper())]
    counted = {"reason": "cycle_count", "lines": figures}
    with nothing_written():
        answer = api.post("stock/counts/apply", counted)
    assert answer.json()["errors"][0]["code"] == "duplicate_line"
    LocationFactory(code="W1")
    wanted = [{"sku": code, "quantity": 2} for code in (CODE, CODE.upper())]
    drafted = api.post("transfers", {"from": "S1", "to": "W1", "lines": wanted}).json()
    assert [(line["sku"], line["quantity"]) for line in drafted["lines"]] == [(CODE, 4)]
    api.post(f"transfers/{drafted['id']}/dispatch")
    came = api.post(f"transfers/{drafted['id']}/receive", {"lines": wanted})
    assert came.json()["state"] == "received"


@pytest.mark.parametrize("spelt", [spelling.strip() for spelling in SPELLINGS])
def test_a_second_spelling_is_refused_by_name(api: ApiCaller, shop: None, spelt: str) -> None:
    with nothing_written():
        answer = api.put(f"skus/{quote(spelt, safe='')}", {"name": "Mug"})
    if answer.status_code == 400:
        assert "cannot be seen" in answer.json()["detail"]
    else:
        assert problem(answer, 409, "sku_code_taken")["sku"] == CODE


def test_people_are_refused_too(client: Client, shop: None) -> None:
    client.force_login(UserFactory(superuser=True))
    form = {"code": CODE.upper(), "name": "Mug", "attributes": "{}"}
    page = client.post("/admin/inventory/sku/add/", form)
    assert page.status_code == 200
    assert f"is the same as {CODE}" in page.content.decode()
    assert Sku.objects.count() == 1


def test_files_name_the_code_that_exists(api: ApiCaller, shop: None) -> None:
    rows = ("AB-1/X,Mug", "new-1,Mug", "NEW-1,Mug", "new-2,Mug", "bad\u200b,Mug")
    done = bring_in(api, "skus", "sku,name", *rows)
    assert counts(done) == ("done", 5, 5, 2, 3)
    assert row_errors(api, done) == [
        (2, "sku", "sku_code_taken"),
        (4, "sku", "sku_code_taken"),
        (6, "sku", "invalid_code"),
    ]
    again = bring_in(api, "skus", "sku,name", "NEW-2,Cup")
    assert row_errors(api, again) == [(2, "sku", "sku_code_taken")]
    assert set(Sku.objects.values_list("code", flat=True)) == {CODE, "new-1", "new-2"}


def test_files_find_codes_in_every_spelling(api: ApiCaller, shop: None) -> None:
    done = bring_in(api, "stock", "sku,location,on_hand", " ab-1/x ,S1,7", "\uff21B-1/x,S1,8")
    assert row_errors(api, done) == [(3, "sku", "duplicate_row")]
    assert Stock.objects.get().on_hand == 7
    done = bring_in(api, "barcodes", "sku,barcode", "AB-1/x,IN-1")
    assert (done["rows_changed"], done["rows_failed"]) == (1, 0)
    columns = "location,reference,sku,quantity"
    done = bring_in(api, "deliveries", columns, "S1,PO,AB-1/x,3")
    assert (done["rows_changed"], done["rows_failed"]) == (1, 0)
    columns = "channel,external_id,currency,line_id,sku,quantity,unit_price"
    done = bring_in(api, "orders", columns, "web,F1,GBP,1,AB-1/x,3,1.00")
    assert (done["rows_changed"], done["rows_failed"]) == (1, 0)


def test_codes_that_are_there_twice_stay_two(api: ApiCaller, shop: None) -> None:
    """From before they were refused: each is found as it is spelt, the first in all other ways."""
    second = SkuFactory(code="SECOND")
    Sku.objects.filter(pk=second.pk).update(code=CODE.upper(), key=None)
    assert api.get(f"skus/{quote(CODE.upper(), safe='')}").json()["sku"] == CODE.upper()
    assert api.get(f"skus/{quote(CODE.lower(), safe='')}").json()["sku"] == CODE
    changed = api.put(f"skus/{quote(CODE.upper(), safe='')}", {"name": "Still another"})
    assert changed.status_code == 200
    done = bring_in(api, "skus", "sku,name", f"{CODE.upper()},Renamed")
    assert (done["rows_changed"], done["rows_failed"]) == (1, 0)
    asked = [{"sku": code, "quantity": 1} for code in (CODE, CODE.upper(), CODE.lower())]
    answer = api.post("availability/query", {"channel": "web", "lines": asked}).json()
    assert [line["sellable"] for line in answer["lines"]] == [50, 0, 49]


def test_an_upgrade_keeps_what_is_there_twice(db: None, caplog: pytest.LogCaptureFixture) -> None:
    """As it finds a catalogue of before: no keys, and codes that differ in case only."""
    for code in ("A1", "b1", "SECOND"):
        SkuFactory(code=code)
    Sku.objects.filter(code="SECOND").update(code="a1")
    Sku.objects.update(key=None)
    before = list(Sku.objects.order_by("pk").values_list("code", "updated_at"))
    migration = importlib.import_module("inventory.migrations.0033_sku_codes_are_one")
    with connection.schema_editor() as editor:
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as at the beginning of a transaction
        migration.fill(apps, editor)
    assert list(Sku.objects.order_by("pk").values_list("code", "updated_at")) == before
    assert dict(Sku.objects.values_list("code", "key")) == {"A1": "A1", "b1": "B1", "a1": None}
    assert "'A1' and 'a1'" in caplog.text
