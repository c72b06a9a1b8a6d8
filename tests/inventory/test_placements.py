"""`/locations/{code}/placements`: one SKU in one bin, and the walks that follow it."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from inventory.models import Placement
from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import place, refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def building(api: ApiCaller) -> None:
    """Three bins in walking order A, B, C; A1 in A and C, A2 in B."""
    shop = LocationFactory(code="S1")
    LocationFactory(code="S2")
    ChannelFactory(code="web")
    for code in ("A1", "A2"):
        stock_up(SkuFactory(code=code), shop, 10)
    plan = [
        {"code": "A", "walk": 9, "skus": ["A1"]},
        {"code": "B", "walk": 10, "skus": ["A2"]},
        {"code": "C", "walk": 100, "skus": ["A1"]},
    ]
    assert api.put("locations/S1/bins", {"bins": plan}).status_code == 200


def change(api: ApiCaller, act: str, **body: str) -> list[str]:
    answer = api.post(f"locations/S1/placements/{act}", body)
    assert answer.status_code == 200, answer.content
    return [each["code"] for each in answer.json()["bins"]]


def listed(api: ApiCaller, **query: Any) -> list[tuple[str, str]]:
    answer = api.get("locations/S1/placements", **query)
    assert answer.status_code == 200, answer.content
    return [(row["bin"], row["sku"]) for row in answer.json()["results"]]


def test_placements_are_listed_as_one_walks(api: ApiCaller) -> None:
    assert listed(api) == [("A", "A1"), ("B", "A2"), ("C", "A1")]
    assert listed(api, sku="A1") == [("A", "A1"), ("C", "A1")]
    assert listed(api, bin="B") == [("B", "A2")]
    assert listed(api, sku="A2", bin="A") == []
    first = api.get("locations/S1/placements", limit=2).json()
    assert first["results"][0] == {"sku": "A1", "name": "Article A1", "bin": "A", "walk": 9}
    rest = api.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["bin"] for row in first["results"] + rest["results"]] == ["A", "B", "C"]
    assert rest["next"] is None
    assert api.get("locations/S1/placements", shelf="A").status_code == 400


def test_one_placement_changes_and_the_others_stay(api: ApiCaller) -> None:
    version = Location.objects.get(code="S1").version
    assert change(api, "move", sku="A1", from_bin="A", to_bin="B") == ["B", "C"]
    assert change(api, "add", sku="A1", bin="A") == ["A", "B", "C"]
    assert change(api, "remove", sku="A1", bin="C") == ["A", "B"]
    assert listed(api) == [("A", "A1"), ("B", "A1"), ("B", "A2")]
    assert Location.objects.get(code="S1").version == version + 3
    acts = AuditRecord.objects.filter(action__startswith="placement.").order_by("id")
    assert [each.action for each in acts] == [
        "placement.moved",
        "placement.added",
        "placement.removed",
    ]


def test_what_is_so_already_changes_nothing(api: ApiCaller) -> None:
    version = Location.objects.get(code="S1").version
    assert change(api, "add", sku="A1", bin="A") == ["A", "C"]
    assert Location.objects.get(code="S1").version == version
    assert change(api, "move", sku="A1", from_bin="A", to_bin="C") == ["C"]
    assert Placement.objects.filter(sku__code="A1").count() == 1


def test_a_repeat_is_the_same_move(api: ApiCaller) -> None:
    body = {"sku": "A2", "from_bin": "B", "to_bin": "C"}
    first = api.post("locations/S1/placements/move", body, key="k1")
    again = api.post("locations/S1/placements/move", body, key="k1")
    assert (again.status_code, again.json()) == (200, first.json())
    refused(api.post("locations/S1/placements/move", body), 409, "not_in_bin")
    refused(
        api.post("locations/S1/placements/remove", {"sku": "A2", "bin": "A"}), 409, "not_in_bin"
    )


@pytest.mark.parametrize(
    ("act", "body", "errors"),
    [
        (
            "move",
            {"sku": "NONE", "from_bin": "X", "to_bin": "Y"},
            {("/sku", "unknown_sku"), ("/from_bin", "unknown_bin"), ("/to_bin", "unknown_bin")},
        ),
        ("move", {"sku": "A1", "from_bin": "A", "to_bin": "A"}, {("/to_bin", "same_bin")}),
        ("add", {"sku": "A1", "bin": "X"}, {("/bin", "unknown_bin")}),
        ("add", {"sku": "A1"}, {("/bin", "required")}),
        ("remove", {"sku": 7, "bin": True}, {("/sku", "invalid"), ("/bin", "invalid")}),
        ("add", {"sku": "A1", "bin": "A", "walk": 1}, {("/walk", "unknown_field")}),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_leaves_no_trace(
    api: ApiCaller, act: str, body: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    before = sorted(Placement.objects.values_list("sku__code", "bin__code"))
    version = Location.objects.get(code="S1").version
    problem = refused(api.post(f"locations/S1/placements/{act}", body), 400, "validation_error")
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == errors
    assert sorted(Placement.objects.values_list("sku__code", "bin__code")) == before
    assert Location.objects.get(code="S1").version == version


def test_the_bins_of_another_building_are_unknown(api: ApiCaller) -> None:
    tied = make_caller(["*"], locations=["S2"])
    body = {"sku": "A1", "bin": "A"}
    assert tied.get("locations/S1/placements").status_code == 404
    assert tied.post("locations/S1/placements/add", body).status_code == 404
    assert api.post("locations/S2/placements/add", body).status_code == 400
    reader = make_caller(["catalogue:read"])
    assert reader.post("locations/S1/placements/add", body).status_code == 403


# Walks that have begun


@pytest.fixture
def walk(api: ApiCaller) -> str:
    """A pick list of three A1 and two A2, under way; its id."""
    place(api, ("A1", 3), ("A2", 2))
    answer = api.post("pick-lists", {"location": "S1", "mode": "single"})
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def stops(api: ApiCaller, walk: str) -> list[tuple[str | None, str, int]]:
    lines = api.get(f"pick-lists/{walk}").json()["lines"]
    return [(line["bin"], line["sku"], line["picked"]) for line in lines]


def scan(api: ApiCaller, walk: str, scan_id: int, sku: str, units: int) -> None:
    read = {"scan_id": f"00000000-0000-0000-0000-{scan_id:012}", "payload": sku, "quantity": units}
    answer = api.post(f"pick-lists/{walk}/scans", {"scans": [read]})
    assert [each["result"] for each in answer.json()["results"]] == ["accepted"], answer.json()


def test_a_walk_follows_goods_to_their_new_bin(api: ApiCaller, walk: str) -> None:
    assert stops(api, walk) == [("A", "A1", 0), ("B", "A2", 0)]
    change(api, "remove", sku="A1", bin="A")
    assert stops(api, walk) == [("B", "A2", 0), ("C", "A1", 0)], "and in the new walking order"
    change(api, "move", sku="A2", from_bin="B", to_bin="C")
    assert stops(api, walk) == [("C", "A1", 0), ("C", "A2", 0)]


def test_a_bin_beside_the_one_on_the_list_changes_nothing(api: ApiCaller, walk: str) -> None:
    change(api, "add", sku="A2", bin="A")
    assert stops(api, walk) == [("A", "A1", 0), ("B", "A2", 0)]


def test_what_is_picked_came_from_where_it_lay(api: ApiCaller, walk: str) -> None:
    change(api, "move", sku="A2", from_bin="B", to_bin="A")
    scan(api, walk, 1, "A2", 2)
    change(api, "move", sku="A2", from_bin="A", to_bin="C")
    assert ("A", "A2", 2) in stops(api, walk)
    scan(api, walk, 2, "A1", 1)
    change(api, "remove", sku="A1", bin="A")
    assert ("C", "A1", 1) in stops(api, walk), "two of three are still to be fetched"


def test_goods_without_a_bin_and_whole_new_plans_are_followed_too(
    api: ApiCaller, walk: str
) -> None:
    api.put("locations/S1/bins", {"bins": [{"code": "Z", "walk": 1, "skus": ["A2"]}]})
    assert stops(api, walk) == [(None, "A1", 0), ("Z", "A2", 0)]
    scan(api, walk, 1, "A1", 3)
    scan(api, walk, 2, "A2", 2)
    assert api.post(f"pick-lists/{walk}/complete").status_code == 200


# Scanning a bin


def test_the_code_of_a_bin_says_what_lies_there(api: ApiCaller) -> None:
    change(api, "add", sku="A2", bin="A")
    answer = api.get("scan/omni:bin:S1/A")
    assert answer.json() == {"kind": "bin", "location": "S1", "bin": "A", "skus": ["A1", "A2"]}
    assert api.get("scan", payload="omni:bin:S1/C").json()["skus"] == ["A1"]


@pytest.mark.parametrize("name", ["S1/X", "S9/A", "S1", "", "/", "S1/A/B", "S2/A"])
def test_a_bin_that_is_not_there_is_unknown(api: ApiCaller, name: str) -> None:
    refused(api.get("scan", payload=f"omni:bin:{name}"), 404, "unknown_barcode")


def test_a_bin_of_an_unseen_building_is_unknown() -> None:
    tied = make_caller(["catalogue:read"], locations=["S2"])
    refused(tied.get("scan", payload="omni:bin:S1/A"), 404, "unknown_barcode")
    here = make_caller(["catalogue:read"], locations=["S1"])
    assert here.get("scan", payload="omni:bin:S1/A").status_code == 200
