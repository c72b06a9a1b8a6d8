"""The work of a building that closes goes on elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Fulfilment
from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory
from tests.orders.fulfilment_helpers import assert_laws_hold, place, refused, stock
from tests.orders.ways_out.ways_out_helpers import lying, packed, picked, ready

pytestmark = pytest.mark.django_db


def evacuate(api: ApiCaller, code: str = "S1", **body: str) -> dict[str, Any]:
    answer = api.post(f"locations/{code}/evacuate", body)
    assert answer.status_code == 200, answer.content
    result: dict[str, Any] = answer.json()
    report = api.get("integrity").json()
    assert report["ok"], report["violations"]
    assert_laws_hold()
    return result


def open_at(location: str) -> set[tuple[str, str]]:
    rows = Fulfilment.objects.filter(state="open")
    return {
        (each.location.code, each.building.code)
        for each in rows
        if location in (each.location.code, each.building.code)
    }


def test_open_and_picked_parcels_are_sent_from_elsewhere(api: ApiCaller) -> None:
    waiting = place(api, ("A1", 1))["fulfilments"][0]["id"]
    begun = picked(api, ("A1", 2))
    closed = packed(api, ("B1", 1))
    done = evacuate(api)
    assert (done["moved"], done["left"], done["more"]) == ([waiting, begun], [closed], False)
    assert (stock("A1", "S1"), stock("A1", "W1")) == ((5, 0, 2), (5, 3, 0))
    assert api.get(f"fulfilments/{begun}").json()["to_put_back"] == lying(("A1", "S1", 2))
    assert open_at("W1") == {("W1", "W1")}
    assert evacuate(api)["moved"] == []


def test_its_pickups_go_to_another_shop(api: ApiCaller) -> None:
    code = place(api, ("A1", 2), pickup_at="S1")["fulfilments"][0]["id"]
    in_bay = ready(api, ("B1", 1))
    assert evacuate(api) == {"location": "S1", "moved": [], "left": [code, in_bay], "more": False}
    done = evacuate(api, pickups_to="S2")
    assert (done["moved"], done["left"]) == ([code], [in_bay])
    # S2 has none of it: the warehouse sends it there.
    assert open_at("S2") == {("S2", "W1")}
    assert (stock("A1", "S1"), stock("A1", "W1")) == ((5, 0, 0), (5, 2, 0))


def test_goods_that_others_were_to_send_there_are_sent_to_the_other_shop(api: ApiCaller) -> None:
    LocationFactory(code="S3", store=True, ships=False)
    coming = place(api, ("A1", 2), pickup_at="S2")["fulfilments"][0]["id"]
    assert evacuate(api, "S2", pickups_to="S3")["moved"] == [coming]
    assert open_at("S3") == {("S3", "S1")}


def test_what_no_other_building_has_waits_or_is_refunded(api: ApiCaller) -> None:
    Location.objects.filter(code="W1").update(ships=False)
    order = place(api, ("A1", 2))
    evacuate(api)
    (line,) = api.get(f"orders/{order['number']}").json()["lines"]
    assert line["cancelled"] == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"pickups_to": "S1"}, "/pickups_to"),
        ({"pickups_to": "S9"}, "/pickups_to"),
        ({"pickups_to": "W1"}, "/pickups_to"),
        ({"pickups_to": None}, "/pickups_to"),
        ({"reason": "flood"}, "/reason"),
    ],
)
def test_a_bad_body_moves_nothing(api: ApiCaller, body: Any, pointer: str) -> None:
    code = place(api, ("A1", 2), pickup_at="S1")["fulfilments"][0]["id"]
    problem = refused(api.post("locations/S1/evacuate", body), 400, "validation_error")
    assert problem["errors"][0]["pointer"] == pointer
    assert api.get(f"fulfilments/{code}").json()["state"] == "open"


def test_only_those_who_work_there_may(api: ApiCaller) -> None:
    elsewhere = make_caller(["fulfilment:write"], locations=["W1"])
    refused(elsewhere.post("locations/S1/evacuate"), 404, "not_found")
    refused(api.post("locations/S9/evacuate"), 404, "not_found")
    assert make_caller(["orders:read"]).post("locations/S1/evacuate").status_code == 403
