"""`/locations/{code}/bins`: the plan of a building, and what lies where."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import Placement
from stores.models import Bin
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, SkuFactory

pytestmark = pytest.mark.django_db

PLAN: dict[str, Any] = {
    "bins": [
        {"code": "B-01", "walk": 20, "skus": ["A2"]},
        {"code": "A-01", "walk": 10, "skus": ["A1", "A2"]},
        {"code": "BACK", "walk": 30},
    ]
}


@pytest.fixture(autouse=True)
def building() -> None:
    LocationFactory(code="S1")
    LocationFactory(code="S2")
    SkuFactory(code="A1")
    SkuFactory(code="A2")


def test_the_plan_is_read_in_walking_order(api: ApiCaller) -> None:
    answer = api.put("locations/S1/bins", PLAN)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "location": "S1",
        "bins": [
            {"code": "A-01", "walk": 10, "skus": ["A1", "A2"]},
            {"code": "B-01", "walk": 20, "skus": ["A2"]},
            {"code": "BACK", "walk": 30, "skus": []},
        ],
    }
    assert api.get("locations/S1/bins").json() == answer.json()
    assert api.get("locations/S2/bins").json() == {"location": "S2", "bins": []}


def test_a_new_plan_replaces_the_old_and_keeps_the_bins_that_stay(api: ApiCaller) -> None:
    api.put("locations/S1/bins", PLAN)
    kept = Bin.objects.get(code="A-01").pk
    api.put("locations/S2/bins", PLAN)
    answer = api.put("locations/S1/bins", {"bins": [{"code": "A-01", "walk": 5, "skus": ["A2"]}]})
    assert answer.json()["bins"] == [{"code": "A-01", "walk": 5, "skus": ["A2"]}]
    assert Bin.objects.get(location__code="S1").pk == kept
    assert Placement.objects.filter(bin__location__code="S2").count() == 3


def test_versions_tell_plans_apart(api: ApiCaller) -> None:
    first = api.put("locations/S1/bins", PLAN)
    assert api.put("locations/S1/bins", PLAN)["ETag"] == first["ETag"]
    assert api.put("locations/S1/bins", {"bins": []})["ETag"] != first["ETag"]
    late = api.put("locations/S1/bins", PLAN, **{"If-Match": first["ETag"]})
    assert late.status_code == 412
    assert not Bin.objects.exists()


def test_all_that_is_wrong_is_named_at_once(api: ApiCaller) -> None:
    answer = api.put(
        "locations/S1/bins",
        {
            "bins": [
                {"code": "A", "walk": 1, "skus": ["A1", "NONE", "A1"]},
                {"code": "A", "walk": 2},
            ]
        },
    )
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/bins/0/skus/1", "unknown_sku"),
        ("/bins/0/skus/2", "duplicate_sku"),
        ("/bins/1/code", "duplicate_bin"),
    ]
    assert not Bin.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "A"},
        {"code": "A", "walk": -1},
        {"code": "A", "walk": 2**31},
        {"code": "A", "walk": "1"},
        {"code": "A", "walk": 1, "skus": "A1"},
        {"code": "", "walk": 1},
        "A",
    ],
)
def test_a_bin_that_cannot_be_is_refused(api: ApiCaller, wrong: Any) -> None:
    answer = api.put("locations/S1/bins", {"bins": [wrong]})
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert not Bin.objects.exists()


def test_an_unknown_or_unseen_building_is_not_found(api: ApiCaller) -> None:
    assert api.put("locations/S9/bins", PLAN).status_code == 404
    assert api.get("locations/S9/bins").status_code == 404
    tied = make_caller(["*"], locations=["S2"])
    assert tied.get("locations/S1/bins").status_code == 404
    assert tied.put("locations/S1/bins", PLAN).status_code == 404
    assert not Bin.objects.exists()
