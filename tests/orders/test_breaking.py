"""Where fewer units are found than are promised, those promises break that hold theirs least."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.models import Reservation
from tests.conftest import ApiCaller
from tests.factories import (
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    stock_up,
)
from tests.inventory.stock_helpers import expire_cart, hold
from tests.omniretail.files.import_helpers import bring_in
from tests.orders.fulfilment_helpers import assert_laws_hold, place, step, stock, units
from tests.orders.picking.picking_helpers import scan, send, short, start

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    """Four of A1, in one shop."""
    shop = LocationFactory(code="W1", store=True)
    ChannelFactory(code="web")
    article = SkuFactory(code="A1")
    BarcodeFactory(sku=article, code="05012345678900")
    stock_up(article, shop, 4)


def done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.json()
    return answer.json()


# Each leaves so many of the four units to be promised.


def count(api: ApiCaller, left: int) -> None:
    lines = [{"sku": "A1", "location": "W1", "on_hand": left}]
    done(api.post("stock/counts/apply", {"reason": "cycle_count", "lines": lines}))


def adjust(api: ApiCaller, left: int) -> None:
    lines = [{"sku": "A1", "location": "W1", "on_hand_delta": left - 4}]
    done(api.post("stock/adjustments", {"reason": "lost", "lines": lines}))


def set_apart(api: ApiCaller, left: int) -> None:
    line = {"sku": "A1", "location": "W1", "from": "available", "to": "damaged"}
    done(api.post("stock/unavailable", {"lines": [line | {"quantity": 4 - left}]}))


def report(api: ApiCaller, left: int) -> None:
    moment = datetime.now(UTC).isoformat()
    lines = [{"sku": "A1", "location": "W1", "on_hand": left}]
    done(api.post("stock/snapshots", {"source": "erp", "as_of": moment, "lines": lines}))


def upload(api: ApiCaller, left: int) -> None:
    imported = bring_in(api, "stock", "sku,location,on_hand", f"A1,W1,{left}")
    assert imported["rows_failed"] == 0


CAUSES = [count, adjust, set_apart, report, upload]
Cause = Callable[[ApiCaller, int], None]


def pick(api: ApiCaller, order: dict[str, Any], quantity: int) -> str:
    code: str = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", quantity)))
    return code


def kept(api: ApiCaller, *orders: dict[str, Any]) -> list[tuple[int, int]]:
    """Return (reserved, cancelled) of the line of each order."""
    seen = [done(api.get(f"orders/{order['number']}"))["lines"][0] for order in orders]
    return [(line["reserved"], line["cancelled"]) for line in seen]


@pytest.mark.parametrize("cause", CAUSES)
def test_open_work_breaks_before_a_newer_packed_box(api: ApiCaller, cause: Cause) -> None:
    still_open, packed = place(api, ("A1", 2)), place(api, ("A1", 2))
    step(api, pick(api, packed, 2), "pack")
    cause(api, 2)
    assert kept(api, still_open, packed) == [(0, 2), (2, 0)]
    step(api, packed["fulfilments"][0]["id"], "ship", {"carrier": "P", "tracking_number": "1"})
    assert_laws_hold()


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cart_breaks_before_an_order_that_is_older_or_newer(api: ApiCaller, cause: Cause) -> None:
    older = place(api, ("A1", 1))
    cart = hold(api, ("A1", 2))
    newer = place(api, ("A1", 1))
    cause(api, 3)
    assert kept(api, older, newer) == [(1, 0), (1, 0)]
    (held,) = Reservation.objects.filter(group=cart)
    assert (held.state, held.quantity) == ("held", 1)
    assert_laws_hold()


def test_a_hold_whose_time_is_over_breaks_before_a_newer_cart(api: ApiCaller) -> None:
    over = hold(api, ("A1", 2))
    running = hold(api, ("A1", 2))
    expire_cart(over)
    adjust(api, 2)
    assert [row.quantity for row in Reservation.objects.filter(group=running, state="held")] == [2]


def test_picked_work_breaks_after_open_and_before_what_waits_in_a_bay(api: ApiCaller) -> None:
    waiting = place(api, ("A1", 1), pickup_at="W1")
    step(api, pick(api, waiting, 1), "ready", {"bay": "7"})
    picked = place(api, ("A1", 1))
    pick(api, picked, 1)
    older, newer = place(api, ("A1", 1)), place(api, ("A1", 1))
    orders = (waiting, picked, older, newer)
    count(api, 3)
    assert kept(api, *orders) == [(1, 0), (1, 0), (1, 0), (0, 1)]
    count(api, 2)
    assert kept(api, *orders) == [(1, 0), (1, 0), (0, 1), (0, 1)]
    count(api, 1)
    assert kept(api, *orders) == [(1, 0), (0, 1), (0, 1), (0, 1)]
    count(api, 0)
    assert kept(api, *orders) == [(0, 1), (0, 1), (0, 1), (0, 1)]
    assert_laws_hold()


def test_of_a_line_picked_in_part_the_units_on_the_shelf_break_first(api: ApiCaller) -> None:
    begun, still_open = place(api, ("A1", 3)), place(api, ("A1", 1))
    pick(api, begun, 2)
    count(api, 3)  # the newer of the two with units on the shelf
    assert kept(api, begun, still_open) == [(3, 0), (0, 1)]
    count(api, 2)
    (line,) = done(api.get(f"fulfilments/{begun['fulfilments'][0]['id']}"))["lines"]
    assert (line["quantity"], line["picked"]) == (2, 2)
    step(api, begun["fulfilments"][0]["id"], "pack")
    assert_laws_hold()


def test_a_short_pick_breaks_the_promise_that_was_walked_for(api: ApiCaller) -> None:
    walked_for, newer = place(api, ("A1", 2)), place(api, ("A1", 2))
    pick_list = start(api, fulfilments=[walked_for["fulfilments"][0]["id"]])
    send(api, pick_list, scan("05012345678900"))
    assert short(api, pick_list, 1).status_code == 200
    assert kept(api, walked_for, newer) == [(1, 1), (2, 0)]
    # What was scanned is in a tote: another missing unit is the newer order's.
    adjust(api, 2 + 1)
    assert kept(api, walked_for, newer) == [(1, 1), (1, 1)]
    assert stock("A1", "W1") == (3, 2, 1)
    assert_laws_hold()


def test_units_found_by_a_short_pick_are_picked(api: ApiCaller) -> None:
    walked_for, newer = place(api, ("A1", 2)), place(api, ("A1", 2))
    pick_list = start(api, fulfilments=[walked_for["fulfilments"][0]["id"]])
    assert short(api, pick_list, 1).status_code == 200
    adjust(api, 3)
    assert kept(api, walked_for, newer) == [(1, 1), (1, 1)]


def test_what_is_left_of_a_packed_box_stays_as_sure(api: ApiCaller) -> None:
    packed = place(api, ("A1", 3))
    step(api, pick(api, packed, 3), "pack")
    done(
        api.post(
            f"orders/{packed['number']}/cancellations",
            {"reason": "changed mind", "lines": [{"line_id": "1", "quantity": 1}]},
        )
    )
    step(api, packed["fulfilments"][0]["id"], "put-back")
    newer = place(api, ("A1", 2))
    count(api, 2)
    assert kept(api, packed, newer) == [(2, 1), (0, 2)]
    assert_laws_hold()
