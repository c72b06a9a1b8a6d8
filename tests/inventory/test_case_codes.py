"""Barcodes that stand for several units: kept by API, page and file; counted where goods are."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import Barcode, LabelRecord, Sku
from tests.conftest import ApiCaller
from tests.factories import BarcodeFactory, LocationFactory, SkuFactory, UserFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances
from tests.omniretail.files.import_helpers import bring_in, counts, row_errors

pytestmark = pytest.mark.django_db

PIECE, CASE = "05012345678900", "15012345678907"


@pytest.fixture
def bottle() -> Sku:
    sku = SkuFactory(code="A1", name="Bottle")
    BarcodeFactory(sku=sku, code=PIECE)
    BarcodeFactory(sku=sku, code=CASE, units=12)
    LocationFactory(code="W1")
    return sku


def put(api: ApiCaller, *barcodes: Any) -> Any:
    return api.put("skus/A1", {"name": "Bottle", "barcodes": list(barcodes)})


def units() -> dict[str, int]:
    return dict(Barcode.objects.filter(sku__code="A1").values_list("code", "units"))


def test_a_case_code_is_kept_with_its_units(api: ApiCaller) -> None:
    answer = put(api, PIECE, {"code": "15012345678907", "units": 12})
    assert (answer.status_code, units()) == (201, {PIECE: 1, CASE: 12})
    shown = api.get("skus/A1").json()
    assert shown["barcodes"] == [PIECE, CASE]
    assert shown["barcode_units"] == {CASE: 12}
    assert api.get(f"scan/{CASE}").json()["units"] == 12
    assert "units" not in api.get(f"scan/{PIECE}").json()


def test_who_knows_of_no_units_leaves_them(api: ApiCaller, bottle: Sku) -> None:
    before = api.get("skus/A1")["ETag"]
    assert put(api, PIECE, CASE)["ETag"] == before
    assert units() == {PIECE: 1, CASE: 12}
    assert put(api, PIECE, {"code": CASE, "units": 6})["ETag"] != before
    assert units()[CASE] == 6
    put(api, {"code": CASE, "units": 1}, {"code": CASE, "units": 1})
    assert units() == {CASE: 1}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"code": CASE}, 400),
        ({"code": CASE, "units": 0}, 400),
        ({"code": CASE, "units": 10_001}, 400),
        ({"code": CASE, "units": "12"}, 400),
        ({"code": CASE, "units": True}, 400),
        ({"code": CASE, "units": 12, "unit": "case"}, 400),
        ({"code": f" {CASE}", "units": 12}, 400),
        ({"code": "15012345678900", "units": 12}, 422),
        ({"code": PIECE, "units": 2}, 422),
        ([CASE, 12], 400),
        (12, 400),
    ],
)
def test_a_bad_case_code_is_refused(api: ApiCaller, wrong: Any, status: int) -> None:
    answer = put(api, {"code": PIECE, "units": 1}, wrong)
    assert answer.status_code == status, answer.content
    assert not Sku.objects.exists()


def test_files_write_a_case_as_code_times_units(api: ApiCaller, bottle: Sku) -> None:
    rows = ("sku,name,barcodes", f"A1,Bottle,{PIECE}|{CASE}*24|A*B")
    assert counts(bring_in(api, "skus", *rows)) == ("done", 1, 1, 1, 0)
    assert units() == {PIECE: 1, CASE: 24, "A*B": 1}
    assert counts(bring_in(api, "skus", *rows)) == ("done", 1, 1, 0, 0)
    bring_in(api, "skus", "sku,name,barcodes", f"A1,Bottle,{PIECE}|{CASE}")
    assert units() == {PIECE: 1, CASE: 24}
    done = bring_in(api, "skus", "sku,name,barcodes", f"A1,Bottle,{CASE}*0")
    assert row_errors(api, done) == [(2, "barcodes", "min_value")]


def test_a_file_of_barcodes_has_a_column_of_units(api: ApiCaller, bottle: Sku) -> None:
    rows = ("sku,barcode,units", f"A1,{CASE},6", f"A1,{PIECE},", "A1,BOX,20", "A1,BAG,many")
    done = bring_in(api, "barcodes", *rows)
    assert counts(done) == ("done", 4, 4, 2, 1)
    assert row_errors(api, done) == [(5, "units", "invalid")]
    assert units() == {PIECE: 1, CASE: 6, "BOX": 20}


def test_the_page_shows_and_keeps_the_units(bottle: Sku) -> None:
    BarcodeFactory(sku=bottle, code="A*12")
    boss = Client()
    boss.force_login(UserFactory(username="boss", email="b@example.org", superuser=True))
    page = reverse("admin:inventory_sku_change", args=[bottle.pk])
    form = boss.get(page).context["adminform"].form
    given = {name: form[name].value() for name in form.fields}
    given = {name: "" if value is None else value for name, value in given.items()}
    given["attributes"] = "{}"
    assert given["barcodes"].splitlines() == [PIECE, f"{CASE}*12", "A*12*1"]
    assert boss.post(page, given).status_code == 302
    assert units() == {PIECE: 1, CASE: 12, "A*12": 1}
    refused = boss.post(page, given | {"barcodes": f"{CASE}*20000"})
    assert "stands for 1 to 10,000 units" in refused.content.decode()
    boss.post(page, given | {"barcodes": CASE})
    assert units() == {CASE: 1}


def test_cases_are_announced_and_received_whole(api: ApiCaller, bottle: Sku) -> None:
    lines = [{"barcode": CASE, "quantity": 2}, {"barcode": f"(02){PIECE}(37)5"}]
    made = api.post("deliveries", {"location": "W1", "reference": "ASN", "lines": lines}).json()
    assert made["lines"][0]["expected"] == 29
    path = f"deliveries/{made['id']}/receipts"
    damaged = api.post(path, {"lines": [{"barcode": CASE, "damaged": 13}]})
    assert damaged.json()["errors"][0]["code"] == "more_than_came"
    many = api.post(path, {"lines": [{"barcode": CASE, "quantity": 100_000}]})
    assert many.json()["errors"] == [
        {
            "pointer": "/lines/0/quantity",
            "detail": "These are 1,200,000 units; a line has at most 1,000,000.",
            "code": "max_value",
        }
    ]
    lines = [{"barcode": CASE, "damaged": 3}, {"barcode": PIECE, "quantity": 5}]
    assert api.post(path, {"lines": lines}).status_code == 200
    assert balances("A1", "W1") == (17, 0, 3)
    rows = ("location,reference,quantity,barcode", f"W1,F-1,3,{CASE}")
    bring_in(api, "deliveries", *rows)
    assert api.get("deliveries", location="W1").json()["results"][0]["lines"][0]["expected"] == 36
    assert_pool_laws()


def test_cases_are_counted_whole(api: ApiCaller, bottle: Sku) -> None:
    select = {"location": "W1", "select": {"skus": ["A1"]}}
    count = api.post("stock/counts", select).json()

    def enter(**entry: Any) -> Any:
        entries = [{"entry_id": str(uuid.uuid4())} | entry]
        return api.post(f"stock/counts/{count['id']}/entries", {"entries": entries})

    assert enter(barcode=CASE, quantity=3).json()["count"]["lines"][0]["counted"] == 36
    assert enter(barcode=CASE, add=True).json()["count"]["lines"][0]["counted"] == 48
    assert enter(barcode=CASE, quantity=0).json()["count"]["lines"][0]["counted"] == 0
    assert enter(barcode=CASE, quantity=100_000).json()["errors"][0]["code"] == "max_value"
    assert enter(sku="A1").json()["errors"][0]["code"] == "required"


def test_cases_travel_whole(api: ApiCaller, bottle: Sku) -> None:
    stock_up(bottle, LocationFactory(code="W1"), 30)
    LocationFactory(code="S1")
    lines = [{"sku": "A1", "quantity": 30}]
    made = api.post("transfers", {"from": "W1", "to": "S1", "lines": lines}).json()
    scans = [{"scan_id": str(uuid.uuid4()), "payload": CASE, "quantity": n} for n in (2, 1)]
    answer = api.post(f"transfers/{made['id']}/scans", {"scans": scans}).json()
    assert [one["result"] for one in answer["results"]] == ["accepted", "over_load"]
    assert answer["results"][1]["detail"] == (
        "Of A1, 6 more are asked for. This is 12 from one case."
    )
    assert answer["transfer"]["lines"][0]["loaded"] == 24


def test_the_pages_say_what_came_from_a_case(bottle: Sku, api: ApiCaller) -> None:
    lines = [{"sku": "A1", "quantity": 30}]
    made = api.post("deliveries", {"location": "W1", "reference": "ASN", "lines": lines}).json()
    count = api.post("stock/counts", {"location": "W1", "select": {"skus": ["A1"]}}).json()
    staff = Client()
    staff.force_login(UserFactory(username="jo", is_staff=True, role="operative"))
    page = reverse("admin:inventory_expecteddelivery_receive_goods", args=[made["id"]])
    said = staff.post(page, {"do": "scan", "scan": CASE, f"arrived-{bottle.pk}": "2"})
    assert "12 from one case, 14 arriving now." in said.content.decode()
    page = reverse("admin:inventory_count_work", args=[count["id"]])
    entry = {"do": "enter", "entry_id": str(uuid.uuid4()), "what": CASE, "quantity": "3"}
    said = staff.post(page, entry, follow=True)
    assert f"Saved: 36 x {CASE} (36 from 3 cases)" in said.content.decode()
    page = reverse("admin:inventory_transfer_draft")
    LocationFactory(code="S1")
    pks = {code: LocationFactory(code=code).pk for code in ("W1", "S1")}
    goods = {"source": pks["W1"], "destination": pks["S1"], "goods": f"{CASE} 2\n{PIECE}"}
    assert staff.post(page, goods).status_code == 302
    assert api.get("transfers").json()["results"][0]["lines"][0]["quantity"] == 25


def test_the_receiving_page_keeps_lots_and_serial_numbers(bottle: Sku, api: ApiCaller) -> None:
    lines = [{"sku": "A1", "quantity": 30}]
    made = api.post("deliveries", {"location": "W1", "reference": "ASN", "lines": lines}).json()
    staff = Client()
    staff.force_login(UserFactory(username="jo", is_staff=True, role="operative"))
    page = reverse("admin:inventory_expecteddelivery_receive_goods", args=[made["id"]])
    form = {"labels": "", f"arrived-{bottle.pk}": ""}
    for payload in (f"(01){PIECE}(21)S-1(10)L-1", f"(01){CASE}(17)200131(10)L-2", PIECE):
        answer = staff.post(page, form | {"do": "scan", "scan": payload})
        form = {name: answer.context["form"][name].value() for name in form}
    assert form[f"arrived-{bottle.pk}"] == "14"
    again = staff.post(page, form | {"do": "scan", "scan": f"(01){PIECE}(21)S-1"})
    assert "Serial number S-1 was read already" in again.content.decode()
    nonsense = [[bottle.pk, "L", "S", "2026-99-99", 1]]
    for labels in ("{", "[7]", "null", "[[1,2,3,4,5]]", json.dumps(nonsense), form["labels"]):
        answer = staff.post(page, form | {"do": "receive", "labels": labels, "act": ""})
        assert answer.status_code == 302, labels
    records = LabelRecord.objects.order_by("id").values_list("lot", "serial", "units", "step")
    assert list(records) == [("L-1", "S-1", 1, "received"), ("L-2", "", 12, "received")]
    assert balances("A1", "W1") == (14 * 6, 0, 12)
