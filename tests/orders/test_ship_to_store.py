"""Pickups whose goods another building sends: what may go otherwise than planned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import RingFence, Sku
from orders.commands.expire_pickups import expire_due_pickups
from orders.models import Fulfilment
from orders.pickup_code import pickup_pass
from stores.models import Channel, Location
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.conftest import ApiCaller, make_caller
from tests.orders.desk import assert_laws_hold, events, place, refused, step, stock, units

pytestmark = pytest.mark.django_db
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.fixture(autouse=True)
def world() -> dict[str, Any]:
    """A shop with nothing; a near warehouse with five of A1, a far one with five of A1 and B1."""
    hours = {day: [["09:00", "18:00"]] for day in DAYS}
    make_location("S1", kind="store", ships=False, hours=hours)
    near = make_location("W1", pickup=False, latitude=51.8, hours=hours)
    far = make_location("W2", pickup=False, latitude=55.9, hours=hours)
    make_channel("web")
    a, b = make_sku("A1"), make_sku("B1")
    stock_up(a, near, 5)
    stock_up(a, far, 5)
    stock_up(b, far, 5)
    return {"A1": a, "B1": b}


def look(api: ApiCaller, order: dict[str, Any]) -> dict[str, Any]:
    return api.get(f"orders/{order['number']}").json()


def packed(api: ApiCaller, order: dict[str, Any], lines: int = 1) -> dict[str, Any]:
    """Pick and pack the order's first fulfilment; return it."""
    share = order["fulfilments"][0]
    picked = [(line["line_id"], line["quantity"]) for line in share["lines"]]
    step(api, share["id"], "pick", units(*picked))
    return step(api, share["id"], "pack")


def sent(api: ApiCaller, order: dict[str, Any]) -> str:
    """Send the order's first fulfilment; return the id of its transfer."""
    share = packed(api, order)
    step(api, share["id"], "ship")
    return str(share["transfer"])


def arrive(api: ApiCaller, transfer: str, *lines: tuple[str, int], **more: Any) -> Any:
    given = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    answer = api.post(f"transfers/{transfer}/receive", {"lines": given} | more)
    assert answer.status_code == 200, answer.content
    return answer.json()


def states(order: dict[str, Any]) -> list[tuple[str | None, str, list[int]]]:
    return [
        (share["source"], share["state"], [line["quantity"] for line in share["lines"]])
        for share in order["fulfilments"]
    ]


def laws(api: ApiCaller) -> None:
    report = api.get("integrity").json()
    assert report["ok"], report["violations"]
    assert_laws_hold()


def test_cancelled_before_it_left_the_draft_goes_with_it(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), pickup_at="S1")
    share = packed(api, order)
    api.post(f"orders/{order['number']}/cancellations", {"reason": "no", **units(("1", 1))})
    (line,) = api.get(f"transfers/{share['transfer']}").json()["lines"]
    assert line["quantity"] == 2
    laws(api)
    api.post(f"orders/{order['number']}/cancellations", {"reason": "no"})
    assert api.get(f"transfers/{share['transfer']}").json()["state"] == "cancelled"
    assert states(look(api, order)) == [("W1", "cancelled", [0])]
    assert stock("A1", "W1") == (5, 0, 0)
    laws(api)


def test_cancelled_on_the_way_it_goes_on_sale_in_the_shop(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), pickup_at="S1")
    transfer = sent(api, order)
    arrive(api, transfer, ("A1", 1))
    answer = api.post(
        f"orders/{order['number']}/cancellations", {"reason": "no", **units(("1", 2))}
    )
    assert answer.status_code == 201
    # The one that has come is all that is wanted: it is ready, whatever else is on its way.
    assert states(look(api, order)) == [("W1", "ready", [1])]
    laws(api)
    arrive(api, transfer, ("A1", 2))
    assert stock("A1", "S1") == (3, 1, 0)
    laws(api)


def test_cancelled_whole_on_the_way_nobody_waits_any_more(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), pickup_at="S1")
    transfer = sent(api, order)
    arrive(api, transfer, ("A1", 1))
    api.post(f"orders/{order['number']}/cancellations", {"reason": "no"})
    assert states(look(api, order)) == [("W1", "cancelled", [0])]
    assert stock("A1", "S1") == (1, 0, 0)
    waiting = place(api, ("A1", 15), pickup_at="S1", allow_backorder=True)
    arrive(api, transfer, ("A1", 2))
    (line,) = look(api, waiting)["lines"]
    assert (line["reserved"], line["backordered"]) == (10, 5)  # 1 there, 7 elsewhere, 2 arrived
    laws(api)


def test_what_the_source_cannot_give_another_one_sends(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    step(api, code, "reject", {"lines": [{"line_id": "1", "quantity": 2, "reason": "not_found"}]})
    assert states(look(api, order)) == [("W1", "open", [1]), ("W2", "open", [2])]
    assert (stock("A1", "W1"), stock("A1", "W2")) == ((5, 1, 2), (5, 2, 0))
    laws(api)


def test_a_short_pick_at_the_source_is_sent_from_elsewhere(api: ApiCaller) -> None:
    order = place(api, ("A1", 2), pickup_at="S1")
    walk = api.post("pick-lists", {"location": "W1"}).json()
    line = walk["lines"][0]["id"]
    answer = api.post(f"pick-lists/{walk['id']}/lines/{line}/short", {"found": 1})
    assert answer.status_code == 200, answer.content
    assert states(look(api, order)) == [("W1", "picking", [1]), ("W2", "open", [1])]
    laws(api)


def test_a_count_that_breaks_a_closed_box_shrinks_its_draft(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), pickup_at="S1")
    transfer = packed(api, order)["transfer"]
    count = {
        "reason": "cycle_count",
        "lines": [{"sku": "A1", "location": "W1", "on_hand": 1}],
    }
    assert api.post("stock/counts/apply", count).status_code in (200, 201)
    assert states(look(api, order)) == [("W1", "packed", [1]), ("W2", "open", [2])]
    assert api.get(f"transfers/{transfer}").json()["lines"][0]["quantity"] == 1
    laws(api)
    step(api, order["fulfilments"][0]["id"], "ship")
    arrive(api, str(transfer), ("A1", 1))
    assert states(look(api, order))[0] == ("W1", "ready", [1])
    laws(api)


def test_a_count_in_the_shop_breaks_what_had_arrived(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), pickup_at="S1")
    transfer = sent(api, order)
    arrive(api, transfer, ("A1", 2))
    count = {
        "reason": "cycle_count",
        "lines": [{"sku": "A1", "location": "S1", "on_hand": 0}],
    }
    api.post("stock/counts/apply", count)
    assert states(look(api, order))[:2] == [("W1", "in_transit", [1]), ("W1", "open", [2])]
    laws(api)
    arrive(api, transfer, ("A1", 1))
    assert states(look(api, order))[0] == ("W1", "ready", [1])
    laws(api)


def test_what_arrives_damaged_is_sent_again(api: ApiCaller) -> None:
    order = place(api, ("A1", 2), ("B1", 1), pickup_at="S1", allow_split=False)
    assert states(order) == [("W2", "open", [2, 1])]
    transfer = sent(api, order)
    answer = api.post(
        f"transfers/{transfer}/receive",
        {
            "lines": [
                {"sku": "A1", "quantity": 2, "damaged": 1},
                {"sku": "B1", "quantity": 1},
            ]
        },
    )
    assert answer.json()["state"] == "received"
    assert stock("A1", "S1") == (2, 1, 1)
    assert states(look(api, order)) == [("W2", "ready", [1, 1]), ("W1", "open", [1])]
    told = api.get(f"orders/{order['number']}/timeline").json()["results"]
    assert any("1 x A1 will not come" in line["text"] for line in told)
    laws(api)


def test_lost_for_good_it_is_cancelled_and_paid_back(api: ApiCaller) -> None:
    order = place(api, ("B1", 5), pickup_at="S1", payment_reference="pay-1")
    transfer = sent(api, order)
    arrive(api, transfer, close=True)
    now = look(api, order)
    assert (now["state"], states(now)) == ("cancelled", [("W2", "rejected", [0])])
    assert events(order["number"])[-3:] == [
        "fulfilment.rejected", "order.cancelled", "refund.requested",
    ]  # fmt: skip
    laws(api)


def test_lost_for_good_it_waits_where_the_order_allows_it(api: ApiCaller) -> None:
    order = place(api, ("B1", 5), pickup_at="S1", allow_backorder=True)
    arrive(api, sent(api, order), ("B1", 4), close=True)
    now = look(api, order)
    assert (now["lines"][0]["reserved"], now["lines"][0]["backordered"]) == (4, 1)
    assert states(now) == [("W2", "ready", [4])]
    laws(api)


def test_nobody_collects_and_the_goods_stay_in_the_shop(api: ApiCaller) -> None:
    order = place(api, ("A1", 2), pickup_at="S1")
    arrive(api, sent(api, order), ("A1", 2))
    Fulfilment.objects.update(pickup_expires_at=timezone.now() - timedelta(minutes=1))
    assert expire_due_pickups() == 1
    assert states(look(api, order)) == [("W1", "expired", [0])]
    assert stock("A1", "S1") == (2, 0, 0)
    laws(api)


def test_ready_asked_again_only_says_the_bay(api: ApiCaller) -> None:
    order = place(api, ("A1", 1), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    refused(api.post(f"fulfilments/{code}/ready"), 409, "illegal_transition")
    arrive(api, sent(api, order), ("A1", 1))
    before = api.get(f"fulfilments/{code}").json()
    again = step(api, code, "ready", {"bay": "3"})
    assert again == before | {"bay": "3"}
    assert events(order["number"]).count("fulfilment.ready") == 1
    step(api, code, "collect", {"code": pickup_pass(code).code})
    laws(api)


def test_arrived_units_are_nobody_elses_whatever_is_kept_safe(
    api: ApiCaller, world: dict[str, Any]
) -> None:
    """The units came for this customer: neither safety stock nor a ring fence has a say."""
    pos = make_channel("pos")
    shop = Location.objects.get(code="S1")
    RingFence.objects.create(sku=world["A1"], location=shop, channel=pos, quantity=9)
    api.put("stock/safety-stock", {"lines": [{"sku": "A1", "location": "S1", "units": 9}]})
    order = place(api, ("A1", 2), pickup_at="S1")
    arrive(api, sent(api, order), ("A1", 2))
    assert states(look(api, order)) == [("W1", "ready", [2])]
    laws(api)


def test_what_is_fenced_at_the_source_is_left_there(api: ApiCaller, world: dict[str, Any]) -> None:
    pos: Channel = make_channel("pos")
    sku: Sku = world["A1"]
    near = Location.objects.get(code="W1")
    RingFence.objects.create(sku=sku, location=near, channel=pos, quantity=4)
    order = place(api, ("A1", 2), pickup_at="S1")
    assert states(order) == [("W2", "open", [2])]
    laws(api)


def test_backorders_of_a_shop_are_filled_from_where_goods_arrive(api: ApiCaller) -> None:
    order = place(api, ("B1", 7), pickup_at="S1", allow_backorder=True)
    assert order["lines"][0]["backordered"] == 2
    receipt = {"location": "W1", "reference": "PO-2", "lines": [{"sku": "B1", "quantity": 9}]}
    assert api.post("receipts", receipt).status_code in (200, 201)
    assert states(look(api, order)) == [("W2", "open", [5]), ("W1", "open", [2])]
    laws(api)


def test_the_answer_before_is_what_the_order_promises(api: ApiCaller) -> None:
    """For units in the shop, in one building, in two, and for more than there are."""
    stock_up(Sku.objects.get(code="A1"), Location.objects.get(code="S1"), 1)
    for wanted in (1, 4, 9):
        body = {
            "channel": "web",
            "lines": [{"sku": "A1", "quantity": wanted}],
            "locations": ["S1", "W1"],
        }
        shop, warehouse = api.post("availability/query", body).json()["lines"][0]["locations"]
        assert warehouse["pickup"] == {"available": False, "ready_by": None}
        assert shop["pickup"]["available"]
        order = place(api, ("A1", wanted), pickup_at="S1")
        promised = max(share["promise"]["ready_by"] for share in order["fulfilments"])
        assert shop["pickup"]["ready_by"] == promised
        api.post(f"orders/{order['number']}/cancellations", {"reason": "next"})
    body["lines"] = [{"sku": "A1", "quantity": 12}]
    shop, _ = api.post("availability/query", body).json()["lines"][0]["locations"]
    assert shop["pickup"] == {"available": False, "ready_by": None}
    body["lines"] = [{"sku": "A1", "quantity": 1}, {"sku": "A1", "quantity": 1}]
    here, later = (
        line["locations"][0]["pickup"]["ready_by"]
        for line in api.post("availability/query", body).json()["lines"]
    )
    assert here < later  # the shop has one: the second line waits for the other


def test_without_names_only_what_is_there_is_offered(api: ApiCaller) -> None:
    body = {"channel": "web", "lines": [{"sku": "A1", "quantity": 1}]}
    (line,) = api.post("availability/query", body).json()["lines"]
    assert [here["location"] for here in line["locations"]] == ["W1", "W2"]


def test_the_quote_names_the_building_that_sends(api: ApiCaller) -> None:
    body = {
        "channel": "web",
        "external_id": "q",
        "currency": "GBP",
        "lines": [
            {
                "line_id": "1",
                "sku": "A1",
                "quantity": 1,
                "unit_price": "1.00",
                "fulfilment": {"type": "pickup", "location": "S1"},
            }
        ],
    }
    (share,) = api.post("sourcing/quote", body).json()["allocations"]
    assert (share["location"], share["source"]) == ("S1", "W1")


def test_each_building_does_its_own_part(api: ApiCaller) -> None:
    order = place(api, ("A1", 1), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    keys = {place: make_caller(["*"], locations=[place]) for place in ("S1", "W1", "W2")}
    refused(keys["W2"].get(f"fulfilments/{code}"), 404, "not_found")
    for action in ("accept", "pick", "pack", "ship", "reject"):
        body = units(("1", 1)) if action == "pick" else {}
        refused(keys["S1"].post(f"fulfilments/{code}/{action}", body), 404, "not_found")
    for action, body in (("pick", units(("1", 1))), ("pack", {}), ("ship", {})):
        assert keys["W1"].post(f"fulfilments/{code}/{action}", body).status_code == 200
    transfer = Fulfilment.objects.get().transfer_id
    arrive(keys["S1"], str(transfer), ("A1", 1))
    for action in ("ready", "expire"):
        refused(keys["W1"].post(f"fulfilments/{code}/{action}"), 404, "not_found")
    body = {"id_checked_by": "Ada"}
    refused(keys["W1"].post(f"fulfilments/{code}/collect", body), 404, "not_found")
    assert keys["S1"].post(f"fulfilments/{code}/collect", body).status_code == 200


def test_its_events_reach_both_buildings(api: ApiCaller) -> None:
    sent(api, place(api, ("A1", 1), pickup_at="S1"))
    for place_ in ("S1", "W1"):
        key = make_caller(["orders:read"], locations=[place_])
        types = [each["type"] for each in key.get("events").json()["results"]]
        assert "fulfilment.in_transit" in types
        assert "transfer.dispatched" in types
    key = make_caller(["orders:read"], locations=["W2"])
    types = [each["type"] for each in key.get("events").json()["results"]]
    assert "fulfilment.in_transit" not in types
