"""Figures from before the pool knew of a row: all that came since would be added to them."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest

from inventory.models import Drift, LastCount
from tests.conftest import ApiCaller
from tests.factories import LocationFactory
from tests.inventory.counts.count_helpers import NOON, count, moved
from tests.inventory.stock_helpers import balances, nothing_written, problem

pytestmark = pytest.mark.django_db
YEARS = -24 * 365 * 20
FIRST = NOON - timedelta(hours=1)


def snapshot(api: ApiCaller, units: int, *, hours: float, **more: Any) -> Any:
    line = {"sku": "A1", "location": "W1", "on_hand": units}
    as_of = (NOON + timedelta(hours=hours)).isoformat()
    return api.post("stock/snapshots", {"source": "erp", "as_of": as_of, "lines": [line]} | more)


@pytest.mark.parametrize("hours", [YEARS, -1.001])
def test_a_count_from_before_the_first_record_is_refused(api: ApiCaller, hours: float) -> None:
    with nothing_written():
        document = problem(count(api, 7, hours=hours), 422, "counted_too_early")
    (line,) = document["lines"]
    assert (line["sku"], line["location"]) == ("A1", "W1")
    assert line["first_recorded"] == FIRST.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert balances("A1", "W1") == (10, 0, 0)


def test_a_count_of_the_first_record_itself_is_taken(api: ApiCaller) -> None:
    moved(-3, hours=1)
    assert count(api, 9, hours=-1).status_code == 200
    assert balances("A1", "W1") == (6, 0, 0)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_snapshot_is_refused_alike(api: ApiCaller, dry_run: bool) -> None:
    with nothing_written():
        answer = snapshot(api, 7, hours=YEARS, dry_run=dry_run)
    problem(answer, 422, "counted_too_early")
    assert (Drift.objects.count(), LastCount.objects.count()) == (0, 0)


def test_what_was_never_recorded_there_may_have_been_seen_at_any_time(api: ApiCaller) -> None:
    LocationFactory(code="W2")
    assert count(api, 4, hours=YEARS, location="W2").status_code == 200
    assert balances("A1", "W2") == (4, 0, 0)
