"""Units that lose their promise in a tote, a box or a bay are not sold from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import ApiCaller, make_caller
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    events,
    place,
    refused,
    step,
    stock,
    units,
)
from tests.orders.ways_out.ways_out_helpers import (
    lying,
    order_of,
    packed,
    picked,
    ready,
    to_put_back,
)

pytestmark = pytest.mark.django_db

AT_HAND: dict[str, Callable[[ApiCaller], str]] = {
    "tote": lambda api: picked(api, ("A1", 2)),
    "box": lambda api: packed(api, ("A1", 2)),
    "bay": lambda api: ready(api, ("A1", 2)),
}


def sellable(api: ApiCaller, sku: str) -> dict[str, int]:
    body = {"channel": "web", "lines": [{"sku": sku, "quantity": 1}]}
    (line,) = api.post("availability/query", body).json()["lines"]
    return {place["location"]: place["sellable"] for place in line["locations"]}


@pytest.mark.parametrize("where", AT_HAND)
@pytest.mark.parametrize("how", ["order", "fulfilment"])
def test_cancelled_units_are_put_back_before_they_are_sold(
    api: ApiCaller, where: str, how: str
) -> None:
    code = AT_HAND[where](api)
    if how == "order":
        path = f"orders/{code.rpartition('-')[0]}/cancellations"
        assert api.post(path, {"reason": "changed mind"}).status_code == 201
    else:
        assert step(api, code, "cancel", {"reason": "changed mind"})["state"] == "cancelled"
    assert (stock("A1", "S1"), to_put_back("A1", "S1")) == ((5, 0, 2), 2)
    assert sellable(api, "A1")["S1"] == 3
    shown = api.get(f"fulfilments/{code}").json()
    assert shown["to_put_back"] == lying(("A1", "S1", 2))
    assert shown["allowed_actions"] == ["put-back"]
    after = step(api, code, "put-back")
    assert (after["to_put_back"], after["allowed_actions"]) == ([], [])
    assert (stock("A1", "S1"), to_put_back("A1", "S1")) == ((5, 0, 0), 0)
    assert sellable(api, "A1")["S1"] == 5
    refused(api.post(f"fulfilments/{code}/put-back"), 409, "illegal_transition")
    assert order_of(api, code)["state"] == "cancelled"
    told = events(code.rpartition("-")[0])
    assert told[-1] == "fulfilment.put_back"
    assert told.count("refund.requested") == 1
    assert_laws_hold()


def test_of_work_begun_only_what_was_picked_is_to_be_put_back(api: ApiCaller) -> None:
    order = place(api, ("A1", 4))
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 3)))
    path = f"orders/{order['number']}/cancellations"
    assert api.post(path, units(("1", 1)) | {"reason": "one less"}).status_code == 201
    assert stock("A1", "S1") == (5, 3, 0)  # the one that was on its shelf still
    assert api.post(path, units(("1", 2)) | {"reason": "two less"}).status_code == 201
    assert stock("A1", "S1") == (5, 1, 2)
    shown = api.get(f"fulfilments/{code}").json()
    assert shown["to_put_back"] == lying(("A1", "S1", 2))
    assert shown["allowed_actions"] == ["pick", "pack", "reject", "cancel", "put-back"]
    step(api, code, "put-back")
    assert stock("A1", "S1") == (5, 1, 0)
    assert_laws_hold()


@pytest.mark.parametrize("where", AT_HAND)
def test_rejected_units_lie_there_and_others_are_sent(api: ApiCaller, where: str) -> None:
    code = AT_HAND[where](api)
    after = step(api, code, "reject", {"reason": "other"})
    assert (after["state"], after["to_put_back"]) == ("rejected", lying(("A1", "S1", 2)))
    assert (stock("A1", "S1"), stock("A1", "W1")) == ((5, 0, 2), (5, 2, 0))
    step(api, code, "put-back")
    assert (stock("A1", "S1"), stock("A1", "W1")) == ((5, 0, 0), (5, 2, 0))
    assert_laws_hold()


@pytest.mark.parametrize(("reason", "kept"), [("damaged", "damaged"), ("not_found", "missing")])
def test_units_that_are_gone_are_not_to_be_put_back(api: ApiCaller, reason: str, kept: str) -> None:
    code = packed(api, ("A1", 3))
    body = {
        "lines": [
            {"line_id": "1", "quantity": 1, "reason": reason},
            {"line_id": "1", "quantity": 1, "reason": "other"},
        ]
    }
    after = step(api, code, "reject", body)
    assert (after["state"], after["to_put_back"]) == ("packed", lying(("A1", "S1", 1)))
    assert stock("A1", "S1") == (5, 1, 2)
    rows = api.get("stock/unavailable", location="S1").json()["results"]
    assert [(row[kept], row["to_put_back"]) for row in rows] == [(1, 1)]
    assert_laws_hold()


def test_an_expired_pickup_lies_in_its_bay(api: ApiCaller) -> None:
    patient = place(api, ("A1", 10), ("B1", 1), allow_backorder=False)
    path = f"orders/{patient['number']}/cancellations"
    api.post(path, {"reason": "not this one"})
    code = ready(api, ("A1", 2))
    step(api, code, "cancel", {"reason": "The customer called"})
    waiting = place(api, ("A1", 9), allow_backorder=True)
    assert waiting["lines"][0]["backordered"] == 1
    step(api, code, "put-back")
    (line,) = api.get(f"orders/{waiting['number']}").json()["lines"]
    assert (line["reserved"], line["backordered"]) == (9, 0)
    assert_laws_hold()


def test_what_was_collected_is_not_to_be_put_back(api: ApiCaller) -> None:
    code = ready(api, ("A1", 3))
    step(api, code, "collect", {"identity": {"document": "passport"}} | units(("1", 1)))
    after = step(api, code, "cancel", {"reason": "no longer"})
    assert (after["state"], after["to_put_back"]) == ("collected", lying(("A1", "S1", 2)))
    assert stock("A1", "S1") == (4, 0, 2)
    assert_laws_hold()


def test_a_count_settles_them(api: ApiCaller) -> None:
    first, second = packed(api, ("A1", 1)), packed(api, ("A1", 1))
    step(api, first, "cancel", {"reason": "x"})
    count = {"lines": [{"sku": "A1", "location": "S1", "on_hand": 5}], "reason": "cycle_count"}
    assert api.post("stock/counts/apply", count).status_code in (200, 201)
    assert (stock("A1", "S1"), to_put_back("A1", "S1")) == ((5, 1, 0), 0)
    step(api, second, "cancel", {"reason": "x"})
    # The record cannot say whose unit was counted: the one in the box that is closed stays apart.
    step(api, first, "put-back")
    assert to_put_back("A1", "S1") == 1
    step(api, second, "put-back")
    assert stock("A1", "S1") == (5, 0, 0)
    assert_laws_hold()


def test_a_late_count_does_not_settle_what_came_later(api: ApiCaller) -> None:
    code = packed(api, ("A1", 1))
    before = timezone.now().isoformat()
    step(api, code, "cancel", {"reason": "x"})
    line = {"sku": "A1", "location": "S1", "on_hand": 5}
    body = {"lines": [line], "reason": "cycle_count", "as_of": before}
    assert api.post("stock/counts/apply", body).status_code in (200, 201)
    assert to_put_back("A1", "S1") == 1


def test_units_are_put_back_by_those_who_have_them(api: ApiCaller) -> None:
    code = packed(api, ("A1", 1))
    step(api, code, "cancel", {"reason": "x"})
    for shop, listed in (("S1", [code]), ("W1", []), ("W1,S1", [code])):
        rows = api.get("fulfilments", to_put_back_at=shop).json()["results"]
        assert [row["id"] for row in rows] == listed
    elsewhere = make_caller(["fulfilment:write", "orders:read"], locations=["W1"])
    refused(elsewhere.post(f"fulfilments/{code}/put-back"), 404, "not_found")
    here = make_caller(["fulfilment:write", "orders:read"], locations=["S1"])
    step(here, code, "put-back")
    assert stock("A1", "S1") == (5, 0, 0)


def test_the_same_act_again_gives_the_same_answer(api: ApiCaller) -> None:
    code = packed(api, ("A1", 1))
    for action, body in (("cancel", {"reason": "x"}), ("put-back", {})):
        first = api.post(f"fulfilments/{code}/{action}", body, key=action)
        again = api.post(f"fulfilments/{code}/{action}", body, key=action)
        assert first.status_code == 200, first.content
        assert (first.json(), again["Idempotency-Replayed"]) == (again.json(), "true")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("cancel", {}),
        ("cancel", {"reason": ""}),
        ("cancel", {"reason": "x", "lines": []}),
        ("put-back", {"lines": []}),
        ("unpack", {"bay": "7"}),
    ],
)
def test_bad_bodies_change_nothing(api: ApiCaller, action: str, body: Any) -> None:
    code = packed(api, ("A1", 1))
    refused(api.post(f"fulfilments/{code}/{action}", body), 400, "validation_error")
    assert stock("A1", "S1") == (5, 1, 0)
