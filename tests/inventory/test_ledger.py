"""The ledger: what it writes, what it refuses, and that nobody can go round it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.errors import BalanceOutOfRange
from inventory.ledger import BALANCE_LIMIT, Broken, Claim, Entry, Part
from inventory.models import Reservation, ReservationGroup, Stock, StockMovement
from omniretail.outbox.models import Event
from omniretail.rows import take_ids
from stores.models import Channel, Location
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.inventory.laws import assert_pool_laws

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)


@dataclass
class Shelf:
    """One SKU at two locations, ten units at the first."""

    sku: int
    here: int
    there: int
    channel: Channel
    groups: list[uuid.UUID] = field(default_factory=list)

    @property
    def row(self) -> Stock:
        return Stock.objects.get(sku=self.sku, location=self.here)

    @property
    def balances(self) -> tuple[int, int, int]:
        row = self.row
        return row.on_hand, row.reserved, row.unavailable

    def claim(self, units: int, *, fenced: int = 0, location: int | None = None) -> Claim:
        (identity,) = take_ids(inventory_reservation=1)["inventory_reservation"]
        return Claim(identity, self.sku, location or self.here, units, fenced, f"order {identity}")

    def confirmed(self, units: int) -> int:
        """Make a claim of an order; return its id."""
        claim = self.claim(units)
        assert ledger.reserve([claim], actor="buyer")
        return claim.reservation_id

    def held(self, *units: int, ends_in: int = 60) -> uuid.UUID:
        """Make a cart that holds claims of so many units; return its id."""
        until = datetime.now(UTC) + timedelta(seconds=ends_in)
        group = ReservationGroup.objects.create(
            channel=self.channel, reference="cart", expires_at=until
        )
        claims = [self.claim(each) for each in units]
        assert ledger.reserve(claims, actor="cart", group_id=group.pk, expires_at=until)
        return group.pk

    def states(self, group: uuid.UUID) -> list[tuple[str, int]]:
        rows = Reservation.objects.filter(group=group).order_by("pk")
        return list(rows.values_list("state", "quantity"))


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    sku, here, there = make_sku("A1"), make_location("W1"), make_location("W2")
    stock_up(sku, here, 10)
    yield Shelf(sku.pk, here.pk, there.pk, make_channel("web"))
    assert_pool_laws()


def movements() -> list[tuple[Any, ...]]:
    return list(
        StockMovement.objects.order_by("id").values_list(
            "reason", "on_hand_delta", "reserved_delta", "unavailable_delta"
        )
    )


class TestPosting:
    def test_a_movement_carries_the_balances_after_it(self, shelf: Shelf) -> None:
        (balance,) = ledger.post(
            [
                Entry(shelf.sku, shelf.here, on_hand=-3, reason=Reason.LOST, reference="N1"),
                Entry(shelf.sku, shelf.here, unavailable=2, reason=Reason.DAMAGED),
            ],
            actor="ann",
        )
        assert (balance.on_hand, balance.unavailable, balance.available) == (7, 2, 5)
        first, second = StockMovement.objects.order_by("-id")[:2][::-1]
        assert (first.on_hand_after, first.unavailable_after) == (7, 0)
        assert (second.on_hand_after, second.unavailable_after) == (7, 2)
        assert (first.reason, first.reference, first.actor) == ("lost", "N1", "ann")

    def test_what_happened_earlier_keeps_its_time(self, shelf: Shelf) -> None:
        ledger.post([Entry(shelf.sku, shelf.here, on_hand=1, occurred_at=LONG_AGO)], actor="ann")
        movement = StockMovement.objects.latest("id")
        assert movement.occurred_at == LONG_AGO
        assert movement.recorded_at > LONG_AGO

    def test_each_changed_row_is_told_of_once(self, shelf: Shelf) -> None:
        Event.objects.all().delete()
        ledger.post([Entry(shelf.sku, shelf.here, on_hand=units) for units in (1, 2)], actor="ann")
        event = Event.objects.get()
        assert (event.type, event.subject) == ("stock.changed", "stock/A1@W1")
        assert event.data == {
            "sku": "A1", "location": "W1", "on_hand": 13, "reserved": 0, "unavailable": 0,
            "available": 13, "safety_stock": 0, "version": shelf.row.version,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "entry",
        [
            {"on_hand": -11},
            {"reserved": -1},
            {"unavailable": -1},
            {"unavailable": 11},
            {"on_hand": 2**31 - 1},
            {"on_hand": 2**40},
        ],
    )
    def test_no_balance_leaves_its_range(self, shelf: Shelf, entry: dict[str, int]) -> None:
        before = movements()
        with pytest.raises(BalanceOutOfRange), transaction.atomic():
            ledger.post([Entry(shelf.sku, shelf.here, **entry)], actor="ann")
        assert shelf.balances == (10, 0, 0)
        assert movements() == before

    def test_one_impossible_entry_keeps_all_from_being_posted(self, shelf: Shelf) -> None:
        ledger.open_rows([(shelf.sku, shelf.there)])
        with pytest.raises(BalanceOutOfRange), transaction.atomic():
            ledger.post(
                [
                    Entry(shelf.sku, shelf.here, on_hand=5),
                    Entry(shelf.sku, shelf.there, on_hand=-1),
                ],
                actor="ann",
            )
        assert shelf.balances == (10, 0, 0)

    def test_units_are_never_posted_to_a_row_that_is_not_there(self, shelf: Shelf) -> None:
        with pytest.raises(LookupError), transaction.atomic():
            ledger.post([Entry(shelf.sku, shelf.there, on_hand=5)], actor="ann")

    def test_the_longest_codes_can_be_stocked(self) -> None:
        sku, location = make_sku("S" * 64), make_location("L" * 64)
        stock_up(sku, location, 1)
        event = Event.objects.get(type="stock.changed")
        assert (event.data["sku"], event.data["location"]) == (sku.code, location.code)

    def test_opening_a_row_again_changes_nothing(self, shelf: Shelf) -> None:
        ledger.open_rows([(shelf.sku, shelf.here), (shelf.sku, shelf.here)])
        assert shelf.balances == (10, 0, 0)


class TestReserving:
    def test_up_to_the_last_unit(self, shelf: Shelf) -> None:
        assert ledger.reserve([shelf.claim(6), shelf.claim(4)], actor="a")
        assert shelf.balances == (10, 10, 0)
        with transaction.atomic():
            assert not ledger.reserve([shelf.claim(1)], actor="b")
            transaction.set_rollback(True)
        assert shelf.balances == (10, 10, 0)

    def test_claims_on_one_row_are_guarded_by_their_sum(self, shelf: Shelf) -> None:
        with transaction.atomic():
            assert not ledger.reserve([shelf.claim(6), shelf.claim(5)], actor="a")
            transaction.set_rollback(True)
        assert shelf.balances == (10, 0, 0)

    def test_all_or_nothing_over_rows(self, shelf: Shelf) -> None:
        with transaction.atomic():
            claims = [shelf.claim(1), shelf.claim(1, location=shelf.there)]
            assert not ledger.reserve(claims, actor="a")
            transaction.set_rollback(True)
        assert shelf.balances == (10, 0, 0)
        assert not Reservation.objects.exists()

    @pytest.mark.parametrize("kept", ["safety", "fence"])
    def test_what_is_kept_back_is_not_promised(self, shelf: Shelf, kept: str) -> None:
        fenced = 3 if kept == "fence" else 0
        if kept == "safety":
            ledger.set_safety_stock([(shelf.sku, shelf.here, 3)], actor="a")
        with transaction.atomic():
            assert not ledger.reserve([shelf.claim(8, fenced=fenced)], actor="a")
            transaction.set_rollback(True)
        assert ledger.reserve([shelf.claim(7, fenced=fenced)], actor="a")

    def test_the_guard_refuses_where_the_sum_would_overflow(self, shelf: Shelf) -> None:
        ledger.set_safety_stock([(shelf.sku, shelf.here, 2**31 - 1)], actor="a")
        with transaction.atomic():
            assert not ledger.reserve([shelf.claim(1, fenced=2**31 - 1)], actor="a")
            transaction.set_rollback(True)

    def test_nothing_claimed_is_granted(self, shelf: Shelf) -> None:
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
        self, shelf: Shelf, how: dict[str, bool], after: tuple[int, int, int]
    ) -> None:
        claim = shelf.confirmed(4)
        assert self.close(claim, 4, **how)
        assert shelf.balances == after

    def test_in_part_the_rest_stays_claimed(self, shelf: Shelf) -> None:
        claim = shelf.confirmed(4)
        assert self.close(claim, 1, leaves=True)
        assert shelf.balances == (9, 3, 0)
        row = Reservation.objects.get(pk=claim)
        assert (row.state, row.quantity) == ("confirmed", 3)
        assert self.close(claim, 3, leaves=True)
        assert shelf.balances == (6, 0, 0)
        row.refresh_from_db()
        assert (row.state, row.quantity) == ("consumed", 3)

    def test_no_more_than_is_claimed(self, shelf: Shelf) -> None:
        claim = shelf.confirmed(4)
        assert not ledger.close_claims(
            [Part(claim, 3), Part(claim, 2)],
            state=ReservationState.CONSUMED,
            reason=Reason.SHIPPED,
            actor="a",
            leaves=True,
        )
        assert shelf.balances == (10, 4, 0)

    def test_never_twice(self, shelf: Shelf) -> None:
        claim = shelf.confirmed(4)
        assert self.close(claim, 4)
        assert not self.close(claim, 4)
        assert shelf.balances == (10, 0, 0)

    def test_one_that_is_over_keeps_all_as_they_were(self, shelf: Shelf) -> None:
        over, live = shelf.confirmed(1), shelf.confirmed(2)
        self.close(over, 1)
        assert not ledger.close_claims(
            [Part(live, 2), Part(over, 1)],
            state=ReservationState.RELEASED,
            reason=Reason.RELEASED,
            actor="a",
        )
        assert shelf.balances == (10, 2, 0)

    @staticmethod
    def close(claim: int, units: int, **how: bool) -> bool:
        return ledger.close_claims(
            [Part(claim, units)],
            state=ReservationState.CONSUMED if how else ReservationState.RELEASED,
            reason=Reason.SHIPPED if how else Reason.RELEASED,
            actor="a",
            **how,
        )


class TestCarts:
    def test_expiry_gives_the_units_back_and_names_each_cart_once(self, shelf: Shelf) -> None:
        over, running = shelf.held(2, 1, ends_in=-1), shelf.held(3)
        assert ledger.expire_due(actor="sweep") == [str(over)]
        assert ledger.expire_due(actor="sweep") == []
        assert shelf.balances == (10, 3, 0)
        assert shelf.states(over) == [("expired", 2), ("expired", 1)]
        assert shelf.states(running) == [("held", 3)]

    def test_a_cart_that_expires_in_two_steps_is_named_with_the_first(self, shelf: Shelf) -> None:
        shelf.held(2, 1, ends_in=-1)
        assert len(ledger.expire_due(actor="sweep", limit=1)) == 1
        assert ledger.expire_due(actor="sweep", limit=1) == []
        assert shelf.balances == (10, 0, 0)

    def test_a_reader_clears_the_skus_it_asks_for(self, shelf: Shelf) -> None:
        shelf.held(2, ends_in=-1)
        assert ledger.expire_due(actor="reader", sku_ids=[make_sku("B1").pk]) == []
        assert shelf.balances == (10, 2, 0)
        assert len(ledger.expire_due(actor="reader", sku_ids=[shelf.sku])) == 1
        assert shelf.balances == (10, 0, 0)

    def test_extending(self, shelf: Shelf) -> None:
        cart = shelf.held(2)
        later = datetime.now(UTC) + timedelta(hours=1)
        assert ledger.extend_claims(cart, until=later)
        assert set(Reservation.objects.values_list("expires_at", flat=True)) == {later}

    def test_extending_what_is_over_changes_nothing(self, shelf: Shelf) -> None:
        cart = shelf.held(2, ends_in=-1)
        assert not ledger.extend_claims(cart, until=datetime.now(UTC) + timedelta(hours=1))
        assert not ledger.extend_claims(uuid.uuid4(), until=datetime.now(UTC))
        assert ledger.expire_due(actor="sweep") == [str(cart)]


class TestMakingRoom:
    def test_the_newest_claims_break_first(self, shelf: Shelf) -> None:
        oldest, middle, newest = (shelf.confirmed(3) for _ in range(3))
        broken = self.lose(shelf, 6)
        assert broken == [
            Broken(newest, shelf.sku, shelf.here, 3, f"order {newest}"),
            Broken(middle, shelf.sku, shelf.here, 2, f"order {middle}"),
        ]
        states = Reservation.objects.in_bulk()
        assert (states[oldest].state, states[oldest].quantity) == ("confirmed", 3)
        assert (states[middle].state, states[middle].quantity) == ("confirmed", 1)
        assert (states[newest].state, states[newest].quantity) == ("broken", 3)
        assert shelf.balances == (4, 4, 0)

    def test_what_is_available_goes_before_any_promise(self, shelf: Shelf) -> None:
        shelf.confirmed(3)
        assert self.lose(shelf, 7) == []
        assert shelf.balances == (3, 3, 0)

    def test_a_hold_whose_time_is_over_goes_before_a_newer_promise(self, shelf: Shelf) -> None:
        cart = shelf.held(3, ends_in=-1)
        shelf.confirmed(3)
        (broken,) = self.lose(shelf, 6)
        assert broken.quantity == 2
        assert shelf.states(cart) == [("held", 1)]

    def test_units_set_aside_count_as_gone(self, shelf: Shelf) -> None:
        claim = shelf.confirmed(8)
        entries = [Entry(shelf.sku, shelf.here, unavailable=4, reason=Reason.DAMAGED)]
        (broken,) = ledger.make_room(entries, actor="a")
        ledger.post(entries, actor="a")
        assert (broken.reservation_id, broken.quantity) == (claim, 2)
        assert shelf.balances == (10, 6, 4)

    def test_rows_are_served_each_by_its_own(self, shelf: Shelf) -> None:
        ledger.open_rows([(shelf.sku, shelf.there)])
        ledger.post([Entry(shelf.sku, shelf.there, on_hand=5)], actor="a")
        here, there = shelf.confirmed(10), shelf.claim(5, location=shelf.there)
        assert ledger.reserve([there], actor="a")
        entries = [
            Entry(shelf.sku, shelf.here, on_hand=-1),
            Entry(shelf.sku, shelf.there, on_hand=-2),
        ]
        broken = ledger.make_room(entries, actor="a")
        ledger.post(entries, actor="a")
        assert {(b.reservation_id, b.quantity) for b in broken} == {
            (here, 1),
            (there.reservation_id, 2),
        }

    @staticmethod
    def lose(shelf: Shelf, units: int) -> list[Broken]:
        entries = [Entry(shelf.sku, shelf.here, on_hand=-units, reason=Reason.LOST)]
        broken = ledger.make_room(entries, actor="a")
        ledger.post(entries, actor="a")
        return broken


class TestSafetyStock:
    def test_it_is_no_movement_but_it_is_told(self, shelf: Shelf) -> None:
        before, version = movements(), shelf.row.version
        ledger.set_safety_stock([(shelf.sku, shelf.here, 4)], actor="ann")
        assert movements() == before
        assert shelf.row.version == version + 1
        event = Event.objects.filter(type="stock.changed").latest("id")
        assert (event.data["safety_stock"], event.data["on_hand"]) == (4, 10)

    def test_the_same_level_again_changes_nothing(self, shelf: Shelf) -> None:
        ledger.set_safety_stock([(shelf.sku, shelf.here, 4)], actor="ann")
        version, told = shelf.row.version, Event.objects.count()
        ledger.set_safety_stock([(shelf.sku, shelf.here, 4)], actor="ann")
        assert (shelf.row.version, Event.objects.count()) == (version, told)


class TestImmutability:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE inventory_stockmovement SET on_hand_delta = 99",
            "UPDATE inventory_stockmovement SET reference = 'forged'",
            "UPDATE inventory_stockmovement_p0 SET reference = 'forged'",
            "DELETE FROM inventory_stockmovement",
            "DELETE FROM inventory_stockmovement_p0",
            "UPDATE inventory_stock SET on_hand = on_hand + 1",
            "UPDATE inventory_stock SET reserved = 1",
            "UPDATE inventory_stock SET unavailable = 1",
            "DELETE FROM inventory_stock",
            "INSERT INTO inventory_stock (sku_id, location_id, on_hand)"
            " SELECT sku_id, id, 5 FROM inventory_stock, stores_location WHERE code = 'W2'",
        ],
    )
    def test_sql_is_refused(self, shelf: Shelf, statement: str) -> None:
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert shelf.balances == (10, 0, 0)
        assert movements() == [("receipt", 10, 0, 0)]

    def test_a_partition_added_later_is_guarded_too(self, shelf: Shelf) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT inventory_add_ledger_partition(9)")
            cursor.execute(
                """INSERT INTO inventory_stockmovement (id, sku_id, location_id, on_hand_delta,
                       reserved_delta, unavailable_delta, on_hand_after, reserved_after,
                       unavailable_after, reason, reference, actor, occurred_at)
                   SELECT 45000001, sku_id, location_id, 0, 0, 0, on_hand_after, 0, 0,
                          reason, reference, actor, occurred_at FROM inventory_stockmovement"""
            )
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM inventory_stockmovement WHERE id = 45000001")

    @pytest.mark.parametrize("table", ["", "_p0", "_p3", "_p9"])
    def test_truncate_is_refused(self, shelf: Shelf, table: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SELECT inventory_add_ledger_partition(9)")
            # The tests' own database has this guard switched off, so that it can be emptied.
            cursor.execute(
                """SELECT format('ALTER TABLE %s ENABLE TRIGGER %I', tgrelid::regclass, tgname)
                   FROM pg_trigger WHERE tgname LIKE '%ledger_is_not_truncated%'"""
            )
            for (enable,) in cursor.fetchall():
                cursor.execute(enable)
        with (
            pytest.raises(DatabaseError, match="cannot be truncated"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"TRUNCATE inventory_stockmovement{table}")
        assert len(movements()) == 1

    def test_constraints_hold_where_a_movement_does_not_add_up(self, shelf: Shelf) -> None:
        """Law 2 stands below the code: even with a movement, SQL cannot oversell."""
        with (
            pytest.raises(BalanceOutOfRange),
            transaction.atomic(),
        ):
            ledger.post([Entry(shelf.sku, shelf.here, reserved=11)], actor="a")


def test_the_limit_leaves_room_for_one_more_change() -> None:
    assert BALANCE_LIMIT + 1_000_000 < 2**31


def test_locking_returns_balances_in_one_order(shelf: Shelf) -> None:
    other = make_sku("B1")
    ledger.open_rows([(other.pk, shelf.there), (shelf.sku, shelf.there), (other.pk, shelf.here)])
    rows = list(ledger.lock_skus([other.pk, shelf.sku]))
    assert rows == sorted(rows)
    assert len(rows) == 4
    assert ledger.lock_rows([(shelf.sku, shelf.here)])[shelf.sku, shelf.here].on_hand == 10
    assert Location.objects.count() == 2

    def test_sql_is_refused_among_many_rows_that_have_their_movements(self, shelf: Shelf) -> None:
        """So many at once that the guard compares them as a set."""
        with connection.cursor() as cursor:
            cursor.execute(
                """WITH sku AS (
                       INSERT INTO inventory_sku (code, name, attributes, version)
                       SELECT 'MANY-' || n, 'Many', '{}', 1 FROM generate_series(1, 1500) AS n
                       RETURNING id)
                   INSERT INTO inventory_stock (sku_id, location_id)
                   SELECT id, %s FROM sku""",
                [shelf.row.location_id],
            )
        with_movements = """
            WITH changed AS (UPDATE inventory_stock SET on_hand = 4 WHERE version = 0 RETURNING *)
            INSERT INTO inventory_stockmovement
                (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta,
                 on_hand_after, reserved_after, unavailable_after, reason, reference, actor,
                 occurred_at)
            SELECT sku_id, location_id, 4, 0, 0, 4, 0, 0, 'found', '', 'test', now()
            FROM changed WHERE id > {spared}"""
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(id) FROM inventory_stock WHERE version = 0")
            (first,) = cursor.fetchone()
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(with_movements.format(spared=first))
            cursor.execute(with_movements.format(spared=0))
            assert cursor.rowcount == 1500
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute("UPDATE inventory_stock SET on_hand = 5 WHERE version = 0")
