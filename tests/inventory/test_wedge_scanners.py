"""What scanners that act as keyboards really send, and codes that name no article."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.barcodes import as_typed_elsewhere, normalise_gtin, other_readings, resolve
from inventory.barcodes.gtin import expand_upc_e
from tests.conftest import ApiCaller
from tests.factories import BarcodeFactory, SkuFactory

MUG = "04006381333931"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.fixture
def shop() -> None:
    for code, barcodes in {
        "MUG-1": [MUG, "ÄX/1"],
        "BANANA": ["02100001000004"],
        "SODA": ["00042100005622"],
        "BOOK": ["09780306406157"],
        "TEA": ["05449000000996"],
        "Größe 42": [],
    }.items():
        sku = SkuFactory(code=code)
        for barcode in barcodes:
            BarcodeFactory(sku=sku, code=barcode)


def scan(api: ApiCaller, payload: str) -> Any:
    return api.get("scan", payload=payload)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("payload", "sku", "more"),
    [
        pytest.param("4006381333931\r", "MUG-1", {}, id="return"),
        pytest.param("\u202a4006381333931\u202c", "MUG-1", {}, id="bidi marks"),
        pytest.param("4006\u200b381333931\ufeff", "MUG-1", {}, id="zero width"),
        pytest.param("4006381333931".translate(FULL_WIDTH), "MUG-1", {}, id="full width"),
        pytest.param("4006381333931".translate(ARABIC), "MUG-1", {}, id="arabic digits"),
        pytest.param("mug-1", "MUG-1", {"kind": "sku"}, id="lower case"),
        pytest.param("Größe 42", "Größe 42", {"kind": "sku"}, id="sharp s as it is"),
        pytest.param("*MUG-1*", "MUG-1", {}, id="Code 39 stars"),
        pytest.param("MUG/1", "MUG-1", {}, id="italian scanner, american computer"),
        pytest.param('\'àà-"_&"""ç"&', "MUG-1", {}, id="french keyboard"),
        pytest.param("4006381333931 4006381333931", "MUG-1", {}, id="twice, with a space"),
        pytest.param("40063813339314006381333931", "MUG-1", {}, id="twice"),
        pytest.param("400638133393112345", "MUG-1", {}, id="add-on of five"),
        pytest.param("400638133393102", "MUG-1", {}, id="add-on of two"),
        pytest.param("04256212", "SODA", {"kind": "upc_e"}, id="UPC-E"),
        pytest.param("0-306-40615-2", "BOOK", {"kind": "isbn10"}, id="ISBN-10"),
        pytest.param("978-0-306-40615-7", "BOOK", {}, id="ISBN-13 with hyphens"),
        pytest.param(f"01{MUG}10AB12", "MUG-1", {"lot": "AB12"}, id="lot without separator"),
        pytest.param("id.gs1.org/01/" + MUG, "MUG-1", {}, id="link without scheme"),
        pytest.param(
            f"https://example.com/gtin/{MUG}/lot/AB12", "MUG-1", {"lot": "AB12"}, id="link by names"
        ),
        pytest.param("02140063813339383712", "MUG-1", {"units": 12}, id="content and count"),
        pytest.param(f"]C102{MUG}3712", "MUG-1", {"units": 12}, id="count"),
    ],
)
def test_the_article_is_found(
    api: ApiCaller, shop: None, payload: str, sku: str | None, more: dict[str, Any]
) -> None:
    answer = scan(api, payload)
    assert answer.status_code == 200, answer.content
    assert answer.json() | {"sku": sku} | more == answer.json()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "separator", ["\x1d", "\x1e", "␝", "|", "^", "~1", "{GS}", "<GS>", "[GS]", "\\x1d"]
)
def test_separators_are_read_as_scanners_write_them(
    api: ApiCaller, shop: None, separator: str
) -> None:
    for prefix in ("", "]C1"):
        answer = scan(api, f"{prefix}01{MUG}10AB12{separator}21XYZ").json()
        assert (answer["sku"], answer["lot"], answer["serial"]) == ("MUG-1", "AB12", "XYZ")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("payload", "reason", "word"),
    [
        ("00340123450000000018", "pallet", "pallet"),
        ("]C100340123450000000018", "pallet", "pallet"),
        ("(00)340123450000000018", "pallet", "pallet"),
        ("WIFI:S:shop;T:WPA;P:x;;", "wifi", "wireless"),
        ("upi://pay?pa=x", "payment", "payment"),
        ("https://shop.example/tea", "web_address", "web address"),
        ("BEGIN:VCARD\nN:A\nEND:VCARD", "contact", "contact"),
        ("8.71235E+12", "shortened_number", "spreadsheet"),
        ("5449000054227.0", "shortened_number", "spreadsheet"),
        ("2100001027506", "weight", "BANANA"),
        (f"(01){MUG}(3103)002750", "weight", "2.750 kg"),
        (f"]C101{MUG}3202000156", "weight", "1.56 lb"),
        (f"(01){MUG}(30)1000001", "too_many", "1,000,001 units"),
    ],
)
def test_other_codes_are_named(
    api: ApiCaller, shop: None, payload: str, reason: str, word: str
) -> None:
    answer = scan(api, payload)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["reason"]) == (
        422, "barcode_unreadable", reason,
    )  # fmt: skip
    assert word in problem["detail"]


@pytest.mark.django_db
def test_a_case_whose_content_is_not_known_is_named_and_not_counted(
    api: ApiCaller, shop: None
) -> None:
    for payload in ("14006381333938", "]I114006381333938"):
        answer = scan(api, payload)
        assert (answer.status_code, answer.json()["sku"]) == (404, "MUG-1")
        assert "case of MUG-1" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_code_of_ones_own_goes_before_any_other_reading(api: ApiCaller, shop: None) -> None:
    SkuFactory(code="*MUG-1*")
    SkuFactory(code="MUG/1")
    BarcodeFactory(sku=SkuFactory(code="CASE"), code="14006381333938")
    for payload, sku in {
        "*MUG-1*": "*MUG-1*",
        "MUG/1": "MUG/1",
        "mug-1": "MUG-1",
        "14006381333938": "CASE",
    }.items():
        assert scan(api, payload).json()["sku"] == sku


@pytest.mark.django_db
def test_a_keyboard_is_not_guessed_where_two_articles_fit(api: ApiCaller, shop: None) -> None:
    assert scan(api, "AYX/1").status_code == 404
    SkuFactory(code="AZX-1")  # a German keyboard
    assert scan(api, "AYX/1").json()["sku"] == "AZX-1"
    SkuFactory(code="AYX-1")  # an Italian one
    assert scan(api, "AYX/1").status_code == 404


def test_the_null_that_some_scanners_end_with_is_no_part_of_a_code() -> None:
    assert resolve("MUG-1\0").code == "MUG-1"


@given(st.from_regex("[01][0-9]{6}", fullmatch=True))
def test_of_ten_check_digits_one_makes_a_upc_e(seven: str) -> None:
    whole = [code for last in "0123456789" if (code := expand_upc_e(seven + last))]
    assert len(whole) == 1
    assert len(normalise_gtin(whole[0])) == 14


@settings(deadline=None)
@given(st.text() | st.text("0123456789-* X", max_size=30))
def test_any_text_has_other_readings_that_a_database_can_look_up(text: str) -> None:
    for reading in other_readings(text):
        code = reading.gtin14 or reading.code
        assert code
        assert "\0" not in code
        assert reading.gtin14 is None or normalise_gtin(reading.gtin14) == reading.gtin14


@given(st.text("ABCXYZ0123456789-/. ", min_size=1, max_size=20))
def test_what_is_typed_elsewhere_leads_back(code: str) -> None:
    assert all(code in as_typed_elsewhere(typed) for typed in as_typed_elsewhere(code))


@given(st.text("ABCxyz019", min_size=1, max_size=20))
def test_a_separator_ends_a_lot_in_each_of_its_ways(lot: str) -> None:
    read = {resolve(f"01{MUG}10{lot}{separator}17261231") for separator in "\x1d\x1e|^␝"}
    assert len(read) == 1
    assert read.pop().lot == lot
