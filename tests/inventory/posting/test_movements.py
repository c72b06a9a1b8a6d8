"""The ledger: what it writes, in which order it locks, and what it keeps safe."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from core.outbox.models import Event
from inventory import ledger
from inventory.choices import Reason
from inventory.errors import BalanceOutOfRange
from inventory.ledger import BALANCE_LIMIT, Entry
from inventory.models import StockMovement
from stores.models import Location
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.inventory.posting.ledger_helpers import LONG_AGO, StockedSku, movements
from tests.roles import rewriting

pytestmark = pytest.mark.django_db


class TestPosting:
    def test_a_movement_carries_the_balances_after_it(self, stocked: StockedSku) -> None:
        (balance,) = ledger.post(
            [
                Entry(stocked.sku, stocked.here, on_hand=-3, reason=Reason.LOST, reference="N1"),
                Entry(stocked.sku, stocked.here, unavailable=2, reason=Reason.DAMAGED),
            ],
            actor="ann",
        )
        assert (balance.on_hand, balance.unavailable, balance.available) == (7, 2, 5)
        first, second = StockMovement.objects.order_by("-id")[:2][::-1]
        assert (first.on_hand_after, first.unavailable_after) == (7, 0)
        assert (second.on_hand_after, second.unavailable_after) == (7, 2)
        assert (first.reason, first.reference, first.actor) == ("lost", "N1", "ann")

    def test_what_happened_earlier_keeps_its_time(self, stocked: StockedSku) -> None:
        ledger.post(
            [Entry(stocked.sku, stocked.here, on_hand=1, occurred_at=LONG_AGO)], actor="ann"
        )
        movement = StockMovement.objects.latest("id")
        assert movement.occurred_at == LONG_AGO
        assert movement.recorded_at > LONG_AGO

    def test_each_changed_row_is_told_of_once(self, stocked: StockedSku) -> None:
        with rewriting():
            Event.objects.all().delete()
        ledger.post(
            [Entry(stocked.sku, stocked.here, on_hand=units) for units in (1, 2)], actor="ann"
        )
        event = Event.objects.get()
        assert (event.type, event.subject) == ("stock.changed", "stock/A1@W1")
        assert event.data == {
            "sku": "A1", "location": "W1", "on_hand": 13, "reserved": 0, "unavailable": 0,
            "available": 13, "safety_stock": 0, "version": stocked.row.version,
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
    def test_no_balance_leaves_its_range(self, stocked: StockedSku, entry: dict[str, int]) -> None:
        before = movements()
        with pytest.raises(BalanceOutOfRange), transaction.atomic():
            ledger.post([Entry(stocked.sku, stocked.here, **entry)], actor="ann")
        assert stocked.balances == (10, 0, 0)
        assert movements() == before

    def test_one_impossible_entry_keeps_all_from_being_posted(self, stocked: StockedSku) -> None:
        ledger.open_rows([(stocked.sku, stocked.there)])
        with pytest.raises(BalanceOutOfRange), transaction.atomic():
            ledger.post(
                [
                    Entry(stocked.sku, stocked.here, on_hand=5),
                    Entry(stocked.sku, stocked.there, on_hand=-1),
                ],
                actor="ann",
            )
        assert stocked.balances == (10, 0, 0)

    def test_units_are_never_posted_to_a_row_that_is_not_there(self, stocked: StockedSku) -> None:
        with pytest.raises(LookupError), transaction.atomic():
            ledger.post([Entry(stocked.sku, stocked.there, on_hand=5)], actor="ann")

    def test_the_longest_codes_can_be_stocked(self) -> None:
        sku, location = SkuFactory(code="S" * 64), LocationFactory(code="L" * 64)
        stock_up(sku, location, 1)
        event = Event.objects.get(type="stock.changed")
        assert (event.data["sku"], event.data["location"]) == (sku.code, location.code)

    def test_opening_a_row_again_changes_nothing(self, stocked: StockedSku) -> None:
        ledger.open_rows([(stocked.sku, stocked.here), (stocked.sku, stocked.here)])
        assert stocked.balances == (10, 0, 0)


class TestSafetyStock:
    def test_it_is_no_movement_but_it_is_told(self, stocked: StockedSku) -> None:
        before, version = movements(), stocked.row.version
        ledger.set_safety_stock([(stocked.sku, stocked.here, 4)], actor="ann")
        assert movements() == before
        assert stocked.row.version == version + 1
        event = Event.objects.filter(type="stock.changed").latest("id")
        assert (event.data["safety_stock"], event.data["on_hand"]) == (4, 10)

    def test_the_same_level_again_changes_nothing(self, stocked: StockedSku) -> None:
        ledger.set_safety_stock([(stocked.sku, stocked.here, 4)], actor="ann")
        version, told = stocked.row.version, Event.objects.count()
        ledger.set_safety_stock([(stocked.sku, stocked.here, 4)], actor="ann")
        assert (stocked.row.version, Event.objects.count()) == (version, told)


def test_the_limit_leaves_room_for_one_more_change() -> None:
    assert BALANCE_LIMIT + 1_000_000 < 2**31


def test_locking_returns_balances_in_one_order(stocked: StockedSku) -> None:
    other = SkuFactory(code="B1")
    ledger.open_rows(
        [(other.pk, stocked.there), (stocked.sku, stocked.there), (other.pk, stocked.here)]
    )
    rows = list(ledger.lock_skus([other.pk, stocked.sku]))
    assert rows == sorted(rows)
    assert len(rows) == 4
    assert ledger.lock_rows([(stocked.sku, stocked.here)])[stocked.sku, stocked.here].on_hand == 10
    assert Location.objects.count() == 2

    def test_sql_is_refused_among_many_rows_that_have_their_movements(
        self, stocked: StockedSku
    ) -> None:
        """So many at once that the guard compares them as a set."""
        with connection.cursor() as cursor:
            cursor.execute(
                """WITH sku AS (
                       INSERT INTO inventory_sku (code, name, attributes, version)
                       SELECT 'MANY-' || n, 'Many', '{}', 1 FROM generate_series(1, 1500) AS n
                       RETURNING id)
                   INSERT INTO inventory_stock (sku_id, location_id)
                   SELECT id, %s FROM sku""",
                [stocked.row.location_id],
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
