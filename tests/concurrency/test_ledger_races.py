"""Who gets the last unit, and that no thread waits for ever. On one real PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core.access.principal import SYSTEM
from core.outbox.models import Event
from inventory import ledger
from inventory.commands.holds import end_stale_holds
from inventory.commands.reserve import Cart, hold_stock
from inventory.commands.transfers.transfer import dispatch_transfer, draft_transfer
from inventory.errors import InsufficientStock
from inventory.ledger import reservations
from inventory.models import Reservation, ReservationGroup
from inventory.queries.lookup import Spot
from inventory.spreading import Want
from stores.queries.network import current_network
from tests.concurrency.ledger_helpers import (
    BUYERS,
    UNITS,
    just_over,
    make_hold,
    release,
    reserve_one,
)
from tests.concurrency.threads import together, wait_until_blocked
from tests.factories import LocationFactory
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def hold_one() -> dict[str, Any]:
    channel = current_network().channels["web"]
    cart = Cart(channel, reference="cart", ttl_seconds=60, wants=[Want("A1", 1)])
    return hold_stock(cart=cart, actor=SYSTEM)


class TestTheLastUnits:
    def test_as_many_are_reserved_as_there_are(self, spot: Spot) -> None:
        granted = together(*(reserve_one(spot) for _ in range(BUYERS)))
        assert Counter(granted) == {True: UNITS, False: BUYERS - UNITS}
        assert balances("A1", "W1") == (UNITS, UNITS, 0)
        assert_pool_laws()

    def test_without_the_guard_more_are_reserved(
        self, spot: Spot, monkeypatch: pytest.MonkeyPatch, no_constraint: None
    ) -> None:
        """The race above can be lost: this is how."""
        monkeypatch.setattr(reservations, "_RESERVE", unguarded())
        granted = together(*(reserve_one(spot) for _ in range(BUYERS)))
        assert Counter(granted) == {True: BUYERS}
        assert balances("A1", "W1") == (UNITS, BUYERS, 0)

    def test_without_the_guard_the_constraint_still_holds(
        self, spot: Spot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reservations, "_RESERVE", unguarded())
        outcomes = together(*(reserve_one(spot) for _ in range(BUYERS)))
        refused = [each for each in outcomes if isinstance(each, IntegrityError)]
        assert (outcomes.count(True), len(refused)) == (UNITS, BUYERS - UNITS)
        assert_pool_laws()

    def test_carts_get_them_or_are_told(self, spot: Spot) -> None:
        outcomes = together(*[hold_one] * BUYERS)
        held = [each for each in outcomes if isinstance(each, dict)]
        refused = [each for each in outcomes if isinstance(each, InsufficientStock)]
        assert (len(held), len(refused)) == (UNITS, BUYERS - UNITS)
        (line,) = refused[0].data["lines"]
        assert (line["sku"], line["requested"], line["available"]) == ("A1", 1, 0)
        assert_pool_laws()

    def test_two_transfers_do_not_take_the_same_units(self, spot: Spot) -> None:
        LocationFactory(code="S1")
        places = current_network().by_code
        drafts = [
            draft_transfer(
                source_id=places["W1"].id,
                destination_id=places["S1"].id,
                units={spot.sku_id: 3},
                actor=SYSTEM,
            )
            for _ in range(2)
        ]

        def dispatch(identity: str) -> Callable[[], Any]:
            return lambda: dispatch_transfer(identity=identity, actor=SYSTEM)

        outcomes = together(*(dispatch(each["id"]) for each in drafts))
        (refused,) = (each for each in outcomes if isinstance(each, InsufficientStock))
        (line,) = refused.data["lines"]
        assert (line["sku"], line["requested"], line["available"]) == ("A1", 3, 2)
        assert balances("A1", "W1") == (2, 0, 0)
        assert_pool_laws()

    def test_one_transfer_is_dispatched_once(self, spot: Spot) -> None:
        LocationFactory(code="S1")
        places = current_network().by_code
        draft = draft_transfer(
            source_id=places["W1"].id,
            destination_id=places["S1"].id,
            units={spot.sku_id: 1},
            actor=SYSTEM,
        )
        outcomes = together(*[lambda: dispatch_transfer(identity=draft["id"], actor=SYSTEM)] * 4)
        assert sum(isinstance(each, dict) for each in outcomes) == 1
        assert balances("A1", "W1") == (UNITS - 1, 0, 0)


def unguarded() -> str:
    bare = reservations._RESERVE.replace(reservations._GUARD, "")
    assert bare != reservations._RESERVE
    return bare


class TestHolds:
    def test_a_hold_is_extended_or_expires_never_both(self, spot: Spot) -> None:
        """Its time ends while both are on their way: whichever comes first, the other sees it."""
        for _ in range(10):
            group = make_hold(spot, until=datetime.now(UTC) + timedelta(milliseconds=4))
            later = datetime.now(UTC) + timedelta(hours=1)

            def extend(group: ReservationGroup = group, later: datetime = later) -> bool:
                return ledger.extend_reservations(group.pk, until=later)

            def expire() -> list[str]:
                return end_stale_holds(actor="sweep")

            extended, *swept = together(extend, expire, expire)
            swept.append(expire())
            reservation = Reservation.objects.get(group=group)
            assert reservation.state == ("held" if extended else "expired")
            assert sum(str(group.pk) in carts for carts in swept) == (0 if extended else 1)
            if extended:
                release(reservation)
            assert balances("A1", "W1") == (UNITS, 0, 0)
        assert_pool_laws()

    def test_the_sweep_looks_again_once_it_has_the_lock(self, spot: Spot) -> None:
        """It found the hold due; the cart, which came just in time, commits while it waits."""
        group = make_hold(spot, until=just_over())

        def expire() -> list[str]:
            try:
                return end_stale_holds(actor="sweep")
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                ledger.lock_cart(group.pk)
                later = datetime.now(UTC) + timedelta(hours=1)
                Reservation.objects.filter(group=group).update(expires_at=later)
                sweep = pool.submit(expire)
                wait_until_blocked()
            assert sweep.result() == []
        assert Reservation.objects.get().state == "held"
        assert balances("A1", "W1") == (UNITS, 1, 0)

    def test_a_stale_hold_is_ended_once_however_many_find_it(self, spot: Spot) -> None:
        group = make_hold(spot, until=just_over(), units=UNITS)
        outcomes = together(*[hold_one] * BUYERS, lambda: end_stale_holds(actor="sweep"))
        assert sum(isinstance(each, dict) for each in outcomes) == UNITS
        assert not [
            each
            for each in outcomes
            if isinstance(each, Exception) and not isinstance(each, InsufficientStock)
        ]
        told = Event.objects.filter(type="reservation.expired")
        assert [event.subject for event in told] == [f"reservations/{group.pk}"]
        assert_pool_laws()
