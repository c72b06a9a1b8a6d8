"""What runs by the clock in the stock pool."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core.outbox.models import Event
from inventory.models import StockMovement
from inventory.tasks import PARTITION_SIZE, expire_reservations, prepare_ledger
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, hold_units, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, expire_cart, hold

pytestmark = pytest.mark.django_db


def partitions() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT substring(inhrelid::regclass::text FROM '_p(\\d+)$')::int FROM pg_inherits
               WHERE inhparent = 'inventory_stockmovement'::regclass ORDER BY 1"""
        )
        return [number for (number,) in cursor.fetchall()]


def draw_ids_past(number: int) -> None:
    with connection.cursor() as cursor:
        # Unlike setval(), this is taken back with the test.
        cursor.execute(f"ALTER SEQUENCE inventory_stockmovement_id_seq RESTART WITH {number + 1}")
        cursor.execute("SELECT nextval('inventory_stockmovement_id_seq')")


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


class TestPreparingTheLedger:
    def test_a_new_ledger_is_ready(self) -> None:
        assert prepare_ledger() == []
        assert partitions() == [0, 1, 2, 3]

    @pytest.mark.parametrize(
        ("drawn", "added"),
        [
            (2 * PARTITION_SIZE - 2, []),
            (2 * PARTITION_SIZE - 1, [4]),
            (3 * PARTITION_SIZE + 5, [4, 5]),
            (7 * PARTITION_SIZE, [7, 8, 9]),
        ],
    )
    def test_two_empty_partitions_are_ahead_of_the_newest_id(
        self, drawn: int, added: list[int]
    ) -> None:
        draw_ids_past(drawn)
        assert prepare_ledger() == added
        assert prepare_ledger() == []

    def test_without_a_partition_nothing_is_refused_as_out_of_range(self) -> None:
        """It is a defect of the operation: no client is told that its request is wrong."""
        draw_ids_past(4 * PARTITION_SIZE)
        with pytest.raises(IntegrityError), transaction.atomic():
            stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 5)

    def test_what_it_adds_is_written_to(self) -> None:
        draw_ids_past(4 * PARTITION_SIZE - 2)
        prepare_ledger()
        stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 5)
        assert StockMovement.objects.get().pk == 4 * PARTITION_SIZE
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM inventory_stockmovement_p4")
            assert cursor.fetchone() == (1,)
