"""Counts of a while ago: what has moved since stays moved, and the latest figure stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from inventory.models import StockMovement
from tests.conftest import ApiCaller
from tests.inventory.counts.count_helpers import NOON, adjust_unavailable, count, moved
from tests.inventory.stock_helpers import (
    balances,
    nothing_written,
    pointers,
)

pytestmark = pytest.mark.django_db


def recorded(on_hand: int, *, at: datetime) -> None:
    """Let units of A1 in W1 have moved and been recorded at a moment, as no command can."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_stockmovement (sku_id, location_id, on_hand_delta,
                   reserved_delta, unavailable_delta, on_hand_after, reserved_after,
                   unavailable_after, reason, reference, actor, occurred_at, recorded_at)
               SELECT sku_id, location_id, %(units)s, 0, 0, on_hand + %(units)s, reserved,
                      unavailable, 'receipt', '', 'past', %(at)s, %(at)s FROM inventory_stock;
               UPDATE inventory_stock SET on_hand = on_hand + %(units)s""",
            {"units": on_hand, "at": at},
        )


class TestLate:
    def test_what_moved_since_stays_moved(self, api: ApiCaller) -> None:
        moved(-3, hours=1)
        moved(5, hours=2)
        answer = count(api, 8, hours=0)
        (line,) = answer.json()["lines"]
        assert (line["counted"], line["variance"], line["on_hand"]) == (8, -2, 10)
        movement = StockMovement.objects.latest("id")
        assert movement.occurred_at == NOON
        assert answer.json()["as_of"] == NOON.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def test_what_a_picker_missed_later_stays_set_aside(self, api: ApiCaller) -> None:
        adjust_unavailable(api, 2, reason="missing")
        count(api, 8, hours=-0.5)
        assert balances("A1", "W1") == (8, 0, 2)
        count(api, 8)
        assert balances("A1", "W1") == (8, 0, 0)

    def test_what_had_happened_by_then_counts_even_if_it_was_told_later(
        self, api: ApiCaller
    ) -> None:
        """A till sale of before the count, recorded after it: the counter saw the gap already."""
        moved(-1, hours=-0.5)
        count(api, 9, hours=0)
        assert balances("A1", "W1") == (9, 0, 0)

    def test_counts_sent_in_their_order_correct_once(self, api: ApiCaller) -> None:
        count(api, 8, hours=0)
        count(api, 8, hours=1)
        assert balances("A1", "W1") == (8, 0, 0)

    def test_a_later_count_stands_against_an_earlier_one_that_comes_after_it(
        self, api: ApiCaller
    ) -> None:
        count(api, 8, hours=1)
        moved(-2, hours=2)
        answer = count(api, 9, hours=0)
        (line,) = answer.json()["lines"]
        assert (line["superseded"], line["variance"]) == (True, 0)
        assert balances("A1", "W1") == (6, 0, 0)

    def test_a_later_count_that_agreed_stands_too(self, api: ApiCaller) -> None:
        count(api, 10, hours=1)
        (line,) = count(api, 8, hours=0).json()["lines"]
        assert (line["superseded"], line["variance"]) == (True, 0)
        assert balances("A1", "W1") == (10, 0, 0)

    def test_more_left_since_than_was_seen_leaves_nothing_not_less(self, api: ApiCaller) -> None:
        moved(-6, hours=1)
        count(api, 2, hours=0)
        assert balances("A1", "W1") == (0, 0, 0)

    def test_a_row_with_a_long_past_is_rebased_alike(self, api: ApiCaller) -> None:
        for days in range(20, 0, -1):
            recorded(1, at=NOON - timedelta(days=days))
        moved(-3, hours=1)
        count(api, 29, hours=0)
        assert balances("A1", "W1") == (26, 0, 0)

    @pytest.mark.parametrize(
        "moment",
        [
            "2999-01-01T00:00:00Z",
            "2026-03-29T14:00:00",
            "2026-03-29",
            "14:00",
            "2026-02-30T14:00:00Z",
            "2026-03-29T25:00:00Z",
            "1999-12-31T23:59:59Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "",
            1774792800,
            True,
            ["2026-03-29T14:00:00Z"],
        ],
    )
    def test_a_moment_that_is_none_or_not_in_the_past_is_refused(
        self, api: ApiCaller, moment: Any
    ) -> None:
        with nothing_written():
            answer = api.post(
                "stock/counts/apply",
                {
                    "reason": "cycle_count",
                    "as_of": moment,
                    "lines": [{"sku": "A1", "location": "W1", "on_hand": 7}],
                },
            )
        assert set(pointers(answer)) == {"/as_of"}
