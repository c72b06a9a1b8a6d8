"""Adjustments and counts of now, while the clock steps: the balance is that of their sequence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access.principal import SYSTEM
from inventory import ledger
from inventory.choices import Reason
from inventory.commands.counting.count import apply_count
from inventory.ledger import Entry
from inventory.models import StockMovement
from inventory.queries.counting.findings import Counted
from inventory.queries.integrity import POOL_LAWS, check_laws
from inventory.queries.lookup import Spot
from inventory.queries.time_travel import look_back
from inventory.timestamps import database_now
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.inventory.clock_helpers import set_clock_ahead
from tests.inventory.stock_helpers import balances

pytestmark = pytest.mark.django_db

ACTS = st.one_of(
    st.tuples(st.just("step"), st.integers(-300, 300)),  # minutes by which the clock is ahead
    st.tuples(st.just("adjust"), st.integers(-9, 9).filter(bool)),
    st.tuples(st.just("count"), st.integers(0, 30)),
    st.tuples(st.just("count_dated"), st.integers(0, 30)),
)


@pytest.fixture
def spot() -> Spot:
    shirt, shop = SkuFactory(code="A1"), LocationFactory(code="S1")
    return Spot(shirt.pk, shirt.code, shop.pk, shop.code)


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(acts=st.lists(ACTS, min_size=2, max_size=12))
def test_steps_of_the_clock_change_no_balance(spot: Spot, acts: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        _live(spot, acts)
        transaction.set_rollback(True)


def _live(spot: Spot, acts: list[tuple[str, int]]) -> None:
    stock_up(SkuFactory(code="A1"), LocationFactory(code="S1"), 10)
    expected = 10
    for act, number in acts:
        if act == "step":
            set_clock_ahead(timedelta(minutes=number))
        elif act == "adjust":
            units = max(number, -expected)
            entry = Entry(*spot.pair, on_hand=units, reason=Reason.OTHER)
            ledger.post([entry], actor="test")
            expected += units
        else:
            at = database_now() if act == "count_dated" else None
            apply_count(counts=[Counted(spot, number, at=at)], actor=SYSTEM)
            expected = number
        assert balances("A1", "S1") == (expected, 0, 0), act
        now = database_now()
        then = look_back(sku_id=spot.sku_id, location_id=spot.location_id, at=now)
        assert then.on_hand == expected, act
    times = list(StockMovement.objects.order_by("id").values_list("recorded_at", flat=True))
    assert times == sorted(set(times))
    broken = {each["law"] for each in check_laws(POOL_LAWS).violations}
    assert broken <= {"clock_is_not_behind_the_records"}
