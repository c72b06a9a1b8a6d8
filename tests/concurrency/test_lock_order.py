"""Locks are taken in one order, so that no thread waits for ever. On one PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from core.access.principal import SYSTEM
from core.embedded.connection import is_database_embedded
from inventory import ledger
from inventory.ledger import Balance, Entry, posting
from inventory.models import Reservation, Sku, Stock
from inventory.queries.lookup import Spot
from orders.commands.fulfilment.cancel import cancel_order
from orders.errors import NothingToCancel
from stores.models import Location
from tests.concurrency.ledger_helpers import (
    BUYERS,
    UNITS,
    count,
    hold_in_cart,
    just_over,
    make_hold,
    release,
    reserve_one,
)
from tests.concurrency.threads import together, wait_until_blocked
from tests.conftest import ApiCaller
from tests.deadlocks import ServerLog
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, order

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


class TestOneOrderOfLocks:
    """A deadlock would come back as an OperationalError: nothing here repeats a transaction."""

    def test_rows_named_in_any_order(self, spot: Spot) -> None:
        spots = [spot]
        for number in range(12):
            sku = SkuFactory(code=f"B{number}")
            spots.append(replace(spot, sku_id=sku.pk, sku=sku.code))
        ledger.open_rows([each.pair for each in spots])

        def post() -> list[Balance]:
            return ledger.post([Entry(*each.pair, on_hand=1) for each in spots], actor="a")

        def post_backwards() -> list[Balance]:
            return ledger.post([Entry(*each.pair, on_hand=1) for each in spots[::-1]], actor="a")

        def lock_and_post() -> list[Balance]:
            ledger.lock_skus([each.sku_id for each in spots[::-1]])
            return post()

        for _ in range(6):
            outcomes = together(*[post, post_backwards, lock_and_post] * 2)
            assert not [each for each in outcomes if isinstance(each, Exception)]
        assert balances("A1", "W1") == (UNITS + 36, 0, 0)
        assert_pool_laws()

    def test_a_stale_hold_at_the_second_location_of_a_cart(self, spot: Spot) -> None:
        """Ending it locks the second row before the first, unless all rows are locked."""
        second = LocationFactory(code="W2", priority=200)
        stock_up(Sku.objects.get(), second, UNITS)
        there = replace(spot, location_id=second.pk, location="W2")

        def post() -> list[Balance]:
            return ledger.post([Entry(*each.pair, on_hand=1) for each in (spot, there)], actor="a")

        for _ in range(10):
            make_hold(there, until=just_over(), units=UNITS)
            cart, *posted = together(lambda: hold_in_cart(UNITS + 1), post, post, post)
            assert isinstance(cart, dict)
            assert not [each for each in posted if isinstance(each, Exception)]
            for reservation in Reservation.objects.filter(state="held"):
                release(reservation)
        assert_pool_laws()

    def test_a_broken_promise_that_moves_to_a_location_before(
        self, spot: Spot, api: ApiCaller
    ) -> None:
        """The count holds the second row, and the order's new goods lie in the first."""
        there = replace(spot, location_id=LocationFactory(code="W2").pk, location="W2")

        def post() -> list[Balance]:
            return ledger.post([Entry(*each.pair, on_hand=1) for each in (spot, there)], actor="a")

        for round_ in range(8):
            count(spot, 0)
            count(there, 2)
            order(api, f"order-{round_}", 2)
            count(spot, UNITS)
            outcomes = together(lambda: count(there, 0), *[post] * 10)
            assert not [each for each in outcomes if isinstance(each, Exception)]
            for reservation in Reservation.objects.filter(state="confirmed"):
                release(reservation)
        assert_pool_laws()

    def test_a_count_that_breaks_a_promise_against_its_cancellation(
        self, spot: Spot, api: ApiCaller
    ) -> None:
        """The count holds the stock and wants the order; the cancellation the other way round."""
        for round_ in range(6):
            number = order(api, f"order-{round_}", 2)

            def cancel(number: str = number) -> Any:
                return cancel_order(number=number, lines=None, reason="test", actor=SYSTEM)

            outcomes = together(lambda: count(spot, 0), cancel)
            assert not isinstance(outcomes[0], Exception)
            assert not isinstance(outcomes[1], Exception) or isinstance(
                outcomes[1], NothingToCancel
            )
            assert balances("A1", "W1") == (0, 0, 0)
            count(spot, UNITS)
        assert_pool_laws()


def test_a_count_during_a_rush(spot: Spot) -> None:
    """Buyers and two counts at once: every unit reserved is there, every broken one was told."""
    outcomes = together(
        *(reserve_one(spot) for _ in range(BUYERS)), lambda: count(spot, 3), lambda: count(spot, 4)
    )
    assert not [each for each in outcomes if isinstance(each, Exception)]
    row = Stock.objects.get(sku=spot.sku_id, location=spot.location_id)
    assert row.on_hand in (3, 4)
    broken = sum(part.quantity for each in outcomes[BUYERS:] for part in each)
    assert outcomes[:BUYERS].count(True) == row.reserved + broken
    assert Location.objects.count() == 1
    assert_pool_laws()


@pytest.mark.skipif(not is_database_embedded(), reason="reads the server's log")
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_reversed_order_would_be_seen(
    spot: Spot, server_log: ServerLog, monkeypatch: pytest.MonkeyPatch, is_reversed: bool
) -> None:
    """Two who take two rows in opposite order: the one who is ended would be repeated, unseen."""
    if is_reversed:
        order = "ORDER BY s.sku_id, s.location_id FOR UPDATE"
        backwards = "ORDER BY s.sku_id DESC, s.location_id DESC FOR UPDATE"
        assert order in posting._POST_ENTRIES
        text = posting._POST_ENTRIES.replace(order, backwards)
        monkeypatch.setattr(posting, "_POST_ENTRIES", text)
    second = replace(spot, sku_id=SkuFactory(code="B1").pk, sku="B1")
    ledger.open_rows([second.pair])
    both = [Entry(*each.pair, on_hand=1) for each in (spot, second)]
    with ThreadPoolExecutor(1) as pool, suppress(OperationalError), transaction.atomic():
        ledger.lock_rows([spot.pair])
        posting_both = pool.submit(together, lambda: ledger.post(both, actor="a"))
        wait_until_blocked()
        ledger.lock_rows([second.pair])
    posting_both.result()
    found = server_log.take_deadlocks(connection.settings_dict["NAME"])
    assert bool(found) is is_reversed
