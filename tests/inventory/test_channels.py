"""`/channels`: where demand comes from, and what is kept back for whom."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import RingFence
from inventory.queries.available.sellable import read_sellable
from stores.models import Channel, Location
from stores.queries.network import current_network
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Location:
    shop = LocationFactory(code="S1")
    LocationFactory(code="W1")
    stock_up(SkuFactory(code="A1"), shop, 10)
    SkuFactory(code="A2")
    return shop


WEB: dict[str, Any] = {
    "name": "Web shop",
    "kind": "web",
    "locations": ["S1", "W1"],
    "ring_fences": [
        {"sku": "A1", "location": "S1", "quantity": 4, "until": None},
        {"sku": "A2", "location": "W1", "quantity": 2, "until": "2030-01-01T00:00:00.000Z"},
    ],
    "ships_without_address": False,
}


def test_a_channel_is_opened_and_read_back(api: ApiCaller, shop: Location) -> None:
    opened = api.put("channels/web", WEB)
    assert opened.status_code == 201, opened.content
    updated_at = opened.json()["updated_at"]
    assert opened.json() == {"code": "web", **WEB, "updated_at": updated_at}
    read = api.get("channels/web")
    assert (read.status_code, read.json(), read["ETag"]) == (200, opened.json(), opened["ETag"])
    assert api.get("channels").json() == {"results": [read.json()], "next": None}


def test_a_channel_may_sell_from_everywhere(api: ApiCaller, shop: Location) -> None:
    answer = api.put("channels/pos", {"name": "Tills", "kind": "pos", "locations": "all"})
    assert answer.json()["locations"] == "all"
    assert answer.json()["ring_fences"] == []
    assert current_network().channels["pos"].location_ids == set(current_network().places)


def test_a_ring_fence_keeps_units_from_the_others(api: ApiCaller, shop: Location) -> None:
    other = ChannelFactory(code="pos")
    api.put("channels/web", WEB)
    till = read_sellable(skus=["A1"], channel_id=other.pk)
    assert till.sellable == {till.sku_ids["A1"]: {shop.pk: 6}}
    web = read_sellable(skus=["A1"], channel_id=Channel.objects.get(code="web").pk)
    assert web.sellable == {web.sku_ids["A1"]: {shop.pk: 10}}


def test_ring_fences_are_replaced_as_a_whole(api: ApiCaller, shop: Location) -> None:
    first = api.put("channels/web", WEB)
    fences = [
        {"sku": "A1", "location": "S1", "quantity": 5},
        {"sku": "A1", "location": "W1", "quantity": 1},
    ]
    second = api.put("channels/web", WEB | {"ring_fences": fences})
    assert second.status_code == 200
    assert [
        (fence["sku"], fence["location"], fence["quantity"])
        for fence in second.json()["ring_fences"]
    ] == [("A1", "S1", 5), ("A1", "W1", 1)]
    assert second["ETag"] != first["ETag"]
    late = api.put("channels/web", WEB, **{"If-Match": first["ETag"]})
    assert late.status_code == 412
    assert RingFence.objects.count() == 2


def test_the_same_body_again_changes_nothing(api: ApiCaller, shop: Location) -> None:
    tag = api.put("channels/web", WEB)["ETag"]
    kept = set(RingFence.objects.values_list("pk", flat=True))
    again = api.put("channels/web", WEB)
    assert (again.status_code, again["ETag"]) == (200, tag)
    assert set(RingFence.objects.values_list("pk", flat=True)) == kept


def test_all_unknown_codes_are_named_at_once(api: ApiCaller, shop: Location) -> None:
    answer = api.put(
        "channels/web",
        {
            "name": "Web",
            "kind": "web",
            "locations": ["S1", "S9"],
            "ring_fences": [
                {"sku": "NONE", "location": "S8", "quantity": 1},
                {"sku": "A1", "location": "W1", "quantity": 1},
                {"sku": "A1", "location": "S1", "quantity": 1},
                {"sku": "A1", "location": "S1", "quantity": 2},
            ],
        },
    )
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/locations/1", "unknown_location"),
        ("/ring_fences/0/sku", "unknown_sku"),
        ("/ring_fences/0/location", "unknown_location"),
        ("/ring_fences/1/location", "not_sold_from"),
        ("/ring_fences/3", "duplicate_ring_fence"),
    ]
    assert not Channel.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"locations": "some"}, "/locations"),
        ({"locations": None}, "/locations"),
        ({"locations": {"S1": 1}}, "/locations"),
        ({"locations": [["S1"]]}, "/locations/0"),
        ({"kind": "fax"}, "/kind"),
        ({"ring_fences": {}}, "/ring_fences"),
        ({"ring_fences": [7]}, "/ring_fences/0"),
        (
            {"ring_fences": [{"sku": "A1", "location": "S1", "quantity": 0}]},
            "/ring_fences/0/quantity",
        ),
        (
            {"ring_fences": [{"sku": "A1", "location": "S1", "quantity": 1, "until": "soon"}]},
            "/ring_fences/0/until",
        ),
    ],
)
def test_what_is_wrong_is_pointed_at(
    api: ApiCaller, shop: Location, change: dict[str, Any], pointer: str
) -> None:
    answer = api.put("channels/web", WEB | change)
    assert answer.status_code == 400, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Channel.objects.exists()


def test_a_client_tied_to_a_channel_sees_that_one_alone(api: ApiCaller, shop: Location) -> None:
    api.put("channels/web", WEB)
    ChannelFactory(code="pos")
    tied = make_caller(["catalogue:read", "network:write"], channels=["pos"])
    assert [row["code"] for row in tied.get("channels").json()["results"]] == ["pos"]
    assert tied.get("channels/web").status_code == 404
    assert tied.put("channels/web", WEB).status_code == 404
