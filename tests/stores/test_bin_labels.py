"""`/locations/{code}/bin-labels`: sheets to print, with what people and scanners read."""

from __future__ import annotations

import re
from typing import Any

import pytest
import segno
from django.test import Client

from core.pages.labels import MOST, SIZES
from stores.models import Bin, Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import BinFactory, LocationFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGE = "locations/S1/bin-labels"


@pytest.fixture(autouse=True)
def shop() -> Location:
    shop = LocationFactory(code="S1", name="High <Street>")
    for number in range(1, 26):
        BinFactory(location=shop, code=f"R-{number:02}", walk=number)
    LocationFactory(code="S2")
    return shop


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/html")
    return re.findall(r"<b>([^<]+)</b>", answer.content.decode())


def test_every_bin_has_its_label_in_walking_order(api: ApiCaller) -> None:
    answer = api.get(PAGE)
    assert codes(answer) == [f"R-{number:02}" for number in range(1, 26)]
    page = answer.content.decode()
    assert page.count("<svg") == 25
    assert segno.make_qr("omni:bin:S1/R-01", error="m").svg_inline(border=2) in page
    assert page.count('class="sheet"') == 2, "21 on the first sheet, 4 on the second"
    assert "High &lt;Street&gt;" in page
    assert "<Street>" not in page


@pytest.mark.parametrize(("size", "sheets"), [("small", 1), ("medium", 2), ("large", 4)])
def test_sizes_are_sheets_as_they_are_sold(api: ApiCaller, size: str, sheets: int) -> None:
    page = api.get(PAGE, size=size).content.decode()
    assert page.count('class="sheet"') == sheets
    assert f"repeat({SIZES[size].columns}, {SIZES[size].width}mm)" in page
    kind = SIZES[size]
    assert kind.columns * kind.width + (kind.columns - 1) * 2.5 <= 210
    assert kind.rows * kind.height <= 297


def test_some_bins_or_a_range_are_printed(api: ApiCaller) -> None:
    assert codes(api.get(PAGE, bin=["R-07", "R-03"])) == ["R-03", "R-07"]
    assert codes(api.get(PAGE, **{"from": "R-24"})) == ["R-24", "R-25"]
    assert codes(api.get(PAGE, to="R-02")) == ["R-01", "R-02"]
    assert codes(api.get(PAGE, **{"from": "R-09", "to": "R-10"})) == ["R-09", "R-10"]
    assert codes(api.get(PAGE, **{"from": "R-10", "to": "R-09"})) == []


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"bin": ["R-01", "X"]}, "/bin/1", "unknown_bin"),
        ({"from": "X"}, "/from", "unknown_bin"),
        ({"to": "R-99"}, "/to", "unknown_bin"),
        ({"size": "huge"}, "/size", "invalid_choice"),
        ({"colour": "red"}, "/colour", "unknown_field"),
    ],
)
def test_what_is_not_there_is_named(
    api: ApiCaller, query: dict[str, Any], pointer: str, code: str
) -> None:
    answer = api.get(PAGE, **query)
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        (pointer, code)
    ]


def test_too_many_ask_for_a_range(api: ApiCaller, shop: Location) -> None:
    Bin.objects.bulk_create(
        BinFactory.build(location=shop, code=f"T-{number}", walk=1_000 + number)
        for number in range(MOST)
    )
    answer = api.get(PAGE)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too_many_labels")
    assert codes(api.get(PAGE, to="R-02")) == ["R-01", "R-02"]


def test_a_building_without_bins_says_what_to_do(api: ApiCaller) -> None:
    assert "has no bins yet" in api.get("locations/S2/bin-labels").content.decode()


def test_who_may_print() -> None:
    assert make_caller(["catalogue:read"], locations=["S2"]).get(PAGE).status_code == 404
    assert make_caller(["stock:read"]).get(PAGE).status_code == 403
    people = Client()
    assert people.get(f"/api/v1/{PAGE}").status_code == 401
    people.force_login(UserFactory(username="sam", role="associate", locations=["S1"]))
    assert len(codes(people.get(f"/api/v1/{PAGE}"))) == 25


def test_chosen_bins_are_printed_from_the_admin(shop: Location) -> None:
    staff = Client()
    staff.force_login(UserFactory(superuser=True))
    some = list(Bin.objects.filter(code__in=["R-01", "R-02"]).values_list("pk", flat=True))
    choose = {"action": "print_labels", "_selected_action": some}
    assert codes(staff.post("/admin/stores/bin/", choose, follow=True)) == ["R-01", "R-02"]
    far = BinFactory(location=Location.objects.get(code="S2"), code="A", walk=1)
    both = choose | {"_selected_action": [*some, far.pk]}
    said = staff.post("/admin/stores/bin/", both, follow=True).content.decode()
    assert "Choose bins of one location." in said
    assert f"/api/v1/{PAGE}" in staff.get("/admin/stores/location/").content.decode()
