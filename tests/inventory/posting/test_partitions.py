"""Partitions of the ledger are prepared ahead; without one goods are sold on, and it is said."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from core.database.statements import run, run_named
from inventory.models import StockMovement
from inventory.queries.integrity import check_laws
from inventory.queries.ledger_partitions import FIGURES
from inventory.tasks import PARTITION_SIZE, prepare_ledger
from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory, stock_up

pytestmark = pytest.mark.django_db

DEFAULT = "inventory_stockmovement_default"


def draw_ids_past(number: int) -> None:
    with connection.cursor() as cursor:
        # Unlike setval(), this is taken back with the test.
        cursor.execute(f"ALTER SEQUENCE inventory_stockmovement_id_seq RESTART WITH {number + 1}")
        cursor.execute("SELECT nextval('inventory_stockmovement_id_seq')")


def receive(units: int) -> None:
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), units)


def rows_of(partition: str) -> list[int]:
    return [number for (number,) in run(f"SELECT id FROM {partition} ORDER BY id")]


def ranges() -> dict[str, tuple[int, int]]:
    """Return the first and the last range of ids that each partition holds."""
    rows = run("SELECT name::text, first, beyond FROM inventory_ledger_partitions()")
    head = "inventory_stockmovement_"
    return {
        name.removeprefix(head): (first // PARTITION_SIZE, beyond // PARTITION_SIZE - 1)
        for name, first, beyond in rows
    }


def figures() -> dict[str, Any]:
    (row,) = run_named(FIGURES.statement)
    return row


def broken_laws() -> list[str]:
    return [violation["law"] for violation in check_laws().violations]


class TestAhead:
    def test_a_new_ledger_is_ready(self) -> None:
        assert prepare_ledger() == []
        assert ranges() == {f"p{number}": (number, number) for number in range(4)}
        assert figures()["ledger_default_partition_used"] == 0

    @pytest.mark.parametrize(
        ("drawn", "added"),
        [
            (PARTITION_SIZE - 2, []),
            (PARTITION_SIZE - 1, [4]),
            (3 * PARTITION_SIZE + 5, [4, 5, 6]),
            (7 * PARTITION_SIZE, [7, 8, 9, 10]),
        ],
    )
    def test_three_empty_partitions_are_ahead_of_the_newest_id(
        self, drawn: int, added: list[int]
    ) -> None:
        draw_ids_past(drawn)
        assert prepare_ledger() == added
        assert prepare_ledger() == []
        assert figures()["ledger_ids_ahead"] > 3 * PARTITION_SIZE - 10

    def test_they_are_prepared_before_the_service_starts(self) -> None:
        draw_ids_past(9 * PARTITION_SIZE)
        call_command("migrate", "--no-input", verbosity=0)
        assert {"p9", "p10", "p11", "p12"} <= set(ranges())

    def test_what_is_added_is_written_to(self) -> None:
        draw_ids_past(4 * PARTITION_SIZE - 2)
        prepare_ledger()
        receive(5)
        assert rows_of("inventory_stockmovement_p4") == [4 * PARTITION_SIZE]


class TestWithoutOne:
    def test_goods_are_sold_on_and_it_is_said(self, api: ApiCaller) -> None:
        draw_ids_past(4 * PARTITION_SIZE)
        body = {"reason": "found", "lines": [{"sku": "A1", "location": "W1", "on_hand_delta": 1}]}
        receive(5)
        assert api.post("stock/adjustments", body).status_code == 201
        assert rows_of(DEFAULT) == [4 * PARTITION_SIZE + 2, 4 * PARTITION_SIZE + 3]
        assert figures()["ledger_default_partition_used"] == 1
        assert figures()["ledger_ids_ahead"] < 0
        assert broken_laws() == ["ledger_has_its_partitions"]
        assert Client().get("/readyz").status_code == 200

    def test_a_partition_for_them_is_where_they_are(self) -> None:
        draw_ids_past(4 * PARTITION_SIZE)
        receive(5)
        receive(2)
        before = list(StockMovement.objects.order_by("pk").values())
        assert prepare_ledger() == [4, 5, 6, 7]
        assert len(rows_of("inventory_stockmovement_p4")) == 2
        assert not rows_of(DEFAULT)
        receive(1)
        *older, newest = StockMovement.objects.order_by("pk").values()
        assert older == before
        assert (newest["on_hand_after"], newest["id"]) == (8, before[-1]["id"] + 1)
        assert newest["id"] in rows_of("inventory_stockmovement_p4")
        assert not broken_laws()

    def test_movements_of_several_ranges_stay_together(self) -> None:
        draw_ids_past(5 * PARTITION_SIZE - 3)
        receive(5)
        receive(2)
        assert prepare_ledger() == [4, 5, 6, 7, 8]
        assert ranges()["p4"] == (4, 5)
        assert rows_of("inventory_stockmovement_p4") == [5 * PARTITION_SIZE - 1, 5 * PARTITION_SIZE]

    @pytest.mark.parametrize("table", ["", "_p4", "_default"])
    def test_the_ledger_stays_immutable(self, table: str) -> None:
        draw_ids_past(4 * PARTITION_SIZE)
        receive(5)
        prepare_ledger()
        draw_ids_past(9 * PARTITION_SIZE)
        receive(3)
        for statement in ("UPDATE {} SET actor = 'forged'", "DELETE FROM {}"):
            with pytest.raises(DatabaseError), transaction.atomic():
                run(statement.format(f"inventory_stockmovement{table}"))
        assert StockMovement.objects.count() == 2

    def test_without_a_default_one_clients_are_told_to_come_again(self, api: ApiCaller) -> None:
        """It is a defect of the operation: no client is told that its request is wrong."""
        receive(5)
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run(f"DROP TABLE {DEFAULT}")
        draw_ids_past(4 * PARTITION_SIZE)
        body = {"reason": "found", "lines": [{"sku": "A1", "location": "W1", "on_hand_delta": 1}]}
        answer = api.post("stock/adjustments", body)
        assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
        assert answer["Retry-After"]
        health = Client().get("/readyz")
        assert health.status_code == 503
        assert "no partition" in health.json()["checks"]["ledger"]
