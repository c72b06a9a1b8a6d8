"""The guard over balances where one statement changes more rows than it looks up one by one."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from inventory import ledger
from inventory.ledger import Entry
from inventory.models import Sku, Stock
from tests.factories import LocationFactory, SkuFactory
from tests.inventory.laws import assert_pool_laws

pytestmark = pytest.mark.django_db
MANY = 1_001


@pytest.fixture
def entries() -> list[Entry]:
    """Give many SKUs five units each, and one more each later; return what gives one more."""
    place = LocationFactory(code="W1")
    skus = Sku.objects.bulk_create(SkuFactory.build_batch(MANY))
    ledger.open_rows([(sku.pk, place.pk) for sku in skus])
    ledger.post([Entry(sku.pk, place.pk, on_hand=5) for sku in skus], actor="test")
    one_more = [Entry(sku.pk, place.pk, on_hand=1) for sku in skus]
    ledger.post(one_more, actor="test")
    return one_more


def write(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_many_balances_change_with_their_movements(entries: list[Entry]) -> None:
    ledger.post(entries + entries, actor="test")  # two movements a row: the newer one decides
    assert set(Stock.objects.values_list("on_hand", flat=True)) == {8}
    assert_pool_laws()


@pytest.mark.parametrize(
    "change",
    [
        "on_hand = on_hand + 1",
        "on_hand = 5",  # what movements said that are not the newest
        "reserved = 1",
        "on_hand = CASE id % 500 WHEN 0 THEN 7 ELSE on_hand END",
    ],
)
def test_many_balances_do_not_change_without(entries: list[Entry], change: str) -> None:
    with pytest.raises(DatabaseError, match="only with its movement"):
        write(f"UPDATE inventory_stock SET {change}")
    assert_pool_laws()


def test_what_is_no_balance_changes_freely_after_others_wrote(entries: list[Entry]) -> None:
    ledger.post(entries[:300] * 5, actor="test")  # the newest movements are of few rows
    write("UPDATE inventory_stock SET safety_stock = 2")
    assert set(Stock.objects.values_list("safety_stock", flat=True)) == {2}


def test_the_planner_is_left_as_it_was(entries: list[Entry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",)
