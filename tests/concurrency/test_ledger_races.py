"""Who gets the last unit, and whether anybody waits for ever: threads on one real PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.commands.change import StockChange
from inventory.commands.count import Counted, apply_count
from inventory.commands.holds import end_stale_holds
from inventory.commands.reserve import Cart, hold_stock
from inventory.commands.transfer import dispatch_transfer, draft_transfer
from inventory.errors import InsufficientStock
from inventory.ledger import Balance, Claim, Entry, Part, claims
from inventory.models import Reservation, ReservationGroup, Sku, Stock
from inventory.queries.lookup import Spot
from inventory.spreading import Want
from omniretail.access.principal import SYSTEM
from omniretail.outbox.models import Event
from omniretail.rows import take_ids
from orders.commands.cancel import cancel_order
from orders.commands.pool import change_pool
from orders.errors import NothingToCancel
from stores.models import Location
from stores.queries.network import current_network
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.concurrency.threads import together, wait_until_blocked
from tests.conftest import ApiCaller
from tests.inventory.floor import balances, order
from tests.inventory.laws import assert_pool_laws

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

UNITS = 5
BUYERS = 12


@pytest.fixture(autouse=True)
def spot() -> Spot:
    """Five of A1 in W1."""
    sku, location = make_sku("A1"), make_location("W1")
    make_channel("web")
    stock_up(sku, location, UNITS)
    return Spot(sku.pk, sku.code, location.pk, location.code)


def claim_one(spot: Spot) -> Callable[[], bool]:
    (identity,) = take_ids(inventory_reservation=1)["inventory_reservation"]
    claim = Claim(identity, *spot.pair, 1, 0, f"buyer {identity}")

    def reserve() -> bool:
        granted = ledger.reserve([claim], actor="buyer")
        transaction.set_rollback(not granted)
        return granted

    return reserve


def hold_one() -> dict[str, Any]:
    channel = current_network().channels["web"]
    cart = Cart(channel, reference="cart", ttl_seconds=60, wants=[Want("A1", 1)])
    return hold_stock(cart=cart, actor=SYSTEM)


class TestTheLastUnits:
    def test_as_many_are_claimed_as_there_are(self, spot: Spot) -> None:
        granted = together(*(claim_one(spot) for _ in range(BUYERS)))
        assert Counter(granted) == {True: UNITS, False: BUYERS - UNITS}
        assert balances("A1", "W1") == (UNITS, UNITS, 0)
        assert_pool_laws()

    def test_without_the_guard_more_are_claimed(
        self, spot: Spot, monkeypatch: pytest.MonkeyPatch, no_constraint: None
    ) -> None:
        """The race above can be lost: this is how."""
        monkeypatch.setattr(claims, "_RESERVE", unguarded())
        granted = together(*(claim_one(spot) for _ in range(BUYERS)))
        assert Counter(granted) == {True: BUYERS}
        assert balances("A1", "W1") == (UNITS, BUYERS, 0)

    def test_without_the_guard_the_constraint_still_holds(
        self, spot: Spot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(claims, "_RESERVE", unguarded())
        outcomes = together(*(claim_one(spot) for _ in range(BUYERS)))
        refused = [each for each in outcomes if isinstance(each, IntegrityError)]
        assert (outcomes.count(True), len(refused)) == (UNITS, BUYERS - UNITS)
        assert_pool_laws()

    def test_carts_get_them_or_are_told(self, spot: Spot) -> None:
        outcomes = together(*[hold_one] * BUYERS)
        held = [each for each in outcomes if isinstance(each, dict)]
        refused = [each for each in outcomes if isinstance(each, InsufficientStock)]
        assert (len(held), len(refused)) == (UNITS, BUYERS - UNITS)
        assert refused[0].data["lines"] == [{"sku": "A1", "requested": 1, "available": 0}]
        assert_pool_laws()

    def test_two_transfers_do_not_take_the_same_units(self, spot: Spot) -> None:
        make_location("S1")
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
        assert refused.data["lines"] == [{"sku": "A1", "requested": 3, "available": 2}]
        assert balances("A1", "W1") == (2, 0, 0)
        assert_pool_laws()

    def test_one_transfer_is_dispatched_once(self, spot: Spot) -> None:
        make_location("S1")
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
    bare = claims._RESERVE.replace(claims._GUARD, "")
    assert bare != claims._RESERVE
    return bare


def just_over() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


def make_hold(spot: Spot, *, until: datetime, units: int = 1) -> ReservationGroup:
    channel_id = current_network().channels["web"].id
    group = ReservationGroup.objects.create(
        channel_id=channel_id, reference="cart", expires_at=until
    )
    (identity,) = take_ids(inventory_reservation=1)["inventory_reservation"]
    claim = Claim(identity, *spot.pair, units, 0, "cart")
    assert ledger.reserve([claim], actor="cart", group_id=group.pk, expires_at=until)
    return group


class TestHolds:
    def test_a_hold_is_extended_or_expires_never_both(self, spot: Spot) -> None:
        """Its time ends while both are on their way: whoever comes first, the other sees it."""
        for _ in range(10):
            group = make_hold(spot, until=datetime.now(UTC) + timedelta(milliseconds=4))
            later = datetime.now(UTC) + timedelta(hours=1)

            def extend(group: ReservationGroup = group, later: datetime = later) -> bool:
                return ledger.extend_claims(group.pk, until=later)

            def expire() -> list[str]:
                return end_stale_holds(actor="sweep")

            extended, *swept = together(extend, expire, expire)
            swept.append(expire())
            claim = Reservation.objects.get(group=group)
            assert claim.state == ("held" if extended else "expired")
            assert sum(str(group.pk) in carts for carts in swept) == (0 if extended else 1)
            if extended:
                release(claim)
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


def release(claim: Reservation) -> None:
    assert ledger.close_claims(
        [Part(claim.pk, claim.quantity)],
        state=ReservationState.RELEASED,
        reason=Reason.RELEASED,
        actor="cart",
    )


class TestOneOrderOfLocks:
    """A deadlock would come back as an OperationalError: nothing here repeats a transaction."""

    def test_rows_named_in_any_order(self, spot: Spot) -> None:
        spots = [spot]
        for number in range(12):
            sku = make_sku(f"B{number}")
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
        second = make_location("W2", priority=200)
        stock_up(Sku.objects.get(), second, UNITS)
        there = replace(spot, location_id=second.pk, location="W2")

        def post() -> list[Balance]:
            return ledger.post([Entry(*each.pair, on_hand=1) for each in (spot, there)], actor="a")

        for _ in range(10):
            make_hold(there, until=just_over(), units=UNITS)
            cart, *posted = together(lambda: hold_units(UNITS + 1), post, post, post)
            assert isinstance(cart, dict)
            assert not [each for each in posted if isinstance(each, Exception)]
            for claim in Reservation.objects.filter(state="held"):
                release(claim)
        assert_pool_laws()

    def test_a_broken_promise_that_moves_to_a_location_before(
        self, spot: Spot, api: ApiCaller
    ) -> None:
        """The count holds the second row, and the order's new goods lie in the first."""
        there = replace(spot, location_id=make_location("W2").pk, location="W2")

        def post() -> list[Balance]:
            return ledger.post([Entry(*each.pair, on_hand=1) for each in (spot, there)], actor="a")

        for round_ in range(8):
            count(spot, 0)
            count(there, 2)
            order(api, f"order-{round_}", 2)
            count(spot, UNITS)
            outcomes = together(lambda: count(there, 0), *[post] * 10)
            assert not [each for each in outcomes if isinstance(each, Exception)]
            for claim in Reservation.objects.filter(state="confirmed"):
                release(claim)
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


def hold_units(units: int) -> dict[str, Any]:
    channel = current_network().channels["web"]
    cart = Cart(channel, reference="cart", ttl_seconds=60, wants=[Want("A1", units)])
    return hold_stock(cart=cart, actor=SYSTEM)


def count(spot: Spot, units: int) -> list[ledger.Broken]:
    def act() -> tuple[list[ledger.Broken], StockChange]:
        applied = apply_count(counts=[Counted(spot, units)], actor=SYSTEM)
        return list(applied.change.broken), applied.change

    with transaction.atomic():
        return change_pool(act, waiting_for=[spot.sku_id], actor=SYSTEM)


def test_a_count_during_a_rush(spot: Spot) -> None:
    """Buyers and two counts at once: every unit claimed is there, every broken one was told."""
    outcomes = together(
        *(claim_one(spot) for _ in range(BUYERS)), lambda: count(spot, 3), lambda: count(spot, 4)
    )
    assert not [each for each in outcomes if isinstance(each, Exception)]
    row = Stock.objects.get(sku=spot.sku_id, location=spot.location_id)
    assert row.on_hand in (3, 4)
    broken = sum(claim.quantity for each in outcomes[BUYERS:] for claim in each)
    assert outcomes[:BUYERS].count(True) == row.reserved + broken
    assert Location.objects.count() == 1
    assert_pool_laws()
