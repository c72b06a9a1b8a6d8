"""What a tie leaves a client and a person: a shop's exceptions, and acts at one's own place."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from core.outbox.events import OutboxEvent, publish
from inventory.models import ReservationGroup
from orders.models import Fulfilment, Order, Return
from tests.access.world import OTHERS, OURS, World, caller, fill
from tests.conftest import ApiCaller
from tests.factories import CartBody, OrderBody, OrderLineBody

pytestmark = pytest.mark.django_db

SITE, SHOP, DEPOT = f"{OURS}-site", f"{OURS}-A", f"{OURS}-B"


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    return problem


def at_shop(*scopes: str) -> ApiCaller:
    return caller(list(scopes), locations=[SHOP])


def place(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Place an order through our site with one unit in each line."""
    rows = [
        OrderLineBody(line_id=str(number), sku="T1", fulfilment=way)
        for number, way in enumerate(lines, start=1)
    ]
    answer = caller(["*"]).post("orders", OrderBody(channel=SITE, lines=rows) | more)
    assert answer.status_code == 201, answer.content
    return answer.json()


def collected_at(location: str) -> dict[str, str]:
    return {"type": "pickup", "location": location}


# A shop finds an order to take goods of it back.


def test_a_shop_is_told_goods_of_anothers_order_and_nothing_of_the_customer(world: World) -> None:
    till = at_shop("orders:read", "returns:write")
    found = till.get(f"orders/{world.others['sold']}").json()
    (line,) = found["lines"]
    assert (line["sku"], line["fulfilled"], line["unit_price"]) == ("T1", 4, "5.00")
    assert found["ship_to"] == {"country": "GB"}
    assert found["customer_id"] is None
    assert found["fulfilments"] == []
    assert [word for word in (" person", " note", "-paid") if f"{OTHERS}{word}" in str(found)] == []
    for more in ("timeline", "sourcing"):
        assert till.get(f"orders/{world.others['sold']}/{more}").status_code == 404
    assert till.get("orders").json()["results"] != []
    assert world.others["sold"] not in till.get("orders").content.decode()


@pytest.mark.parametrize(
    ("scopes", "ties"),
    [
        (["orders:read"], {"locations": [SHOP]}),
        (["orders:read", "returns:write"], {"channels": [SITE]}),
    ],
)
def test_who_takes_no_returns_in_a_shop_finds_it_not(
    world: World, scopes: list[str], ties: dict[str, Any]
) -> None:
    assert caller(scopes, **ties).get(f"orders/{world.others['sold']}").status_code == 404


def test_a_shop_scans_and_takes_what_another_channel_sold(world: World) -> None:
    till = caller(["*"], locations=[SHOP], channels=[SITE])
    assert till.get(f"scan/omni:order:{world.others['sold']}").json()["kind"] == "order"
    assert till.get(f"scan/omni:return:{world.others['ret']}").json()["kind"] == "return"
    assert till.get(f"scan/omni:pickup:{world.others['pickup']}:x").status_code == 404
    asked = {
        "order": world.others["sold"],
        "channel": SITE,
        "lines": [{"line_id": "1", "quantity": 1, "reason": "size"}],
        "resolution": "refund",
        "drop_off": {"type": "store"},
    }
    taken = till.post("returns", asked)
    assert taken.status_code == 201
    assert taken.json()["drop_off"]["location"] == SHOP, "it is the only one of this till"
    label = {"line_id": "1", "quantity": 1, "disposition": "inspect"}
    came = till.post(f"returns/{taken.json()['id']}/receipts", {"location": SHOP, "lines": [label]})
    assert came.status_code == 201
    decided = label | {"location": SHOP, "disposition": "restock"}
    assert (
        till.post(f"returns/{taken.json()['id']}/dispositions", {"lines": [decided]}).status_code
        == 201
    )


# Acts happen at one's own place.


def test_a_shop_cancels_what_it_works_on_and_no_work_of_another(world: World) -> None:
    till = at_shop("orders:read", "orders:write")
    order = place(collected_at(SHOP), collected_at(DEPOT))["number"]
    refused(till.post(f"orders/{order}/cancellations", {"reason": "x"}), 403, "tied_principal")
    mine = {"reason": "x", "lines": [{"line_id": "1", "quantity": 1}]}
    assert till.post(f"orders/{order}/cancellations", mine).status_code == 201
    states = Fulfilment.objects.filter(order__number=order).order_by("location__code")
    assert list(states.values_list("state", flat=True)) == ["cancelled", "open"]


def test_a_shop_ends_no_return_that_comes_to_another(world: World) -> None:
    till = at_shop("orders:read", "returns:write")
    order = place({"type": "carry_out", "location": SHOP})["number"]
    asked = {
        "order": order,
        "channel": SITE,
        "lines": [{"line_id": "1", "quantity": 1, "reason": "size"}],
        "resolution": "exchange",
        "drop_off": {"type": "store", "location": DEPOT},
    }
    ret = caller(["*"]).post("returns", asked).json()["id"]
    assert till.get(f"returns/{ret}").status_code == 200, "its order was sold here"
    for action, body in (("cancel", {}), ("close", {}), ("resolution", {"resolution": "refund"})):
        assert till.post(f"returns/{ret}/{action}", body).status_code == 404
    assert Return.objects.get(pk=ret).state == "authorised"


def test_a_hold_is_of_its_channel_and_of_its_locations(world: World) -> None:
    def hold(who: ApiCaller, *places: str) -> str:
        lines = [{"sku": "T1", "quantity": 1, "location": place} for place in places]
        answer = who.post("reservations", CartBody(channel=SITE, lines=lines))
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    till = at_shop("reservations:write", "orders:write")
    mine, partly = hold(till, SHOP), hold(caller(["*"]), SHOP, DEPOT)
    assert till.get(f"reservations/{mine}").status_code == 200
    assert till.get(f"reservations/{partly}").status_code == 404
    assert till.post(f"reservations/{partly}/release").status_code == 404
    taken = OrderBody(
        channel=SITE,
        reservation_id=partly,
        lines=[OrderLineBody(sku="T1", fulfilment=collected_at(SHOP))],
    )
    refused(till.post("orders", taken), 409, "reservation_not_live")
    assert ReservationGroup.objects.get(pk=partly).ordered_at is None


def test_an_exchange_is_of_a_return_that_its_channel_sees(world: World) -> None:
    swap = OrderBody(
        channel=SITE,
        exchange_of=world.others["ret"],
        lines=[OrderLineBody(sku="T1", unit_price="1.00", fulfilment=collected_at(SHOP))],
    )
    site = caller(["*"], channels=[SITE])
    (error,) = refused(site.post("orders", swap), 400, "validation_error")["errors"]
    assert error["code"] == "unknown_return"
    swap["exchange_of"] = world.ours["ret"]
    assert site.post("orders", swap).status_code == 201


# What is told beside the rows themselves.


def movements(who: ApiCaller, **asked: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = who.get("stock/movements", limit="200", **asked).json()["results"]
    text = b"".join(who.get("exports/movements.csv", **asked)).decode()
    named = [(row["id"], row["reference"], row["actor"]) for row in rows]
    written = csv.DictReader(text.splitlines())
    assert [(row["id"], row["reference"], row["actor"]) for row in written] == named
    return rows


def test_a_channel_reads_the_ledger_without_what_others_call_it(world: World) -> None:
    site, whole = caller(["stock:read"], channels=[SITE]), caller(["stock:read"])
    own = set(Order.objects.filter(channel__code=SITE).values_list("number", flat=True))
    own.add(f"return/{world.ours['ret']}")
    here = {row["id"]: row for row in movements(whole) if row["location"] in (SHOP, DEPOT)}
    told = {row["id"]: row for row in movements(site)}
    assert told.keys() == here.keys(), "each movement is there, with its balances"
    for identity, row in told.items():
        whole_row = here[identity]
        if whole_row["reference"] in own:
            assert row == whole_row
        else:
            assert row == whole_row | {"reference": "", "actor": ""}
    assert any(row["reference"] for row in told.values())
    assert movements(site, reference=f"{OURS}-NOTE") == []
    assert movements(site, reference=world.ours["order"]) != []


def test_people_see_what_other_shops_have_and_keys_of_a_shop_do_not(world: World) -> None:
    rows = at_shop("stock:read").get("stock").json()["results"]
    assert {row["location"] for row in rows} == {SHOP}


def test_an_event_is_told_to_whom_its_order_concerns(world: World) -> None:
    publish(OutboxEvent("integrity.violated", "checks/1", {"count": 1}))
    publish(OutboxEvent("customer.erased", "customers/1", {"orders": [world.ours["order"]]}))
    publish(OutboxEvent("customer.erased", "customers/2", {"orders": [world.others["order"]]}))
    caller(["*"]).get("events")
    for ties in ({"channels": [SITE]}, {"locations": [SHOP]}):
        feed = caller(["orders:read"], **ties).get("events", limit="200").json()["results"]
        assert {event["type"] for event in feed} >= {"order.placed", "return.requested"}
        erased = [each["subject"] for each in feed if each["type"] == "customer.erased"]
        assert erased == ["customers/1"]
        assert "integrity.violated" not in {event["type"] for event in feed}


def test_a_key_of_a_channel_takes_no_part_in_the_work_of_buildings(world: World) -> None:
    site = caller(["stock:read", "stock:write"], channels=[SITE])
    body = {"reason": "found", "lines": [{"sku": "T1", "location": SHOP, "on_hand_delta": 1}]}
    (error,) = refused(site.post("stock/adjustments", body), 400, "validation_error")["errors"]
    assert error["code"] == "unknown_location"
    for path in ("deliveries/{delivery}", "transfers/{transfer}", "stock/counts/{count}"):
        assert site.get(fill(path, world.ours)).status_code == 404
