"""The layout of a building through the API."""

from __future__ import annotations

from typing import Any

import pytest

from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import BinFactory, LocationFactory

pytestmark = pytest.mark.django_db
AISLES = {"length": 30, "gap": 4.5, "middle": None, "start_aisle": 0}
PATH = "locations/W1/layout"


@pytest.fixture(autouse=True)
def warehouse() -> Location:
    location = LocationFactory(code="W1")
    for walk, code in enumerate(("A-1", "A-2", "B-1")):
        BinFactory(location=location, code=code, walk=walk)
    return location


def body(**changes: Any) -> dict[str, Any]:
    bins = [
        {"code": "A-1", "aisle": 0, "metres": 1.5},
        {"code": "B-1", "aisle": 1, "metres": 30},
    ]
    return {"aisles": AISLES, "bins": bins} | changes


def test_a_layout_is_put_read_replaced_and_taken_away(api: ApiCaller) -> None:
    empty = api.get(PATH)
    assert empty.json() == {"location": "W1", "aisles": None, "bins": []}
    put = api.put(PATH, body())
    assert put.status_code == 200
    assert put.json() == {"location": "W1"} | body()
    assert put["ETag"] != empty["ETag"]
    again = api.put(PATH, body())
    assert again["ETag"] == put["ETag"]
    assert api.get(PATH).json() == put.json()

    two_blocks = api.put(PATH, body(aisles=AISLES | {"middle": 12}, bins=body()["bins"][:1]))
    assert two_blocks.json()["aisles"]["middle"] == 12
    assert [each["code"] for each in two_blocks.json()["bins"]] == ["A-1"]
    assert api.put(PATH, {"aisles": None, "bins": []}).json() == empty.json()


def test_bins_that_stay_keep_their_spot_when_the_plan_is_replaced(api: ApiCaller) -> None:
    api.put(PATH, body())
    plan = [{"code": "A-1", "walk": 7}, {"code": "C-1", "walk": 8}]
    assert api.put("locations/W1/bins", {"bins": plan}).status_code == 200
    assert api.get(PATH).json()["bins"] == body()["bins"][:1]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"bins": [{"code": "Z-9", "aisle": 0, "metres": 1}]}, "/bins/0/code", "unknown_bin"),
        ({"bins": body()["bins"] + body()["bins"][:1]}, "/bins/2/code", "duplicate_bin"),
        ({"bins": [body()["bins"][0] | {"metres": 31}]}, "/bins/0/metres", "outside_of_aisle"),
        ({"bins": [{"code": "A-1", "aisle": -1, "metres": 1}]}, "/bins/0/aisle", "min_value"),
        ({"bins": [{"code": "A-1", "aisle": 0, "metres": True}]}, "/bins/0/metres", "invalid"),
        ({"aisles": None}, "/bins/0/aisle", "no_aisles"),
        ({"aisles": AISLES | {"middle": 30}}, "/aisles/middle", "outside_of_aisles"),
        ({"aisles": AISLES | {"length": 0}}, "/aisles/length", "min_value"),
        ({"aisles": AISLES | {"width": 3}}, "/aisles/width", "unknown_field"),
    ],
)  # fmt: skip
def test_what_cannot_be_walked_is_refused(
    api: ApiCaller, changes: dict[str, Any], pointer: str, code: str
) -> None:
    before = api.get(PATH)
    answer = api.put(PATH, body(**changes))
    assert answer.status_code == 400
    assert (pointer, code) in [(each["pointer"], each["code"]) for each in answer.json()["errors"]]
    assert (api.get(PATH).json(), api.get(PATH)["ETag"]) == (before.json(), before["ETag"])


def test_a_stale_or_foreign_layout_is_not_replaced(api: ApiCaller) -> None:
    stale = api.get(PATH)["ETag"]
    api.put(PATH, body())
    answer = api.put(PATH, body(aisles=AISLES | {"gap": 9}), **{"If-Match": stale})
    assert answer.status_code == 412
    elsewhere = make_caller(scopes=["*"], locations=["S9"])
    assert elsewhere.get(PATH).status_code == 404
    assert elsewhere.put(PATH, body()).status_code == 404
    assert make_caller(scopes=["catalogue:read"]).put(PATH, body()).status_code == 403
