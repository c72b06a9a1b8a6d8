"""Parcels that are lost, found again, or brought back."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from core.outbox.models import Event
from tests.conftest import ApiCaller, make_caller
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    events,
    refused,
    step,
    stock,
    units,
)
from tests.orders.ways_out.ways_out_helpers import (
    lying,
    order_of,
    packed,
    shipped,
    to_put_back,
)

pytestmark = pytest.mark.django_db


def laws(api: ApiCaller) -> None:
    report = api.get("integrity").json()
    assert report["ok"], report["violations"]
    assert_laws_hold()


def quantities(order: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    names = ("reserved", "backordered", "fulfilled", "cancelled")
    return [tuple(line[name] for name in names) for line in order["lines"]]  # type: ignore[misc]


def test_a_lost_parcel_is_refunded(api: ApiCaller) -> None:
    code = shipped(api, ("A1", 2), ("B1", 1))
    before = stock("A1", "S1"), stock("B1", "S1")
    lost = step(api, code, "lost")
    assert (lost["state"], lost["allowed_actions"]) == ("lost", ["found"])
    assert [(line["quantity"], line["fulfilled"], line["lost"]) for line in lost["lines"]] == [
        (0, 0, 2), (0, 0, 1),
    ]  # fmt: skip
    assert (stock("A1", "S1"), stock("B1", "S1")) == before  # the goods left long ago
    order = order_of(api, code)
    assert (order["state"], quantities(order)) == ("cancelled", [(0, 0, 0, 2), (0, 0, 0, 1)])
    assert events(order["number"])[-3:] == [
        "fulfilment.lost", "order.cancelled", "refund.requested",
    ]  # fmt: skip
    refund = Event.objects.get(type="refund.requested").data
    assert (refund["amount"], refund["reason"]) == ("30.00", "lost_by_carrier")
    laws(api)


def test_a_lost_parcel_is_sent_again(api: ApiCaller) -> None:
    code = shipped(api, ("A1", 2))
    step(api, code, "lost", {"instead": "send_again", "reason": "fell off the van"})
    assert AuditRecord.objects.get(action="parcel_lost").reason == "fell off the van"
    order = order_of(api, code)
    assert (order["state"], quantities(order)) == ("open", [(2, 0, 0, 0)])
    assert [one["state"] for one in order["fulfilments"]] == ["lost", "open"]
    assert "refund.requested" not in events(order["number"])
    laws(api)


def test_what_no_building_has_is_refunded_after_all(api: ApiCaller) -> None:
    code = shipped(api, ("A1", 2))
    for place in ("S1", "W1"):
        line = {"sku": "A1", "location": place, "on_hand": 0}
        body = {"lines": [line], "reason": "cycle_count"}
        assert api.post("stock/counts/apply", body).status_code in (200, 201)
    step(api, code, "lost", {"instead": "send_again"})
    assert quantities(order_of(api, code)) == [(0, 0, 0, 2)]
    assert Event.objects.get(type="refund.requested").data["amount"] == "20.00"
    laws(api)


def test_what_came_back_is_not_lost(api: ApiCaller) -> None:
    code = shipped(api, ("A1", 2))
    number = code.rpartition("-")[0]
    line = {"line_id": "1", "quantity": 1, "reason": "x"}
    about = {"order": number, "channel": "web", "resolution": "refund"}
    ret = api.post("returns", about | {"drop_off": {"type": "store"}, "lines": [line]}).json()["id"]
    line = {"line_id": "1", "quantity": 1, "disposition": "restock"}
    api.post(f"returns/{ret}/receipts", {"location": "S1", "lines": [line]})
    problem = refused(api.post(f"fulfilments/{code}/lost"), 409, "exceeds_line")
    assert problem["lines"] == [{"line_id": "1", "sku": "A1", "requested": 2, "remaining": 1}]
    laws(api)


def test_a_lost_parcel_that_turns_up_is_to_be_put_back(api: ApiCaller) -> None:
    code = shipped(api, ("A1", 2))
    step(api, code, "lost", {"instead": "send_again"})
    found = step(api, code, "found")
    assert (found["state"], found["to_put_back"]) == ("found", lying(("A1", "S1", 2)))
    assert found["allowed_actions"] == ["put-back"]
    assert stock("A1", "S1") == (5, 2, 2)
    refused(api.post(f"fulfilments/{code}/found"), 409, "illegal_transition")
    step(api, code, "put-back")
    assert stock("A1", "S1") == (5, 2, 0)
    laws(api)


def test_a_refused_parcel_comes_back_as_a_return(api: ApiCaller) -> None:
    code = shipped(api, ("A1", 2), ("B1", 1))
    gone = step(api, code, "returning", {"reason": "refused"})
    assert (gone["state"], gone["allowed_actions"]) == ("returning", [])
    number = code.rpartition("-")[0]
    (ret,) = api.get("returns", order=number).json()["results"]
    assert (ret["state"], [line["quantity"] for line in ret["lines"]]) == ("authorised", [2, 1])
    assert ret["lines"][0]["reason"] == "refused"
    told = Event.objects.get(type="fulfilment.returning").data
    assert (told["return"], told["reason"]) == (ret["id"], "refused")
    lines = [
        {"line_id": "1", "quantity": 2, "disposition": "restock"},
        {"line_id": "2", "quantity": 1, "disposition": "damaged"},
    ]
    answer = api.post(f"returns/{ret['id']}/receipts", {"location": "S1", "lines": lines})
    assert answer.status_code == 201, answer.content
    assert (stock("A1", "S1"), stock("B1", "S1")) == ((5, 0, 0), (5, 0, 1))
    assert order_of(api, code)["state"] == "returned"
    laws(api)


def test_a_box_that_is_opened_again_can_be_changed(api: ApiCaller) -> None:
    code = packed(api, ("A1", 2))
    opened = step(api, code, "unpack")
    assert (opened["state"], opened["lines"][0]["picked"]) == ("picking", 2)
    assert opened["allowed_actions"] == ["pick", "pack", "reject", "cancel"]
    assert stock("A1", "S1") == (5, 2, 0)
    refused(api.post(f"fulfilments/{code}/unpack"), 409, "illegal_transition")
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "Post", "tracking_number": "1"})
    refused(api.post(f"fulfilments/{code}/unpack"), 409, "illegal_transition")
    assert "fulfilment.unpacked" in events(code.rpartition("-")[0])
    laws(api)


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("lost", {"instead": "gift"}),
        ("lost", {"reason": "x" * 501}),
        ("returning", {"reason": "bored"}),
        ("found", {"location": "S1"}),
    ],
)
def test_bad_bodies_change_nothing(api: ApiCaller, action: str, body: Any) -> None:
    code = shipped(api, ("A1", 1))
    refused(api.post(f"fulfilments/{code}/{action}", body), 400, "validation_error")
    assert api.get(f"fulfilments/{code}").json()["state"] == "shipped"


@pytest.mark.parametrize("action", ["lost", "returning", "unpack"])
def test_another_building_has_no_say(api: ApiCaller, action: str) -> None:
    code = shipped(api, ("A1", 1))
    elsewhere = make_caller(["fulfilment:write"], locations=["W1"])
    refused(elsewhere.post(f"fulfilments/{code}/{action}"), 404, "not_found")
    cannot = make_caller(["orders:read"])
    assert cannot.post(f"fulfilments/{code}/{action}").status_code == 403


def test_the_timeline_tells_it_in_words(api: ApiCaller) -> None:
    code = shipped(api, ("A1", 2))
    step(api, code, "lost")
    step(api, code, "found")
    step(api, code, "put-back")
    lines = api.get(f"orders/{code.rpartition('-')[0]}/timeline").json()["results"]
    told = [line["text"] for line in lines]
    assert f"The carrier lost {code}: 2 x A1; it is refunded" in told
    assert f"S1 has 2 x A1 of {code}, which was lost" in told
    assert told[-1] == f"Put back from {code}: 2 x A1"
    assert not [text for text in told if "–" in text]
    assert to_put_back("A1", "S1") == 0


def test_a_closed_box_is_rejected_and_another_one_sent(api: ApiCaller) -> None:
    code = packed(api, ("A1", 2))
    body = units(("1", 1)) | {"reason": "no_capacity"}
    kept = step(api, code, "reject", body)
    assert (kept["state"], kept["lines"][0]["quantity"]) == ("packed", 1)
    step(api, code, "ship", {"carrier": "Post", "tracking_number": "1"})
    assert (stock("A1", "S1"), stock("A1", "W1")) == ((4, 0, 1), (5, 1, 0))
    laws(api)
