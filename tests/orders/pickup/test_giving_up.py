"""What is not collected in time goes back to its shelf."""

from __future__ import annotations

from typing import Any

import pytest

from core.access.principal import SYSTEM
from core.outbox.models import Event
from orders.commands.fulfilment.expire_pickups import expire_due_pickups
from orders.models import Fulfilment
from orders.pickup_code import pickup_pass
from orders.tasks import expire_pickups
from tests.conftest import ApiCaller
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    end_waiting,
    events,
    place,
    refused,
    step,
    stock,
    units,
)

pytestmark = pytest.mark.django_db


def test_giving_up_puts_the_goods_back_and_asks_for_a_refund(
    api: ApiCaller, order: dict[str, Any], waiting: str
) -> None:
    end_waiting(waiting)
    expired = step(api, waiting, "expire")
    assert (expired["state"], expired["allowed_actions"]) == ("expired", ["put-back"])
    assert (stock("A1", "S1"), stock("B1", "S1")) == ((5, 0, 2), (5, 0, 1))
    after = api.get(f"orders/{order['number']}").json()
    assert (after["state"], [line["cancelled"] for line in after["lines"]]) == (
        "cancelled", [2, 1],
    )  # fmt: skip
    assert events(order["number"])[4:] == [
        "fulfilment.expired", "order.cancelled", "refund.requested",
    ]  # fmt: skip
    refund = Event.objects.get(type="refund.requested").data
    assert refund["order"] == order["number"]
    assert (refund["amount"], refund["currency"], refund["reason"]) == (
        "30.00", "GBP", "not_collected",
    )  # fmt: skip
    assert [(line["line_id"], line["quantity"]) for line in refund["lines"]] == [
        ("1", 2), ("2", 1),
    ]  # fmt: skip
    body = {"code": pickup_pass(waiting, "S1").code}
    refused(api.post(f"fulfilments/{waiting}/collect", body), 409, "illegal_transition")
    step(api, waiting, "put-back")
    assert (stock("A1", "S1"), stock("B1", "S1")) == ((5, 0, 0), (5, 0, 0))
    assert_laws_hold()


def test_before_its_time_a_pickup_is_not_given_up(api: ApiCaller, waiting: str) -> None:
    problem = refused(api.post(f"fulfilments/{waiting}/expire"), 409, "pickup_not_over")
    shown = api.get(f"fulfilments/{waiting}").json()
    assert problem["pickup_expires_at"] == shown["pickup_expires_at"]
    assert (shown["state"], stock("A1", "S1")) == ("ready", (5, 2, 0))
    assert step(api, waiting, "cancel", {"reason": "moved abroad"})["state"] == "cancelled"


def test_only_what_was_not_collected_is_given_up(
    api: ApiCaller, order: dict[str, Any], waiting: str
) -> None:
    step(api, waiting, "collect", {"identity": {"document": "passport"}} | units(("1", 1)))
    end_waiting(waiting)
    step(api, waiting, "expire")
    after = api.get(f"orders/{order['number']}").json()
    assert [(line["fulfilled"], line["cancelled"]) for line in after["lines"]] == [(1, 1), (0, 1)]
    assert after["state"] == "completed"
    assert events(order["number"]).count("order.completed") == 1
    assert Event.objects.get(type="refund.requested").data["amount"] == "20.00"
    assert stock("A1", "S1") == (4, 0, 1)
    assert_laws_hold()


def test_goods_given_up_go_to_who_waits_for_them(api: ApiCaller, waiting: str) -> None:
    patient = place(api, ("A1", 5), allow_backorder=True)
    assert patient["lines"][0]["backordered"] == 2
    end_waiting(waiting)
    step(api, waiting, "expire")
    assert stock("A1", "S1") == (5, 3, 2)
    step(api, waiting, "put-back")
    (line,) = api.get(f"orders/{patient['number']}").json()["lines"]
    assert (line["reserved"], line["backordered"]) == (5, 0)
    assert stock("A1", "S1") == (5, 5, 0)
    assert_laws_hold()


def test_the_sweep_expires_what_is_due_and_nothing_else(api: ApiCaller, waiting: str) -> None:
    later = place(api, ("A1", 1), pickup_at="S1")["fulfilments"][0]["id"]
    step(api, later, "pick", units(("1", 1)))
    step(api, later, "ready")
    assert expire_due_pickups() == 0
    end_waiting(waiting)
    assert expire_pickups() == 1
    assert expire_pickups() == 0
    states = dict(Fulfilment.objects.values_list("code", "state"))
    assert states == {waiting: "expired", later: "ready"}
    assert stock("A1", "S1") == (5, 1, 2)
    assert Event.objects.get(type="fulfilment.expired").actor == SYSTEM.name


def test_what_waits_can_still_be_cancelled(
    api: ApiCaller, order: dict[str, Any], waiting: str
) -> None:
    step(api, waiting, "collect", {"identity": {"document": "passport"}} | units(("1", 2)))
    answer = api.post(f"orders/{order['number']}/cancellations", {"reason": "no longer"})
    assert answer.status_code in (200, 201), answer.content
    assert api.get(f"fulfilments/{waiting}").json()["state"] == "collected"
    assert api.get(f"orders/{order['number']}").json()["state"] == "completed"
    assert_laws_hold()
