"""An order names the cart whose goods it takes over, in time or a moment too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.models import ReservationGroup
from inventory.tasks import expire_reservations
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, RingFenceFactory
from tests.inventory.stock_helpers import balances, expire_cart, hold, problem
from tests.orders.fulfilment_helpers import assert_laws_hold
from tests.orders.placing.placing_helpers import order_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("world")]


def place(api: ApiCaller, cart: str, *lines: tuple[str, int], **more: Any) -> Any:
    return api.post("orders", order_of(*lines, reservation_id=cart, **more))


@pytest.mark.parametrize("swept", [False, True])
def test_a_hold_that_has_just_ended_is_honoured(api: ApiCaller, swept: bool) -> None:
    cart = hold(api, ("B1", 3))
    expire_cart(cart)
    if swept:
        expire_reservations()
    assert place(api, cart, ("B1", 3)).status_code == 201
    assert balances("B1", "W2") == (3, 3, 0)
    assert api.get(f"reservations/{cart}").json()["state"] == "confirmed"
    again = place(api, cart, ("A1", 1), external_id="W-2")
    problem(again, 409, "reservation_not_live")
    assert_laws_hold()


def test_its_goods_may_have_been_fenced_for_others_since(api: ApiCaller, world: Any) -> None:
    cart = hold(api, ("B1", 3))
    other = ChannelFactory(code="market")
    RingFenceFactory(channel=other, sku=world["B1"], location=world["W2"], quantity=3)
    expire_cart(cart)
    assert place(api, cart, ("B1", 3)).status_code == 201


def test_it_is_over_when_another_order_has_its_goods(api: ApiCaller, world: Any) -> None:
    cart = hold(api, ("B1", 3))
    expire_cart(cart)
    assert api.post("orders", order_of(("B1", 1), external_id="W-2")).status_code == 201
    problem(place(api, cart, ("B1", 3)), 409, "reservation_not_live")
    # Others have what they may have: the hold gives no claim to it.
    other = ChannelFactory(code="market")
    RingFenceFactory(channel=other, sku=world["B1"], location=world["W2"], quantity=3)
    assert place(api, cart, ("B1", 2)).status_code == 201
    assert balances("B1", "W2") == (3, 3, 0)
    assert_laws_hold()


def test_it_is_over_after_some_minutes(api: ApiCaller) -> None:
    cart = hold(api, ("B1", 3))
    expire_cart(cart)
    ReservationGroup.objects.filter(pk=cart).update(
        expires_at=datetime.now(UTC) - timedelta(minutes=6)
    )
    problem(place(api, cart, ("B1", 3)), 409, "reservation_not_live")
    assert balances("B1", "W2") == (3, 3, 0)  # not swept yet, and not changed by the refusal


def test_a_cart_that_was_released_is_over(api: ApiCaller) -> None:
    cart = hold(api, ("B1", 3))
    assert api.post(f"reservations/{cart}/release").status_code == 200
    problem(place(api, cart, ("B1", 3)), 409, "reservation_not_live")
