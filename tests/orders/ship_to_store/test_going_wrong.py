"""Pickups whose goods another building sends: what may go otherwise than planned."""

from __future__ import annotations

import pytest

from orders.commands.fulfilment.expire_pickups import expire_due_pickups
from orders.pickup_code import pickup_pass
from tests.conftest import ApiCaller
from tests.orders.fulfilment_helpers import end_waiting, events, place, refused, step, stock, units
from tests.orders.ship_to_store.ship_to_store_helpers import (
    arrive,
    laws,
    look,
    packed,
    sent,
    states,
)

pytestmark = pytest.mark.django_db


def test_cancelled_before_it_left_the_draft_goes_with_it(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), pickup_at="S1")
    fulfilment = packed(api, order)
    api.post(f"orders/{order['number']}/cancellations", {"reason": "no", **units(("1", 1))})
    (line,) = api.get(f"transfers/{fulfilment['transfer']}").json()["lines"]
    assert line["quantity"] == 2
    laws(api)
    api.post(f"orders/{order['number']}/cancellations", {"reason": "no"})
    assert api.get(f"transfers/{fulfilment['transfer']}").json()["state"] == "cancelled"
    assert states(look(api, order)) == [("W1", "cancelled", [0])]
    assert stock("A1", "W1") == (5, 0, 3)
    step(api, fulfilment["id"], "put-back")
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


def test_cancelled_whole_on_the_way_the_pickup_is_over(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), pickup_at="S1")
    transfer = sent(api, order)
    arrive(api, transfer, ("A1", 1))
    api.post(f"orders/{order['number']}/cancellations", {"reason": "no"})
    assert states(look(api, order)) == [("W1", "cancelled", [0])]
    assert stock("A1", "S1") == (1, 0, 1)
    step(api, order["fulfilments"][0]["id"], "put-back")
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
    # W1 is nearer, but W2 supplies this order, which is not to be split.
    assert states(look(api, order)) == [("W2", "ready", [1, 1]), ("W2", "open", [1])]
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


def test_not_collected_the_goods_stay_in_the_shop(api: ApiCaller) -> None:
    order = place(api, ("A1", 2), pickup_at="S1")
    arrive(api, sent(api, order), ("A1", 2))
    end_waiting()
    assert expire_due_pickups() == 1
    assert states(look(api, order)) == [("W1", "expired", [0])]
    assert stock("A1", "S1") == (2, 0, 2)
    step(api, order["fulfilments"][0]["id"], "put-back")
    assert stock("A1", "S1") == (2, 0, 0)
    laws(api)


def test_ready_asked_again_only_says_the_bay(api: ApiCaller) -> None:
    order = place(api, ("A1", 1), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    refused(api.post(f"fulfilments/{code}/ready"), 409, "illegal_transition")
    arrive(api, sent(api, order), ("A1", 1))
    before = api.get(f"fulfilments/{code}").json()
    again = step(api, code, "ready", {"bay": "3"})
    assert again == before | {"bay": "3", "updated_at": again["updated_at"]}
    assert events(order["number"]).count("fulfilment.ready") == 1
    step(api, code, "collect", {"code": pickup_pass(code, "S1").code})
    laws(api)
