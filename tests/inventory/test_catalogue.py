"""`/skus`: what is sold, and how it is recognised."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from core.audit.models import AuditRecord
from inventory.models import Barcode, Product, Sku
from tests.conftest import ApiCaller, make_caller
from tests.factories import SkuFactory

pytestmark = pytest.mark.django_db

SHIRT: dict[str, Any] = {
    "name": "Oxford shirt, blue, M",
    "product": "OXFORD",
    "category": "Shirts",
    "abc_class": "A",
    "attributes": {"colour": "blue", "size": "M", "care": ["30°", "no bleach"]},
    "barcodes": ["5012345678900", "SHIRT-M"],
    "price": "19.99",
    "weight_g": 240,
    "size_guide": {"M": {"chest_cm": 100}},
}


def test_a_sku_is_made_and_read_back(api: ApiCaller) -> None:
    made = api.put("skus/A1", SHIRT)
    assert made.status_code == 201
    assert made.json() == {
        "sku": "A1",
        **SHIRT,
        "barcodes": ["05012345678900", "SHIRT-M"],
        "barcode_units": {},
        "updated_at": made.json()["updated_at"],
    }
    read = api.get("skus/A1")
    assert (read.status_code, read.json(), read["ETag"]) == (200, made.json(), made["ETag"])
    assert AuditRecord.objects.get().subject == "skus/A1"


def test_a_name_is_enough(api: ApiCaller) -> None:
    made = api.put("skus/A1", {"name": "Mug"}).json()
    assert made == {
        "sku": "A1",
        "name": "Mug",
        "product": None,
        "category": None,
        "abc_class": None,
        "attributes": {},
        "barcodes": [],
        "barcode_units": {},
        "price": None,
        "weight_g": None,
        "size_guide": None,
        "updated_at": made["updated_at"],
    }


def test_a_replacement_forgets_what_it_does_not_name(api: ApiCaller) -> None:
    api.put("skus/A1", SHIRT)
    answer = api.put("skus/A1", {"name": "Oxford", "barcodes": ["SHIRT-M", "96385074"]})
    assert answer.status_code == 200
    assert answer.json()["barcodes"] == ["00000096385074", "SHIRT-M"]
    assert (answer.json()["price"], answer.json()["product"]) == (None, None)
    assert (answer.json()["category"], answer.json()["abc_class"]) == (None, None)


def test_skus_are_found_by_category_and_class(api: ApiCaller) -> None:
    api.put("skus/A1", SHIRT)
    api.put("skus/B1", {"name": "Mug", "category": "Mugs", "abc_class": "A"})
    for query, found in [
        ({"category": "Shirts"}, ["A1"]),
        ({"abc_class": "A"}, ["A1", "B1"]),
        ({"abc_class": "A", "category": "Mugs"}, ["B1"]),
        ({"category": "shirts"}, []),
    ]:
        assert [row["sku"] for row in api.get("skus", **query).json()["results"]] == found
    assert api.get("skus", abc_class="D").status_code == 400


def test_the_same_body_again_changes_nothing(api: ApiCaller) -> None:
    tag = api.put("skus/A1", SHIRT)["ETag"]
    again = api.put("skus/A1", SHIRT)
    assert (again.status_code, again["ETag"]) == (200, tag)
    assert AuditRecord.objects.count() == 1


def test_if_match_keeps_two_editors_apart(api: ApiCaller) -> None:
    tag = api.put("skus/A1", SHIRT)["ETag"]
    named = SHIRT | {"name": "Oxford", "size_guide": {"M": {"chest_cm": 101}}}
    assert api.put("skus/A1", named, **{"If-Match": tag}).status_code == 200
    late = api.put("skus/A1", SHIRT | {"barcodes": []}, **{"If-Match": tag})
    assert late.status_code == 412
    assert api.get("skus/A1").json()["name"] == "Oxford"
    assert Barcode.objects.count() == 2


def test_variants_share_the_size_guide(api: ApiCaller) -> None:
    api.put("skus/A1", SHIRT)
    api.put("skus/A2", {"name": "Oxford shirt, L", "product": "OXFORD"})
    before = api.get("skus/A2")
    assert before.json()["size_guide"] == SHIRT["size_guide"]
    api.put("skus/A1", SHIRT | {"size_guide": {"L": {"chest_cm": 106}}})
    after = api.get("skus/A2")
    assert after.json()["size_guide"] == {"L": {"chest_cm": 106}}
    assert after["ETag"] != before["ETag"]
    api.put("skus/A1", SHIRT | {"size_guide": None})
    assert api.get("skus/A2").json()["size_guide"] is None


@pytest.mark.parametrize("same", ["5012345678900", "05012345678900", "5 012345 678900"])
def test_one_number_in_two_ways_of_writing_is_one_barcode(api: ApiCaller, same: str) -> None:
    answer = api.put("skus/A1", {"name": "Mug", "barcodes": ["5012345678900", same]})
    assert answer.json()["barcodes"] == ["05012345678900"]


@pytest.mark.parametrize("wrong", ["5012345678901", "96385070", "15012345678901"])
def test_a_bad_check_digit_is_refused(api: ApiCaller, wrong: str) -> None:
    answer = api.put("skus/A1", {"name": "Mug", "barcodes": ["MUG", wrong]})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_check_digit")
    assert (answer.json()["barcode"], answer.json()["pointer"]) == (wrong, "/barcodes/1")
    assert not Sku.objects.exists()


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        ("8.71235E+12", "shortened_number"),
        ("8,71235E+12", "shortened_number"),
        ("5449000054227.0", "shortened_number"),
        ("36000291452", "lost_zero"),
        ("5012345678900 4006381333931", "several_codes"),
        ("5012345678900;4006381333931", "several_codes"),
        ("N/A", "no_code"),
        ("#N/A", "no_code"),
        ("-", "no_code"),
        ("0", "no_code"),
        ("0000000000000", "no_code"),
        ("null", "no_code"),
    ],
)
def test_a_damaged_code_is_refused_and_leaves_no_trace(
    api: ApiCaller, damaged: str, reason: str
) -> None:
    answer = api.put("skus/A1", {"name": "Mug", "barcodes": ["MUG", damaged]})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "damaged_barcode"), problem
    assert (problem["reason"], problem["pointer"]) == (reason, "/barcodes/1")
    assert api.get("skus/A1").status_code == 404
    assert api.get("skus", barcode=damaged).json()["results"] == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("978-0-306-40615-7", "09780306406157"),
        ("12-34", "12-34"),
        ("123-4567-8", "123-4567-8"),  # no sound GTIN: the retailer's own
        ("N/A-7", "N/A-7"),
        ("1234567", "1234567"),
    ],
)
def test_a_barcode_is_kept_as_it_was_meant(api: ApiCaller, written: str, kept: str) -> None:
    answer = api.put("skus/A1", {"name": "Mug", "barcodes": [written]})
    assert answer.json()["barcodes"] == [kept], answer.json()


def test_a_barcode_belongs_to_one_sku(api: ApiCaller) -> None:
    api.put("skus/A1", SHIRT)
    answer = api.put("skus/A2", {"name": "Mug", "barcodes": ["MUG", "05012345678900"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "barcode_taken")
    assert answer.json()["barcodes"] == [{"barcode": "05012345678900", "sku": "A1"}]
    assert not Sku.objects.filter(code="A2").exists()
    assert not Barcode.objects.filter(code="MUG").exists()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("19.9", "19.90"),
        ("19.990", "19.99"),
        ("0.0125", "0.0125"),
        ("500", "500.00"),
        ("0", "0.00"),
    ],
)
def test_a_price_keeps_its_worth(api: ApiCaller, sent: str, shown: str) -> None:
    assert api.put("skus/A1", {"name": "Mug", "price": sent}).json()["price"] == shown
    assert api.get("skus/A1").json()["price"] == shown


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"name": None}, "/name", "null"),
        ({"name": ["a"]}, "/name", "invalid"),
        ({"price": "-0.01"}, "/price", "price"),
        ({"price": 19.99}, "/price", "price"),
        ({"price": "1e3"}, "/price", "price"),
        ({"price": "NaN"}, "/price", "price"),
        ({"price": "1.23456"}, "/price", "price"),
        ({"price": "123456789"}, "/price", "price"),
        ({"price": "١٢"}, "/price", "price"),
        ({"weight_g": -1}, "/weight_g", "min_value"),
        ({"weight_g": True}, "/weight_g", "invalid"),
        ({"weight_g": 10**30}, "/weight_g", "max_value"),
        ({"barcodes": "5012345678900"}, "/barcodes", "not_a_list"),
        ({"barcodes": [5012345678900]}, "/barcodes/0", "invalid"),
        ({"barcodes": [" MUG"]}, "/barcodes/0", "invalid_barcode"),
        ({"barcodes": ["M\u0007UG"]}, "/barcodes/0", "invalid_barcode"),
        ({"barcodes": [""]}, "/barcodes/0", "blank"),
        ({"barcodes": ["x" * 129]}, "/barcodes/0", "max_length"),
        ({"category": 7}, "/category", "invalid"),
        ({"category": "x" * 101}, "/category", "max_length"),
        ({"abc_class": "D"}, "/abc_class", "invalid_choice"),
        ({"abc_class": ["A"]}, "/abc_class", "invalid_choice"),
        ({"attributes": [1]}, "/attributes", "not_a_dict"),
        ({"attributes": {"text": "x" * 70_000}}, "/attributes", "too_long"),
        ({"product": "a/b"}, "/product", "invalid_code"),
        ({"product": None}, "/size_guide", "product_needed"),
        ({"colour": "blue"}, "/colour", "unknown_field"),
    ],
)
def test_what_is_wrong_is_pointed_at(
    api: ApiCaller, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = api.put("skus/A1", SHIRT | change)
    assert answer.status_code == 400, answer.content
    found = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert found == [(pointer, code)]
    assert not Sku.objects.exists()
    assert not Product.objects.exists()


@pytest.mark.parametrize("body", [[], None, "A1", 5])
def test_a_body_is_an_object(api: ApiCaller, body: Any) -> None:
    assert api.put("skus/A1", body).status_code == 400


def test_the_list_finds_by_text_barcode_and_product(api: ApiCaller) -> None:
    api.put("skus/A1", SHIRT)
    api.put("skus/A2", {"name": "Oxford shirt, L", "product": "OXFORD"})
    api.put("skus/MUG", {"name": "Mug 100% blue"})
    assert _codes(api.get("skus")) == ["A1", "A2", "MUG"]
    assert _codes(api.get("skus", q="BLUE")) == ["A1", "MUG"]
    assert _codes(api.get("skus", q="0%")) == ["MUG"]
    assert _codes(api.get("skus", product="OXFORD")) == ["A1", "A2"]
    assert _codes(api.get("skus", barcode="5012345678900")) == ["A1"]
    assert _codes(api.get("skus", barcode="SHIRT-M")) == ["A1"]
    assert _codes(api.get("skus", barcode="5012345678901")) == []


def test_pages_neither_skip_nor_repeat(api: ApiCaller) -> None:
    for code in ("B", "a", "C", "ä", "É", "10", "9"):
        SkuFactory(code=code)
    seen: list[str] = []
    answer = api.get("skus", limit=2).json()
    while True:
        seen += [row["sku"] for row in answer["results"]]
        if answer["next"] is None:
            break
        answer = api.get(answer["next"].removeprefix("http://testserver")).json()
    assert len(seen) == 7
    assert set(seen) == {"B", "a", "C", "ä", "É", "10", "9"}


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": "??"}])
def test_a_nonsensical_page_is_refused(api: ApiCaller, query: dict[str, Any]) -> None:
    assert api.get("skus", **query).status_code == 400


def test_an_unknown_sku_is_not_found(api: ApiCaller) -> None:
    assert api.get("skus/NONE").status_code == 404


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_that_put_one_sku_at_once_make_it_once(api: ApiCaller) -> None:
    """Half of them name one size, half another, of one product with one size guide."""

    def put(number: int) -> int:
        try:
            guide = {"size_guide": {"version": number}, "product": "OXFORD", "name": str(number)}
            return api.put(
                f"skus/A{number % 2}", guide | {"barcodes": [f"A{number % 2}"]}
            ).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(put, range(24)))
    assert sorted(answers) == [200] * 22 + [201] * 2
    assert Sku.objects.count() == Barcode.objects.count() == 2
    assert (
        len({api.get(f"skus/A{number}").json()["size_guide"]["version"] for number in (0, 1)}) == 1
    )


def test_scopes_are_asked_for() -> None:
    reader = make_caller(["catalogue:read"])
    assert reader.put("skus/A1", SHIRT).status_code == 403
    assert make_caller(["orders:read"]).get("skus").status_code == 403
    assert not Sku.objects.exists()


def _codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["sku"] for row in answer.json()["results"]]


def test_the_order_of_what_was_written_is_kept(api: ApiCaller) -> None:
    """Sizes are read from small to large, not from A to Z."""
    sizes = {size: {"waist_cm": 70, "chest_cm": 90} for size in ("XS", "S", "M", "L", "XL")}
    attributes = {"size": "S", "colour": "blue", "brand": "Own"}
    api.put("skus/A1", SHIRT | {"size_guide": sizes, "attributes": attributes})
    shown = api.get("skus/A1").json()
    assert list(shown["size_guide"]) == ["XS", "S", "M", "L", "XL"]
    assert list(shown["size_guide"]["M"]) == ["waist_cm", "chest_cm"]
    assert list(shown["attributes"]) == ["size", "colour", "brand"]
    other_way = dict(reversed(sizes.items()))
    api.put("skus/A1", SHIRT | {"size_guide": other_way, "attributes": attributes})
    again = api.get("skus/A1").json()
    assert list(again["size_guide"]) == ["XL", "L", "M", "S", "XS"]
    assert again["updated_at"] != shown["updated_at"]
