"""What runs by the clock in the stock pool."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.outbox.models import Event
from inventory.tasks import expire_reservations
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, hold_units, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, expire_cart, hold

pytestmark = pytest.mark.django_db


class TestExpiry:
    def test_carts_that_took_too_long_are_told_once(self, api: ApiCaller) -> None:
        ChannelFactory(code="web")
        location = LocationFactory(code="W1")
        for code in ("A1", "A2"):
            stock_up(SkuFactory(code=code), location, 5)
        over, running = hold(api, ("A1", 2), ("A2", 1)), hold(api, ("A1", 1))
        expire_cart(over)
        assert expire_reservations() == 1
        assert expire_reservations() == 0
        assert (balances("A1", "W1"), balances("A2", "W1")) == ((5, 1, 0), (5, 0, 0))
        event = Event.objects.get(type="reservation.expired")
        assert event.subject == f"reservations/{over}"
        assert (event.data["id"], event.data["state"]) == (over, "expired")
        assert api.get(f"reservations/{running}").json()["state"] == "held"
        assert_pool_laws()

    def test_more_than_one_round_takes_are_all_ended(self) -> None:
        sku, location = SkuFactory(code="A1"), LocationFactory(code="W1")
        stock_up(sku, location, 2_500)
        channel = ChannelFactory(code="web")
        over = datetime.now(UTC) - timedelta(seconds=1)
        for _ in range(2):
            hold_units(sku, location, *[1] * 1_200, channel=channel, until=over)
        assert expire_reservations() == 2
        assert balances("A1", "W1") == (2_500, 0, 0)
        assert Event.objects.filter(type="reservation.expired").count() == 2

    def test_with_nothing_to_do_nothing_is_done(self) -> None:
        assert expire_reservations() == 0
        assert not Event.objects.exists()
