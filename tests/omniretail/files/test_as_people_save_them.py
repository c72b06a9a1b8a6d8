"""Files as other systems export them and as people save them in a spreadsheet."""

from __future__ import annotations

import pytest

from core.imports.numbers import amount, whole
from inventory.models import ExpectedDelivery, Sku, Stock
from orders.models import OrderLine
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.omniretail.files.import_helpers import apply_files, bring_in, counts, row_errors, send

pytestmark = pytest.mark.django_db

ROWS = "sku,location,on_hand\nA1,S1,5\nB1,S1,6\n"


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    LocationFactory(code="S1", timezone="Europe/Rome")
    for code in ("A1", "B1"):
        SkuFactory(code=code)


def landed() -> dict[str, int]:
    return dict(Stock.objects.values_list("sku__code", "on_hand"))


@pytest.mark.parametrize(
    "content",
    [
        ROWS.encode(),
        b"\xef\xbb\xbf" + ROWS.encode(),
        ROWS.encode("utf-16"),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace(",", ";").encode(),
        ROWS.replace(",", "\t").encode(),
        ROWS.replace(",", "|").encode(),
        ROWS.replace("\n", ",,\n").encode(),
        ROWS.replace("A1", "\n,,\nA1").encode() + b",,\n , ,\n",
        b"\n\n" + ROWS.encode(),
        ROWS.replace("sku,location,on_hand", " SKU , Location ,On hand").encode(),
        ROWS.replace("sku,location,on_hand", "id,store_code,Quantity").encode(),
        ROWS.rstrip().encode(),
        b'"sku","location","on_hand"\r\n"A1","S1","5"\r\n"B1","S1","6"\r\n',
        b'"sku";"location";"on_hand"\nA1;S1;5\nB1;S1;6\n',
    ],
)
def test_the_same_rows_land(api: ApiCaller, content: bytes) -> None:
    done = bring_in_bytes(api, content)
    assert counts(done) == ("done", 2, 2, 2, 0)
    assert landed() == {"A1": 5, "B1": 6}


def bring_in_bytes(api: ApiCaller, content: bytes, **form: str) -> dict[str, object]:
    answer = send(api, "stock", content, **form)
    assert answer.status_code == 202, answer.content
    apply_files()
    found: dict[str, object] = api.get(f"imports/{answer.json()['id']}").json()
    return found


def test_lines_are_numbered_as_in_the_file(api: ApiCaller) -> None:
    done = bring_in_bytes(api, b"\nsku,location,on_hand\nA1,S1,5\n\nNONE,S1,6\n")
    assert row_errors(api, done) == [(5, "sku", "unknown_sku")]


def test_other_columns_are_left_out_only_when_told_to(api: ApiCaller) -> None:
    content = b"name,sku,location,on_hand,note\nMug,A1,S1,5,x\nTea,B1,S1,6\n"
    refused = send(api, "stock", content)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["code"]) == (400, "unknown_columns")
    assert "name, note" in error["detail"]
    done = bring_in_bytes(api, content, ignore_columns="true")
    assert counts(done) == ("done", 2, 2, 1, 1)
    assert landed() == {"A1": 5}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'sku,location,on_hand\nA1,S1,5\n"B1,S1,6\n', "line 3 .*never closed"),
        (b'sku,location,on_hand\n"A\\"1",S1,5\n', "line 2 .*without a backslash"),
        (b"PK\x03\x04...", "Excel workbook"),
        (b"\x1f\x8b...", "unpack it"),
        (b"<!DOCTYPE html>\n<html>Please log in</html>", "web page"),
    ],
)
def test_a_refusal_says_what_to_do(api: ApiCaller, content: bytes, words: str) -> None:
    (error,) = send(api, "stock", content).json()["errors"]
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(error["detail"])


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("10.0000", "10"), ("1.0", "1"), (" 8 ", "8"), ("\u00a09", "9"), ("'6", "6"), ("+4", "4"),
        ("00012", "00012"), ("1.000", "1.000"), ("1,000", "1,000"), ("12.5", "12.5"), ("-5", "-5"),
        ("", ""), ("1e3", "1e3"), ("\uff11\uff12", "12"),
    ],
)  # fmt: skip
def test_whole_units(text: str, units: str) -> None:
    assert whole(text) == units


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("19.99", "19.99"), ("19,99", "19.99"), ("1.234,99", "1234.99"), ("1,299.00", "1299.00"),
        ("\u00a34,250.00", "4250.00"), ("19.99 EUR", "19.99"), ("12'345.00", "12345.00"),
        ("1 234,50", "1234.50"), (".5", "0.5"), ("19.", "19"), ("1,234", "1,234"), ("-1", "-1"),
        ("variable", "variable"), ("1.234.567", "1.234.567"), ("12,34.5", "12,34.5"), ("", ""),
    ],
)  # fmt: skip
def test_money(text: str, money: str) -> None:
    assert amount(text) == money


def test_numbers_as_they_are_written(api: ApiCaller) -> None:
    rows = ("A1,S1,10.0000", "B1,S1,\u00a0+4", "C1,S1,1.000", "D1,S1,12.5")
    for code in ("C1", "D1"):
        SkuFactory(code=code)
    done = bring_in(api, "stock", "sku,location,on_hand", *rows)
    assert row_errors(api, done) == [
        (4, "on_hand", "invalid_number"),
        (5, "on_hand", "invalid_number"),
    ]
    assert landed() == {"A1": 10, "B1": 4}
    bring_in(api, "skus", "Variant SKU;Title;Variant Price;Barcode", "P1;Mug;1.234,50 \u20ac;IN-1")
    made = Sku.objects.get(code="P1")
    assert (made.name, str(made.price), made.barcodes.get().code) == ("Mug", "1234.5000", "IN-1")
    ChannelFactory(code="web")
    stock_up(made, Location.objects.get(code="S1"), 3)
    columns = "channel,external_id,currency,line_id,sku,quantity,unit_price"
    done = bring_in(api, "orders", columns, 'web,O1,EUR,1,P1,1.0,"19,99"')
    assert counts(done) == ("done", 1, 1, 1, 0)
    assert str(OrderLine.objects.get().unit_price) == "19.9900"


def test_dates_are_on_the_clock_of_the_building(api: ApiCaller) -> None:
    columns = "location,reference,sku,quantity,expected_at"
    moments = (
        "2026-12-24", "2026-12-24 10:00", "2026-05-01 10:00:00 +0200", "2026-12-24T10:00:00Z",
        "04/05/2026", "46380", "tomorrow",
    )  # fmt: skip
    rows = [f"S1,D{number},A1,1,{moment}" for number, moment in enumerate(moments)]
    done = bring_in(api, "deliveries", columns, *rows)
    assert [line for line, _, _ in row_errors(api, done)] == [6, 7, 8]
    found = ExpectedDelivery.objects.order_by("reference").values_list("expected_at", flat=True)
    assert [f"{at:%Y-%m-%dT%H:%M}" for at in found] == [
        "2026-12-23T23:00", "2026-12-24T09:00", "2026-05-01T08:00", "2026-12-24T10:00",
    ]  # fmt: skip


def test_hours_as_they_are_written(api: ApiCaller) -> None:
    for code in ("S2", "S3"):
        LocationFactory(code=code)
    rows = (
        "S1,Monday,9:00,18:00:00", "S1,tue,9.00,18.00",
        "S2,mardi,09:00,18:00", "S3,montag,09:00,18:00",
    )  # fmt: skip
    done = bring_in(api, "hours", "location,day,open,close", *rows)
    assert {line for line, _, _ in row_errors(api, done)} == {4, 5}
    assert Location.objects.get(code="S1").hours == {
        "mon": [["09:00", "18:00"]],
        "tue": [["09:00", "18:00"]],
    }
