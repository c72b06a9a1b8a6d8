"""The story of an order, as a person at the desk reads it."""

from __future__ import annotations

import pytest

from tests.conftest import ApiCaller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    OrderLineBody,
    ReturnBody,
    SkuFactory,
    stock_up,
)
from tests.orders.fulfilment_helpers import end_waiting, place, step, units

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    ChannelFactory(code="web")
    for code in ("S1", "S2"):
        shop = LocationFactory(code=code, store=True, priority=int(code[1]))
        for sku in ("MUG", "BOWL") if code == "S1" else ("MUG2",):
            stock_up(SkuFactory(code=sku), shop, 3)


def story(api: ApiCaller, number: str) -> list[str]:
    answer = api.get(f"orders/{number}/timeline")
    assert answer.status_code == 200
    return [entry["text"] for entry in answer.json()["results"]]


def test_a_hand_over_in_parts_says_what_went_and_what_waits(api: ApiCaller) -> None:
    order = place(api, ("MUG", 2), ("BOWL", 1), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 2), ("2", 1)))
    step(api, code, "ready", {"bay": "B7"})
    step(api, code, "collect", {"identity": {"document": "passport"}} | units(("1", 1)))
    step(api, code, "collect", {"identity": {"document": "passport"}})
    assert story(api, order["number"])[-4:] == [
        f"{code} waits for the customer at S1, in B7",
        f"S1 handed over 1 x MUG of {code} on a passport; the rest waits",
        f"S1 handed over 1 x MUG, 1 x BOWL of {code} on a passport",
        "Completed",
    ]


def test_what_a_location_cannot_give_is_named_with_its_reason(api: ApiCaller) -> None:
    order = place(api, ("MUG", 2), ("BOWL", 1))
    code = order["fulfilments"][0]["id"]
    step(api, code, "reject", {"lines": [{"line_id": "1", "quantity": 2, "reason": "not_found"}]})
    assert story(api, order["number"])[-3:] == [
        "S1 could not give 2 x MUG (not found)",
        f"Cancelled: 2 of line 1 (rejected {code})",
        f"Refund of 20.00 GBP asked for (rejected {code})",
    ]


def test_a_till_sale_is_told_as_done(api: ApiCaller) -> None:
    way = {"type": "carry_out", "location": "S1"}
    line = OrderLineBody(sku="MUG", fulfilment=way)
    order = place(api, lines=[line])
    assert story(api, order["number"])[1:] == ["S1 handed over 1 x MUG at the till", "Completed"]


def test_words_of_the_code_read_as_words(api: ApiCaller) -> None:
    order = place(api, ("MUG", 1), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 1)))
    step(api, code, "ready")
    end_waiting(code)
    step(api, code, "expire")
    told = story(api, order["number"])
    assert f"{code} waits for the customer at S1" in told
    assert told[-2:] == [
        "Cancelled: 1 of line 1 (not collected)",
        "Refund of 10.00 GBP asked for (not collected)",
    ]


def test_a_return_and_its_exchange_tell_what_came_where(api: ApiCaller) -> None:
    way = {"type": "carry_out", "location": "S1"}
    line = OrderLineBody(sku="MUG", quantity=2, fulfilment=way)
    sold = place(api, lines=[line])["number"]
    body = ReturnBody(
        order=sold,
        lines=[{"line_id": "1", "quantity": 2, "reason": "chipped"}],
        resolution="exchange",
        drop_off={"type": "store", "location": "S2"},
    )
    ret = api.post("returns", body).json()["id"]
    came = [
        {"line_id": "1", "quantity": 1, "disposition": "damaged"},
        {"line_id": "1", "quantity": 1, "disposition": "to_vendor"},
    ]
    received = api.post(f"returns/{ret}/receipts", {"location": "S2", "lines": came}).json()
    assert received["unspent"]["units"] == 2
    replacement = place(api, ("BOWL", 1), exchange_of=ret)
    assert api.get(f"returns/{ret}").json()["exchanges"] == [replacement["number"]]
    assert api.get(f"orders/{replacement['number']}").json()["exchange_of"] == ret
    assert story(api, sold)[-3:] == [
        f"Return {ret} announced through web: 2 x MUG (chipped)",
        f"Return {ret} came to S2: 1 x MUG (damaged), 1 x MUG (to vendor)",
        f"Return {ret} is closed",
    ]
    assert story(api, replacement["number"])[0].endswith(f"in exchange for return {ret}")


def test_a_return_that_was_not_brought_is_called_off(api: ApiCaller) -> None:
    way = {"type": "carry_out", "location": "S1"}
    line = OrderLineBody(sku="MUG", fulfilment=way)
    sold = place(api, lines=[line])["number"]
    body = ReturnBody(order=sold, lines=[{"line_id": "1", "quantity": 1, "reason": ""}])
    ret = api.post("returns", body).json()["id"]
    api.post(f"returns/{ret}/cancel")
    assert story(api, sold)[-1] == f"Return {ret} is called off"
