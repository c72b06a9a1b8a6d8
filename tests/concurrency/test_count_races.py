"""Several people at one count at the same moment: every look is kept, and it is applied once."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.db import transaction

from core.access.principal import SYSTEM
from inventory.commands.counting.apply import apply_finished_count
from inventory.commands.counting.count_work import (
    Seen,
    Threshold,
    enter_counts,
    start_count,
    submit_count,
)
from inventory.errors import IllegalTransition
from inventory.models import Count, CountLine, Sku, StockMovement
from inventory.queries.counting.count_choice import lines_of_skus
from inventory.timestamps import database_now
from stores.queries.network import current_network
from tests.concurrency.threads import together
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, order

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PEOPLE = 8


@pytest.fixture
def count() -> Count:
    """A count of the ten of A1 in W1."""
    ChannelFactory(code="web")
    sku = SkuFactory(code="A1")
    stock_up(sku, LocationFactory(code="W1"), 10)
    place = current_network().by_code["W1"]
    lines = lines_of_skus([sku.pk], location_id=place.id)
    never = Threshold(units=1_000_000, percent=1_000_000)
    return start_count(place=place, name="", lines=lines, threshold=never, actor=SYSTEM)


def look(count: Count, units: int, *, adds: bool) -> Callable[[], list[bool]]:
    sku = Sku.objects.get()
    seen = Seen(uuid.uuid4(), database_now(), sku.pk, quantity=units, adds=adds)
    return lambda: enter_counts(identity=str(count.pk), seen=[seen], actor=SYSTEM)


def test_every_scan_of_every_person_is_kept(count: Count) -> None:
    outcomes = together(*(look(count, 1, adds=True) for _ in range(PEOPLE)))
    assert outcomes == [[True]] * PEOPLE
    assert CountLine.objects.get().counted == PEOPLE


def test_the_same_entry_from_two_threads_is_one(count: Count) -> None:
    entry = look(count, 3, adds=True)
    assert sorted(together(entry, entry)) == [[False], [True]]
    assert CountLine.objects.get().counted == 3


def test_a_count_is_applied_once_while_people_buy(api: ApiCaller, count: Count) -> None:
    newest = [order(api, str(number), 2) for number in range(4)][-1]
    with transaction.atomic():
        look(count, 6, adds=False)()
        submit_count(identity=str(count.pk), actor=SYSTEM)

    def apply() -> int:
        applied = apply_finished_count(identity=str(count.pk), actor=SYSTEM)
        return sum(part.quantity for part in applied.change.broken)

    outcomes = together(apply, apply, lambda: order(api, "late", 1))
    refused = [each for each in outcomes[:2] if isinstance(each, IllegalTransition)]
    assert len(refused) == 1, outcomes
    assert StockMovement.objects.filter(reason="cycle_count").count() == 1
    assert balances("A1", "W1")[0] == 6
    assert api.get(f"orders/{newest}").json()["lines"][0]["cancelled"] == 2
    assert_pool_laws()
