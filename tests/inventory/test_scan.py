"""`/scan`: any scanned text, and whose it is."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from orders.pickup_code import pickup_pass
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    ReturnBody,
    SkuFactory,
    stock_up,
)
from tests.orders.fulfilment_helpers import place

pytestmark = pytest.mark.django_db

GTIN = "05012345678900"
REAL_BARCODES = Path(__file__).parents[1] / "data" / "barcodes.csv.gz"


@pytest.fixture(autouse=True)
def catalogue() -> None:
    shirt = SkuFactory(code="A1")
    for code in (GTIN, "00000096385074", "SHIRT/M 1", "12345"):
        BarcodeFactory(sku=shirt, code=code)
    SkuFactory(code="22423")
    SkuFactory(code="85123A")


def scan(api: ApiCaller, payload: str) -> Any:
    by_path = api.get(f"scan/{quote(payload, safe='')}")
    by_query = api.get("scan", payload=payload)
    by_body = api.post("scan", {"payload": payload})
    for other in (by_query, by_body):
        assert (by_path.status_code, by_path.json()) == (other.status_code, other.json())
    return by_path


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        ("5012345678900", {"kind": "gtin13", "gtin14": GTIN}),
        ("05012345678900", {"kind": "gtin14", "gtin14": GTIN}),
        ("5 012345 678900", {"kind": "gtin13", "gtin14": GTIN}),
        ("5012345678900\r\n", {"kind": "gtin13", "gtin14": GTIN}),
        ("96385074", {"kind": "gtin8", "gtin14": "00000096385074"}),
        ("0000096385074", {"kind": "zero_padded_gtin8", "gtin14": "00000096385074"}),
        ("SHIRT/M 1", {"kind": "in_house", "code": "SHIRT/M 1"}),
        ("12345", {"kind": "in_house", "code": "12345"}),
        (
            "]C1010501234567890017261231" + "10LOT/7\x1d21S-9",
            {
                "kind": "gs1_128",
                "gtin14": GTIN,
                "lot": "LOT/7",
                "serial": "S-9",
                "expiry": "2026-12-31",
            },
        ),
        ("(01)05012345678900(10)7", {"kind": "gs1_128", "gtin14": GTIN, "lot": "7"}),
        (
            "https://id.gs1.org/01/05012345678900/10/A%2FB/21/9?17=261231",
            {
                "kind": "digital_link",
                "gtin14": GTIN,
                "lot": "A/B",
                "serial": "9",
                "expiry": "2026-12-31",
            },
        ),
    ],
)
def test_a_barcode_resolves_to_its_sku(
    api: ApiCaller, payload: str, answer: dict[str, str]
) -> None:
    found = scan(api, payload)
    assert (found.status_code, found.json()) == (200, {"sku": "A1", **answer}), found.content


def test_a_web_address_need_not_be_encoded(api: ApiCaller) -> None:
    found = api.client.get(
        "/api/v1/scan/https://id.gs1.org/01/05012345678900/10/7?17=261231", headers=api.headers
    )
    assert found.json() == {
        "kind": "digital_link",
        "sku": "A1",
        "gtin14": GTIN,
        "lot": "7",
        "expiry": "2026-12-31",
    }


@pytest.mark.parametrize("code", ["22423", "85123A"])
def test_a_sku_code_resolves_too(api: ApiCaller, code: str) -> None:
    assert scan(api, code).json() == {"kind": "sku", "sku": code}


def test_a_code_of_ones_own_goes_before_a_misread_gtin(api: ApiCaller) -> None:
    SkuFactory(code="96385070")
    assert scan(api, "96385070").json() == {"kind": "sku", "sku": "96385070"}


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        ("4006381333931", 404, "unknown_barcode"),
        ("UNKNOWN", 404, "unknown_barcode"),
        ("5012345678901", 422, "bad_check_digit"),
        ("(01)05012345678901", 422, "bad_check_digit"),
        ("123456789", 422, "barcode_unreadable"),
        ("x" * 600, 422, "barcode_unreadable"),
        ("https://shop.example/shirts", 422, "barcode_unreadable"),
        ("a\x07b", 422, "barcode_unreadable"),
        ("]C199", 422, "barcode_unreadable"),
        (" ", 422, "barcode_unreadable"),
        ("omni:secret:1", 422, "barcode_unreadable"),
        ("omni:order:1", 404, "unknown_barcode"),
        ("omni:order:", 404, "unknown_barcode"),
        ("omni:return:x", 404, "unknown_barcode"),
        ("omni:return:²", 404, "unknown_barcode"),
        (f"omni:return:{'9' * 40}", 404, "unknown_barcode"),
        ("omni:pickup:", 404, "unknown_barcode"),
    ],
)
def test_an_unknown_code_is_refused_with_the_reason(
    api: ApiCaller, payload: str, status: int, code: str
) -> None:
    answer = api.get(f"scan/{quote(payload, safe='')}")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content


def test_no_text_at_all_is_a_bad_request(api: ApiCaller) -> None:
    assert api.get("scan").status_code == 400
    assert api.get("scan/a%00b").json()["code"] == "malformed_url"


def test_the_service_knows_its_own_qr_codes(api: ApiCaller) -> None:
    shop = LocationFactory(code="S1", store=True)
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="B1"), shop, 5)
    order = place(api, ("B1", 1), pickup_at="S1")
    fulfilment = order["fulfilments"][0]["id"]
    announced = api.post(
        "returns",
        ReturnBody(lines=[{"sku": "B1", "quantity": 1, "reason": "too small"}]),
    ).json()

    assert scan(api, f"omni:order:{order['number']}").json() == {
        "kind": "order",
        "order": order["number"],
    }
    right, wrong = pickup_pass(fulfilment, "S1").qr, f"omni:pickup:{fulfilment}:guess"
    for qr in (right, wrong):  # whether a pass is right is said at the hand-over alone
        assert scan(api, qr).json() == {"kind": "pickup", "fulfilment": fulfilment}
    assert scan(api, f"omni:return:{announced['id']}").json() == {
        "kind": "return",
        "return": announced["id"],
    }

    for stranger in (
        make_caller(["catalogue:read", "orders:read"], channels=["pos"]),
        make_caller(["catalogue:read"]),
    ):
        for qr in (f"omni:order:{order['number']}", right, f"omni:return:{announced['id']}"):
            assert scan(stranger, qr).json()["code"] == "unknown_barcode"


def test_real_barcodes_get_their_verdict(api: ApiCaller) -> None:
    """A sample of the labels that people photographed in shops, through the API."""
    with gzip.open(REAL_BARCODES, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["barcode"].isdigit()][::211]
    sound = {row["gtin14"] for row in rows if row["valid"] == "1"} - {GTIN}
    sku = SkuFactory(code="LABEL")
    for code in sorted(sound):
        BarcodeFactory(sku=sku, code=code)
    for row in rows:
        answer = api.get(f"scan/{row['barcode']}")
        if row["valid"] == "1":
            assert answer.json()["gtin14"] == row["gtin14"], row
        elif row["kind"] == "bad_check":
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_check_digit"), row
        elif row["kind"] == "bad_length":
            assert (answer.status_code, answer.json()["code"]) == (422, "barcode_unreadable"), row
    assert len(rows) > 80


def test_scanning_asks_for_a_scope() -> None:
    assert make_caller(["orders:read"]).get("scan/5012345678900").status_code == 403
