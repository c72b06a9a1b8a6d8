"""A clock of the database that is set back: counts, time travel, and what tells of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from inventory import ledger
from inventory.choices import Reason
from inventory.ledger import Entry
from inventory.models import Sku, StockMovement
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.inventory.clock_helpers import clock_ahead
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances
from tests.omniretail.files.import_helpers import bring_in, counts

pytestmark = pytest.mark.django_db
LATER = "2999-01-01T00:00:00Z"


@pytest.fixture
def shop(db: None) -> Location:
    return LocationFactory(code="S1", store=True)


@pytest.fixture(autouse=True)
def shirt(shop: Location) -> Sku:
    """A hundred of A1 in S1."""
    shirt = SkuFactory(code="A1")
    stock_up(shirt, shop, 100)
    return shirt


def now() -> str:
    return datetime.now(UTC).isoformat()


def adjust(api: ApiCaller, *, reason: str = "lost", **deltas: int) -> None:
    line = {"sku": "A1", "location": "S1"} | deltas
    answer = api.post("stock/adjustments", {"reason": reason, "lines": [line]})
    assert answer.status_code == 201, answer.content


def count(api: ApiCaller, units: int, **more: Any) -> dict[str, Any]:
    lines = [{"sku": "A1", "location": "S1", "on_hand": units}]
    answer = api.post("stock/counts/apply", {"reason": "cycle_count", "lines": lines} | more)
    assert answer.status_code == 200, answer.content
    (line,) = answer.json()["lines"]
    return line


def available_at(api: ApiCaller, at: str, *, sku: str) -> int:
    return api.get("stock/as-of", sku=sku, location="S1", at=at).json()["available"]


def broken_laws(api: ApiCaller) -> list[tuple[str, str]]:
    found = api.get("integrity").json()["violations"]
    return [(each["law"], each["subject"].split(" after ")[0]) for each in found]


def test_a_count_of_now_counts_what_was_dated_ahead_once(api: ApiCaller) -> None:
    with clock_ahead(hours=2):
        adjust(api, on_hand_delta=-30)
    line = count(api, 70, as_of=now())
    assert (line["variance"], line["superseded"]) == (0, False)
    assert balances("A1", "S1") == (70, 0, 0)
    assert_pool_laws()


def test_what_moved_after_the_count_is_still_added(api: ApiCaller) -> None:
    """Recorded after what was dated ahead, but it says itself when it happened."""
    with clock_ahead(hours=2):
        adjust(api, on_hand_delta=-30)
    seen = now()
    adjust(api, on_hand_delta=-5)
    count(api, 70, as_of=seen)
    assert balances("A1", "S1") == (65, 0, 0)


def test_now_and_later_are_what_is_there_and_the_past_stays_what_it_was(api: ApiCaller) -> None:
    with clock_ahead(hours=-3):
        stock_up(SkuFactory(code="B1"), Location.objects.get(code="S1"), 10)
    with clock_ahead(hours=2):
        stock_up(SkuFactory(code="B1"), Location.objects.get(code="S1"), 20)
    stock_up(SkuFactory(code="B1"), Location.objects.get(code="S1"), 1)
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert [available_at(api, at, sku="B1") for at in (hour_ago, now(), LATER)] == [10, 31, 31]


def test_within_a_row_records_follow_in_time(shirt: Sku, shop: Location) -> None:
    def move(*units: int) -> None:
        entries = [Entry(shirt.pk, shop.pk, on_hand=each, reason=Reason.FOUND) for each in units]
        ledger.post(entries, actor="test")

    move(1, 2)
    with clock_ahead(hours=2):
        move(3, 4, 5)
    move(6, 7)
    with clock_ahead(hours=-5):
        move(8)
    moves = StockMovement.objects.order_by("id")
    assert [move.on_hand_delta for move in moves] == [100, *range(1, 9)]
    times = [move.recorded_at for move in moves]
    assert times == sorted(set(times))


def test_units_missed_by_a_clock_that_was_ahead_are_settled_by_a_count(api: ApiCaller) -> None:
    with clock_ahead(hours=2):
        adjust(api, reason="missing", unavailable_delta=3)
        adjust(api, reason="damaged", unavailable_delta=1)
    count(api, 99)
    assert balances("A1", "S1") == (99, 0, 1)


@pytest.mark.parametrize("by_file", [False, True])
def test_a_count_by_a_clock_that_was_ahead_does_not_stand_against_one_of_now(
    api: ApiCaller, by_file: bool
) -> None:
    with clock_ahead(hours=2):
        count(api, 90)
    if by_file:
        done = bring_in(api, "stock", "sku,location,on_hand", "A1,S1,80", as_of=now())
        assert counts(done) == ("done", 1, 1, 1, 0)
    else:
        assert count(api, 80, as_of=now())["superseded"] is False
    assert balances("A1", "S1") == (80, 0, 0)
    seen = now()
    count(api, 79)
    assert count(api, 85, as_of=seen)["superseded"] is True, "by the one of now"


def test_the_first_record_ahead_of_the_clock_refuses_no_count(api: ApiCaller) -> None:
    with clock_ahead(hours=2):
        stock_up(SkuFactory(code="B1"), Location.objects.get(code="S1"), 10)
    done = bring_in(api, "stock", "sku,location,on_hand", "B1,S1,8", as_of=now())
    assert counts(done) == ("done", 1, 1, 1, 0)
    assert balances("B1", "S1") == (8, 0, 0)


def test_records_ahead_of_the_clock_are_told_of_until_it_has_passed_them(api: ApiCaller) -> None:
    with clock_ahead(hours=2):
        adjust(api, on_hand_delta=-30)
        assert broken_laws(api) == []
    assert broken_laws(api) == [("clock_is_not_behind_the_records", "seconds ahead")]
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert re.fullmatch(
        r"behind the newest movements of stock by 7[12]\d\d seconds: was it set back\?",
        answer.json()["checks"]["clock"],
    )
    with clock_ahead(hours=3):
        assert broken_laws(api) == []
        assert Client().get("/readyz").json()["checks"]["clock"] == "ok"


def test_a_record_from_before_the_one_that_it_follows_is_found(
    api: ApiCaller, shirt: Sku, shop: Location
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_stockmovement (sku_id, location_id, on_hand_delta,
                   reserved_delta, unavailable_delta, on_hand_after, reserved_after,
                   unavailable_after, reason, reference, actor, occurred_at, recorded_at)
               VALUES (%s, %s, 0, 0, 0, 100, 0, 0, 'other', '', '', now(),
                       now() - interval '1 hour')""",
            [shirt.pk, shop.pk],
        )
    assert broken_laws(api) == [("records_follow_in_time", "seconds back")]
