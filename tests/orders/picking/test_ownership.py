"""A pick list is one person's work: taken by the first scan, handed on, given back."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Fulfilment, PickList
from tests.conftest import ApiCaller, make_caller
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    place,
    refused,
    step,
    stock,
    units,
)
from tests.orders.picking.picking_helpers import (
    GTINS,
    act,
    member,
    results,
    scan,
    send,
    short,
    start,
    undo,
    undo_short,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def pick_list(api: ApiCaller) -> dict[str, Any]:
    place(api, ("A1", 5), ("B1", 1))
    return start(api)


def owner(pick_list: dict[str, Any]) -> str:
    return PickList.objects.get(pk=pick_list["id"]).person


def test_the_first_scan_takes_a_list(api: ApiCaller, pick_list: dict[str, Any]) -> None:
    jo, max_ = member("jo"), member("max")
    assert pick_list["person"] is None
    one = scan(GTINS["A1"])
    answer = send(jo, pick_list, one)
    assert (results(answer), answer["pick_list"]["person"]) == (["accepted"], "jo")
    path = f"pick-lists/{pick_list['id']}/scans"
    problem = refused(max_.post(path, {"scans": [scan(GTINS["A1"])]}), 403, "other_persons_list")
    assert problem["person"] == "jo"
    for answer in (
        short(max_, pick_list, 0), undo(max_, pick_list, one), act(max_, pick_list, "abandon"),
        act(max_, pick_list, "assign", {"person": "max"}),
        undo(max_, pick_list, scan(GTINS["A1"])),
    ):  # fmt: skip
        refused(answer, 403, "other_persons_list")
    # A repeat is told what came of it, also when the list is another's by now.
    assert results(send(max_, pick_list, one)) == ["duplicate"]
    assert results(send(jo, pick_list, scan(GTINS["A1"]))) == ["accepted"]
    assert api.get(f"pick-lists/{pick_list['id']}").json()["lines"][1]["picked"] == 2


def test_a_list_is_handed_on(api: ApiCaller, pick_list: dict[str, Any]) -> None:
    jo, max_, boss = member("jo"), member("max"), member("boss", role="manager")
    send(jo, pick_list, scan(GTINS["A1"]))
    answer = act(jo, pick_list, "assign", {"person": "max"})
    assert (answer.status_code, answer.json()["person"]) == (200, "max")
    refused(act(jo, pick_list, "complete"), 403, "other_persons_list")
    assert results(send(max_, pick_list, scan(GTINS["A1"]))) == ["accepted"]
    # Supervisors work on every list, and leave it whose it is.
    assert results(send(boss, pick_list, scan(GTINS["B1"]))) == ["accepted"]
    assert owner(pick_list) == "max"
    assert act(boss, pick_list, "assign", {"person": None}).json()["person"] is None
    send(jo, pick_list, scan(GTINS["A1"]))
    assert owner(pick_list) == "jo"


def test_a_client_acts_for_whom_it_names(api: ApiCaller, pick_list: dict[str, Any]) -> None:
    path = f"pick-lists/{pick_list['id']}/scans"

    def read(**more: Any) -> Any:
        return api.post(path, {"scans": [scan(GTINS["A1"])]} | more)

    assert read().status_code == 200
    assert owner(pick_list) == ""  # without a person named, none is written
    assert read(person="kim").json()["pick_list"]["person"] == "kim"
    refused(read(person="lee"), 403, "other_persons_list")
    assert read().status_code == 200
    refused(act(api, pick_list, "complete", {"person": "lee"}), 403, "other_persons_list")
    jo = member("jo")
    refused(jo.post(path, {"scans": [scan(GTINS["A1"])], "person": "kim"}), 400, "validation_error")


def test_a_list_is_made_for_a_person(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    made = start(api, person="jo")
    assert made["person"] == "jo"
    path = f"pick-lists/{made['id']}/scans"
    refused(member("max").post(path, {"scans": [scan(GTINS["A1"])]}), 403, "other_persons_list")


@pytest.mark.parametrize("body", [{}, {"person": ""}, {"person": 7}, {"person": "x" * 151}, None])
def test_a_list_is_handed_on_to_somebody(
    api: ApiCaller, pick_list: dict[str, Any], body: Any
) -> None:
    refused(act(api, pick_list, "assign", body), 400, "validation_error")


def test_what_is_given_back_is_free_and_what_is_picked_stays(api: ApiCaller) -> None:
    begun, untouched, done = (place(api, ("A1", n)) for n in (3, 2, 1))
    pick_list = start(api)
    tote = {line["order"]: line["tote"] for line in pick_list["lines"]}
    scans = [scan(GTINS["A1"]) | {"tote": tote[order["number"]]} for order in (begun, done)]
    send(api, pick_list, *scans)
    answer = act(api, pick_list, "abandon")
    assert answer.status_code == 200, answer.content
    given_back = answer.json()
    assert (given_back["state"], given_back["allowed_actions"]) == ("abandoned", [])
    names = ("quantity", "picked", "cancelled")
    assert [tuple(line[name] for name in names) for line in given_back["lines"]] == [
        (1, 1, 0), (0, 0, 0), (1, 1, 0),
    ]  # fmt: skip
    states = {f.order.number: f.state for f in Fulfilment.objects.select_related("order")}
    assert [states[order["number"]] for order in (begun, untouched, done)] == [
        "picking", "open", "picking",
    ]  # fmt: skip
    for action in ("abandon", "complete"):
        refused(act(api, pick_list, action), 409, "illegal_transition")
    refused(undo(api, pick_list, scans[0]), 409, "illegal_transition")
    late = send(api, pick_list, scan(GTINS["A1"]), scans[0])
    assert results(late) == ["over_pick", "duplicate"]
    assert late["results"][0]["detail"].endswith("This list was given back.")

    again = start(api)
    assert [(line["order"], line["quantity"]) for line in again["lines"]] == [
        (begun["number"], 2), (untouched["number"], 2),
    ]  # fmt: skip
    send(api, again, scan(GTINS["A1"], 2), scan(GTINS["A1"], 2))
    for order in (begun, untouched, done):
        assert step(api, order["fulfilments"][0]["id"], "pack")["state"] == "packed"
    assert act(api, again, "complete").status_code == 200
    assert_laws_hold()


def test_what_is_left_of_a_list_that_was_given_back_may_be_cancelled(api: ApiCaller) -> None:
    order = place(api, ("A1", 2))
    code = order["fulfilments"][0]["id"]
    pick_list = start(api)
    send(api, pick_list, scan(GTINS["A1"]))
    act(api, pick_list, "abandon")
    cancelled = units(("1", 1)) | {"reason": "x"}
    api.post(f"orders/{order['number']}/cancellations", cancelled)
    refused(api.post("pick-lists", {"location": "W1"}), 409, "nothing_to_pick")
    assert step(api, code, "pack")["state"] == "packed"
    assert_laws_hold()


def test_a_list_that_was_given_back_is_named_again(api: ApiCaller) -> None:
    order = place(api, ("A1", 2))
    named = [order["fulfilments"][0]["id"]]
    pick_list = start(api, fulfilments=named)
    send(api, pick_list, scan(GTINS["A1"]))
    taken = {"location": "W1", "fulfilments": named}
    refused(api.post("pick-lists", taken), 409, "illegal_transition")
    act(api, pick_list, "abandon")
    assert start(api, fulfilments=named)["lines"][0]["quantity"] == 1
    refused(api.post("pick-lists", taken), 409, "illegal_transition")


def test_what_is_picked_without_a_scan_counts_on_the_list_that_is_open(api: ApiCaller) -> None:
    order = place(api, ("A1", 3))
    first = start(api)
    act(api, first, "abandon")
    second = start(api)
    step(api, order["fulfilments"][0]["id"], "pick", units(("1", 1)))
    picked = [
        api.get(f"pick-lists/{each['id']}").json()["lines"][0]["picked"] for each in (first, second)
    ]
    assert picked == [0, 1]


def test_a_short_pick_of_a_list_that_was_given_back_stays(api: ApiCaller) -> None:
    place(api, ("A1", 2), ("B1", 1))
    pick_list = start(api)
    short(api, pick_list, 1, line=1)
    act(api, pick_list, "abandon")
    refused(undo_short(api, pick_list, line=1), 409, "illegal_transition")
    assert stock("A1", "W1") == (10, 1, 1)
    assert [line["sku"] for line in start(api)["lines"]] == ["B1"]


def test_a_key_of_another_place_neither_takes_nor_gives(pick_list: dict[str, Any]) -> None:
    stranger = make_caller(["fulfilment:write", "orders:read"], locations=["W2"])
    refused(act(stranger, pick_list, "assign", {"person": "x"}), 404, "not_found")
    assert owner(pick_list) == ""
