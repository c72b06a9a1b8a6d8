"""The ledger cannot be bypassed."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from inventory import ledger
from inventory.errors import BalanceOutOfRange
from inventory.ledger import Entry
from tests.inventory.posting.ledger_helpers import StockedSku, movements

pytestmark = pytest.mark.django_db


class TestImmutability:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE inventory_stockmovement SET on_hand_delta = 99",
            "UPDATE inventory_stockmovement SET reference = 'forged'",
            "UPDATE {partition} SET reference = 'forged'",
            "DELETE FROM inventory_stockmovement",
            "DELETE FROM {partition}",
            "UPDATE inventory_stock SET on_hand = on_hand + 1",
            "UPDATE inventory_stock SET reserved = 1",
            "UPDATE inventory_stock SET unavailable = 1",
            "DELETE FROM inventory_stock",
            "INSERT INTO inventory_stock (sku_id, location_id, on_hand)"
            " SELECT sku_id, id, 5 FROM inventory_stock, stores_location WHERE code = 'W2'",
        ],
    )
    def test_sql_is_refused(self, stocked: StockedSku, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass FROM inventory_stockmovement")
            (partition,) = cursor.fetchone()  # which one depends on the ids given before
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(partition=partition))
        assert stocked.balances == (10, 0, 0)
        assert movements() == [("receipt", 10, 0, 0)]

    def test_a_partition_added_later_is_guarded_too(self, stocked: StockedSku) -> None:
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

    @pytest.mark.parametrize("table", ["", "_p0", "_p3", "_p9", "_default"])
    def test_truncate_is_refused(self, stocked: StockedSku, table: str) -> None:
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

    def test_constraints_hold_where_a_movement_does_not_add_up(self, stocked: StockedSku) -> None:
        """Law 2 stands below the code: even with a movement, SQL cannot oversell."""
        with (
            pytest.raises(BalanceOutOfRange),
            transaction.atomic(),
        ):
            ledger.post([Entry(stocked.sku, stocked.here, reserved=11)], actor="a")
