"""Pickups that move to another shop, and vans that turn back."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Fulfilment
from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    events,
    place,
    refused,
    show_pass,
    step,
    stock,
    units,
)
from tests.orders.ship_to_store.ship_to_store_helpers import arrive
from tests.orders.ways_out.ways_out_helpers import lying, picked, ready

pytestmark = pytest.mark.django_db


def laws(api: ApiCaller) -> None:
    report = api.get("integrity").json()
    assert report["ok"], report["violations"]
    assert_laws_hold()


def on_its_way(api: ApiCaller, quantity: int = 2) -> tuple[str, str]:
    """Send units from S1 to S2, where their customer collects; return fulfilment and transfer."""
    Location.objects.filter(code="S2").update(ships=False)
    order = place(api, ("A1", quantity), pickup_at="S2")
    (fulfilment,) = order["fulfilments"]
    assert fulfilment["source"] == "S1"
    step(api, fulfilment["id"], "pick", units(("1", quantity)))
    step(api, fulfilment["id"], "pack")
    sent = step(api, fulfilment["id"], "ship")
    return sent["id"], sent["transfer"]


@pytest.mark.parametrize("state", ["open", "picking", "ready"])
def test_a_pickup_moves_to_another_shop(api: ApiCaller, state: str) -> None:
    if state == "open":
        code = place(api, ("A1", 2), pickup_at="S1")["fulfilments"][0]["id"]
    else:
        code = (picked if state == "picking" else ready)(  # type: ignore[operator]
            api, ("A1", 2), **({"pickup_at": "S1"} if state == "picking" else {})
        )
    before = api.get(f"fulfilments/{code}").json()
    moved = step(api, code, "move", {"location": "S2"})
    assert (moved["source"], moved["location"], moved["pickup_expires_at"]) == ("S1", "S2", None)
    assert moved["state"] == ("open" if state == "open" else "picking")
    assert moved["promise"]["ready_by"] > before["promise"]["ready_by"]
    assert stock("A1", "S1") == (5, 2, 0)
    if state == "open":
        step(api, code, "pick", units(("1", 2)))
    step(api, code, "pack")
    transfer = step(api, code, "ship")["transfer"]
    arrive(api, transfer, ("A1", 2))
    shown = show_pass(code).json()
    assert step(api, code, "collect", {"code": shown["code"]})["state"] == "collected"
    assert (stock("A1", "S1"), stock("A1", "S2")) == ((3, 0, 0), (0, 0, 0))
    told = [line["text"] for line in timeline(api, code)]
    assert f"{code} is to be collected at S2, no longer at S1" in told
    laws(api)


def timeline(api: ApiCaller, code: str) -> list[dict[str, Any]]:
    path = f"orders/{code.rpartition('-')[0]}/timeline"
    results: list[dict[str, Any]] = api.get(path).json()["results"]
    return results


def test_a_pickup_moves_to_where_its_goods_are(api: ApiCaller) -> None:
    order = place(api, ("A1", 2), pickup_at="S2")
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 2)))
    packed = step(api, code, "pack")
    moved = step(api, code, "move", {"location": "S1"})
    assert (moved["state"], moved["source"], moved["transfer"]) == ("picking", None, None)
    draft = api.get(f"transfers/{packed['transfer']}").json()
    assert draft["state"] == "cancelled"
    step(api, code, "ready")
    shown = show_pass(code).json()
    step(api, code, "collect", {"code": shown["code"]})
    assert stock("A1", "S1") == (3, 0, 0)
    laws(api)


def test_goods_that_arrived_move_on(api: ApiCaller) -> None:
    code, transfer = on_its_way(api)
    refused(api.post(f"fulfilments/{code}/move", {"location": "S1"}), 409, "illegal_transition")
    arrive(api, transfer, ("A1", 2))
    moved = step(api, code, "move", {"location": "S1"})
    assert (moved["source"], moved["location"], moved["state"]) == ("S2", "S1", "picking")
    assert moved["lines"][0]["arrived"] == 0
    step(api, code, "pack")
    arrive(api, step(api, code, "ship")["transfer"], ("A1", 2))
    shown = api.get(f"fulfilments/{code}").json()
    assert (shown["state"], shown["location"]) == ("ready", "S1")
    assert (stock("A1", "S1"), stock("A1", "S2")) == ((5, 2, 0), (0, 0, 0))
    laws(api)


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("S1", "same_location"),
        ("W1", "no_pickup"),
        ("S9", "unknown_location"),
        ("S3", "unknown_location"),
        ("", "blank"),
        (None, "null"),
    ],
)
def test_it_moves_only_where_customers_collect(api: ApiCaller, location: Any, code: str) -> None:
    channel = ChannelFactory(code="web")
    channel.all_locations = False
    channel.save()
    channel.locations.set(Location.objects.all())
    LocationFactory(code="S3", store=True)
    waiting = ready(api, ("A1", 1))
    answer = api.post(f"fulfilments/{waiting}/move", {"location": location})
    (error,) = refused(answer, 400, "validation_error")["errors"]
    assert (error["pointer"], error["code"]) == ("/location", code)
    assert api.get(f"fulfilments/{waiting}").json()["state"] == "ready"


def test_what_was_handed_over_in_part_does_not_move(api: ApiCaller) -> None:
    code = ready(api, ("A1", 2))
    step(api, code, "collect", {"identity": {"document": "passport"}} | units(("1", 1)))
    answer = api.post(f"fulfilments/{code}/move", {"location": "S2"})
    refused(answer, 409, "partly_handed_over")


def test_a_pass_of_the_old_shop_is_of_no_use_in_the_new_one(api: ApiCaller) -> None:
    code = ready(api, ("A1", 1))
    old = show_pass(code).json()
    step(api, code, "move", {"location": "S2"})
    new = show_pass(code).json()
    assert (new["code"], new["qr"]) != (old["code"], old["qr"])


def test_a_van_turns_back(api: ApiCaller) -> None:
    code, transfer = on_its_way(api)
    assert stock("A1", "S1") == (3, 0, 0)
    back = step(api, code, "turn-back")
    assert (back["state"], back["source"]) == ("packed", "S1")
    assert back["transfer"] != transfer
    assert stock("A1", "S1") == (5, 2, 0)
    old = api.get(f"transfers/{transfer}").json()
    assert (old["state"], old["lines"][0]["quantity"], old["lines"][0]["left_behind"]) == (
        "cancelled", 0, 2,
    )  # fmt: skip
    refused(api.post(f"fulfilments/{code}/turn-back"), 409, "illegal_transition")
    laws(api)
    arrive(api, step(api, code, "ship")["transfer"], ("A1", 2))
    assert (stock("A1", "S1"), stock("A1", "S2")) == ((3, 0, 0), (2, 2, 0))
    assert events(code.rpartition("-")[0]).count("fulfilment.turned_back") == 1
    laws(api)


def test_units_cancelled_on_the_way_are_in_the_box_that_came_back(api: ApiCaller) -> None:
    code, transfer = on_its_way(api, 3)
    body = units(("1", 1)) | {"reason": "one less"}
    assert api.post(f"orders/{code.rpartition('-')[0]}/cancellations", body).status_code == 201
    assert api.post(f"transfers/{transfer}/turn-back").status_code == 200
    shown = api.get(f"fulfilments/{code}").json()
    assert (shown["state"], shown["to_put_back"]) == ("packed", lying(("A1", "S1", 1)))
    assert stock("A1", "S1") == (5, 2, 1)
    laws(api)


def test_what_has_arrived_in_part_does_not_turn_back(api: ApiCaller) -> None:
    code, transfer = on_its_way(api)
    arrive(api, transfer, ("A1", 1))
    problem = refused(api.post(f"fulfilments/{code}/turn-back"), 409, "illegal_transition")
    assert problem["allowed_actions"] == ["cancel"]
    laws(api)


def test_a_van_with_stock_turns_back(api: ApiCaller) -> None:
    body = {"from": "W1", "to": "S2", "lines": [{"sku": "A1", "quantity": 4}]}
    transfer = api.post("transfers", body).json()["id"]
    refused(api.post(f"transfers/{transfer}/turn-back"), 409, "illegal_transition")
    api.post(f"transfers/{transfer}/dispatch")
    arrive(api, transfer, ("A1", 1))
    waiting = place(api, ("A1", 7), allow_backorder=True)
    back = api.post(f"transfers/{transfer}/turn-back").json()
    assert (back["state"], back["allowed_actions"]) == ("received", [])
    assert (stock("A1", "W1")[0], stock("A1", "S2")) == (4, (1, 0, 0))
    (line,) = api.get(f"orders/{waiting['number']}").json()["lines"]
    assert line["backordered"] == 0
    laws(api)


def test_what_was_written_off_on_the_way_turns_up(api: ApiCaller) -> None:
    code, transfer = on_its_way(api, 3)
    closed = arrive(api, transfer, ("A1", 1), close=True)
    assert (closed["state"], closed["lines"][0]["lost"]) == ("received", 2)
    assert closed["allowed_actions"] == ["receive"]
    found = arrive(api, transfer, ("A1", 2))
    assert (found["lines"][0]["received"], found["lines"][0]["lost"]) == (3, 0)
    assert found["allowed_actions"] == []
    assert stock("A1", "S2") == (3, 1, 0)
    again = {"lines": [{"sku": "A1", "quantity": 1}]}
    refused(api.post(f"transfers/{transfer}/receive", again), 409, "illegal_transition")
    assert Fulfilment.objects.get(code=code).state == "ready"
    laws(api)


def test_either_shop_may_move_it_and_no_other(api: ApiCaller) -> None:
    code = ready(api, ("A1", 1))
    elsewhere = make_caller(["fulfilment:write"], locations=["W1"])
    refused(elsewhere.post(f"fulfilments/{code}/move", {"location": "S2"}), 404, "not_found")
    here = make_caller(["fulfilment:write"], locations=["S1"])
    assert step(here, code, "move", {"location": "S2"})["location"] == "S2"
