"""Reservations: reserved, closed, held by carts, broken when the row has fewer."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.ledger import Broken, Entry, Part
from inventory.models import Reservation
from tests.factories import SkuFactory
from tests.inventory.posting.ledger_helpers import StockedSku

pytestmark = pytest.mark.django_db


class TestReserving:
    def test_up_to_the_last_unit(self, stocked: StockedSku) -> None:
        assert ledger.reserve([stocked.asked(6), stocked.asked(4)], actor="a")
        assert stocked.balances == (10, 10, 0)
        with transaction.atomic():
            assert not ledger.reserve([stocked.asked(1)], actor="b")
            transaction.set_rollback(True)
        assert stocked.balances == (10, 10, 0)

    def test_reservations_on_one_row_are_guarded_by_their_sum(self, stocked: StockedSku) -> None:
        with transaction.atomic():
            assert not ledger.reserve([stocked.asked(6), stocked.asked(5)], actor="a")
            transaction.set_rollback(True)
        assert stocked.balances == (10, 0, 0)

    def test_all_or_nothing_over_rows(self, stocked: StockedSku) -> None:
        with transaction.atomic():
            reservations = [stocked.asked(1), stocked.asked(1, location=stocked.there)]
            assert not ledger.reserve(reservations, actor="a")
            transaction.set_rollback(True)
        assert stocked.balances == (10, 0, 0)
        assert not Reservation.objects.exists()

    @pytest.mark.parametrize("kept", ["safety", "fence"])
    def test_what_is_kept_back_is_not_promised(self, stocked: StockedSku, kept: str) -> None:
        fenced = 3 if kept == "fence" else 0
        if kept == "safety":
            ledger.set_safety_stock([(stocked.sku, stocked.here, 3)], actor="a")
        with transaction.atomic():
            assert not ledger.reserve([stocked.asked(8, fenced=fenced)], actor="a")
            transaction.set_rollback(True)
        assert ledger.reserve([stocked.asked(7, fenced=fenced)], actor="a")

    def test_the_guard_refuses_where_the_sum_would_overflow(self, stocked: StockedSku) -> None:
        ledger.set_safety_stock([(stocked.sku, stocked.here, 2**31 - 1)], actor="a")
        with transaction.atomic():
            assert not ledger.reserve([stocked.asked(1, fenced=2**31 - 1)], actor="a")
            transaction.set_rollback(True)

    def test_nothing_reserved_is_granted(self, stocked: StockedSku) -> None:
        assert ledger.reserve([], actor="a")


class TestClosing:
    @pytest.mark.parametrize(
        ("how", "after"),
        [
            ({}, (10, 0, 0)),
            ({"leaves": True}, (6, 0, 0)),
            ({"goes_missing": True}, (10, 0, 4)),
        ],
    )
    def test_where_the_units_go(
        self, stocked: StockedSku, how: dict[str, bool], after: tuple[int, int, int]
    ) -> None:
        reservation = stocked.confirmed(4)
        assert self.close(reservation, 4, **how)
        assert stocked.balances == after

    def test_in_part_the_rest_stays_reserved(self, stocked: StockedSku) -> None:
        reservation = stocked.confirmed(4)
        assert self.close(reservation, 1, leaves=True)
        assert stocked.balances == (9, 3, 0)
        row = Reservation.objects.get(pk=reservation)
        assert (row.state, row.quantity) == ("confirmed", 3)
        assert self.close(reservation, 3, leaves=True)
        assert stocked.balances == (6, 0, 0)
        row.refresh_from_db()
        assert (row.state, row.quantity) == ("consumed", 3)

    def test_no_more_than_is_reserved(self, stocked: StockedSku) -> None:
        reservation = stocked.confirmed(4)
        assert not ledger.close_reservations(
            [Part(reservation, 3), Part(reservation, 2)],
            state=ReservationState.CONSUMED,
            reason=Reason.SHIPPED,
            actor="a",
            leaves=True,
        )
        assert stocked.balances == (10, 4, 0)

    def test_never_twice(self, stocked: StockedSku) -> None:
        reservation = stocked.confirmed(4)
        assert self.close(reservation, 4)
        assert not self.close(reservation, 4)
        assert stocked.balances == (10, 0, 0)

    def test_one_that_is_over_keeps_all_as_they_were(self, stocked: StockedSku) -> None:
        over, live = stocked.confirmed(1), stocked.confirmed(2)
        self.close(over, 1)
        assert not ledger.close_reservations(
            [Part(live, 2), Part(over, 1)],
            state=ReservationState.RELEASED,
            reason=Reason.RELEASED,
            actor="a",
        )
        assert stocked.balances == (10, 2, 0)

    @staticmethod
    def close(reservation: int, units: int, **how: bool) -> bool:
        return ledger.close_reservations(
            [Part(reservation, units)],
            state=ReservationState.CONSUMED if how else ReservationState.RELEASED,
            reason=Reason.SHIPPED if how else Reason.RELEASED,
            actor="a",
            **how,
        )


class TestCarts:
    def test_expiry_gives_the_units_back_and_names_each_cart_once(
        self, stocked: StockedSku
    ) -> None:
        over, running = stocked.held(2, 1, ends_in=-1), stocked.held(3)
        assert ledger.expire_due(actor="sweep") == [str(over)]
        assert ledger.expire_due(actor="sweep") == []
        assert stocked.balances == (10, 3, 0)
        assert stocked.states(over) == [("expired", 2), ("expired", 1)]
        assert stocked.states(running) == [("held", 3)]

    def test_a_cart_that_expires_in_two_steps_is_named_with_the_first(
        self, stocked: StockedSku
    ) -> None:
        stocked.held(2, 1, ends_in=-1)
        assert len(ledger.expire_due(actor="sweep", limit=1)) == 1
        assert ledger.expire_due(actor="sweep", limit=1) == []
        assert stocked.balances == (10, 0, 0)

    def test_a_reader_clears_the_skus_it_asks_for(self, stocked: StockedSku) -> None:
        stocked.held(2, ends_in=-1)
        assert ledger.expire_due(actor="reader", sku_ids=[SkuFactory(code="B1").pk]) == []
        assert stocked.balances == (10, 2, 0)
        assert len(ledger.expire_due(actor="reader", sku_ids=[stocked.sku])) == 1
        assert stocked.balances == (10, 0, 0)

    def test_extending(self, stocked: StockedSku) -> None:
        cart = stocked.held(2)
        later = datetime.now(UTC) + timedelta(hours=1)
        assert ledger.extend_reservations(cart, until=later)
        assert set(Reservation.objects.values_list("expires_at", flat=True)) == {later}

    def test_extending_what_is_over_changes_nothing(self, stocked: StockedSku) -> None:
        cart = stocked.held(2, ends_in=-1)
        assert not ledger.extend_reservations(cart, until=datetime.now(UTC) + timedelta(hours=1))
        assert not ledger.extend_reservations(uuid.uuid4(), until=datetime.now(UTC))
        assert ledger.expire_due(actor="sweep") == [str(cart)]


class TestMakingRoom:
    def test_the_newest_reservations_break_first(self, stocked: StockedSku) -> None:
        oldest, middle, newest = (stocked.confirmed(3) for _ in range(3))
        broken = self.lose(stocked, 6)
        assert broken == [
            Broken(newest, stocked.sku, stocked.here, 3, f"order {newest}"),
            Broken(middle, stocked.sku, stocked.here, 2, f"order {middle}"),
        ]
        states = Reservation.objects.in_bulk()
        assert (states[oldest].state, states[oldest].quantity) == ("confirmed", 3)
        assert (states[middle].state, states[middle].quantity) == ("confirmed", 1)
        assert (states[newest].state, states[newest].quantity) == ("broken", 3)
        assert stocked.balances == (4, 4, 0)

    def test_what_is_available_goes_before_any_promise(self, stocked: StockedSku) -> None:
        stocked.confirmed(3)
        assert self.lose(stocked, 7) == []
        assert stocked.balances == (3, 3, 0)

    def test_a_hold_whose_time_is_over_goes_before_a_newer_promise(
        self, stocked: StockedSku
    ) -> None:
        cart = stocked.held(3, ends_in=-1)
        stocked.confirmed(3)
        (broken,) = self.lose(stocked, 6)
        assert broken.quantity == 2
        assert stocked.states(cart) == [("held", 1)]

    def test_units_set_aside_count_as_gone(self, stocked: StockedSku) -> None:
        reservation = stocked.confirmed(8)
        entries = [Entry(stocked.sku, stocked.here, unavailable=4, reason=Reason.DAMAGED)]
        (broken,) = ledger.make_room(entries, actor="a")
        ledger.post(entries, actor="a")
        assert (broken.reservation_id, broken.quantity) == (reservation, 2)
        assert stocked.balances == (10, 6, 4)

    def test_rows_are_served_each_by_its_own(self, stocked: StockedSku) -> None:
        ledger.open_rows([(stocked.sku, stocked.there)])
        ledger.post([Entry(stocked.sku, stocked.there, on_hand=5)], actor="a")
        here, there = stocked.confirmed(10), stocked.asked(5, location=stocked.there)
        assert ledger.reserve([there], actor="a")
        entries = [
            Entry(stocked.sku, stocked.here, on_hand=-1),
            Entry(stocked.sku, stocked.there, on_hand=-2),
        ]
        broken = ledger.make_room(entries, actor="a")
        ledger.post(entries, actor="a")
        assert {(b.reservation_id, b.quantity) for b in broken} == {
            (here, 1),
            (there.reservation_id, 2),
        }

    @staticmethod
    def lose(stocked: StockedSku, units: int) -> list[Broken]:
        entries = [Entry(stocked.sku, stocked.here, on_hand=-units, reason=Reason.LOST)]
        broken = ledger.make_room(entries, actor="a")
        ledger.post(entries, actor="a")
        return broken
