"""Law 7: what was available at a moment, and why, is one indexed read, however long the history."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from inventory import ledger
from inventory.choices import Reason
from inventory.models import Sku, StockMovement
from inventory.queries.time_travel import EXACT, available_through, look_back
from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import place, step, units

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def write_history(movements: int, *, rows: int = 1, every: timedelta, units: int = 1) -> None:
    """Write a ledger whose rows take turns, each movement of `units`, with the guards down.

    SKU ids from 1 at location 1; the movement n of all is recorded at NOON + n x `every`.
    """
    LocationFactory(code="S1", pk=1)
    for number in range(rows):
        SkuFactory(code=f"A{number + 1}", pk=number + 1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE inventory_stockmovement DISABLE TRIGGER USER")
        cursor.execute(
            """INSERT INTO inventory_stockmovement (sku_id, location_id, on_hand_delta,
                   reserved_delta, unavailable_delta, on_hand_after, reserved_after,
                   unavailable_after, reason, reference, actor, occurred_at, recorded_at)
               SELECT 1 + n %% %(rows)s, 1, %(units)s, 0, 0, %(units)s * (n / %(rows)s + 1), 0, 0,
                      'receipt', 'D', 'test', moment, moment
               FROM generate_series(0, %(last)s) AS n
               CROSS JOIN LATERAL (
                   SELECT %(noon)s::timestamptz + n * %(every)s::interval AS moment
               ) AS t ORDER BY n""",
            {
                "rows": rows,
                "units": units,
                "last": movements - 1,
                "noon": NOON,
                "every": every,
            },
        )
        cursor.execute("ANALYZE inventory_stockmovement")


def available_at(sku_id: int, at: datetime) -> int:
    return look_back(sku_id=sku_id, location_id=1, at=at).available


def test_every_moment_finds_its_place() -> None:
    """Before, on and after each movement of each row, beside what a plain reading says."""
    write_history(30, rows=2, every=timedelta(seconds=10))
    for sku_id in (1, 2, 3):
        rows = list(StockMovement.objects.filter(sku=sku_id).order_by("id"))
        for tick in range(-10, 310, 5):
            at = NOON + timedelta(seconds=tick)
            known = [row.on_hand_after for row in rows if row.recorded_at <= at]
            assert available_at(sku_id, at) == (known[-1] if known else 0), (sku_id, tick)


def test_ids_that_leave_gaps_and_partitions_that_end_do_not_matter() -> None:
    write_history(20, rows=2, every=timedelta(hours=1))
    with connection.cursor() as cursor:
        # Unlike setval(), this is taken back with the test: a later one would prepare partitions
        # that the tests' own database cannot empty.
        cursor.execute("ALTER SEQUENCE inventory_stockmovement_id_seq RESTART WITH 4999991")
        cursor.execute("ALTER TABLE inventory_stockmovement ENABLE TRIGGER USER")
    before = list(StockMovement.objects.filter(sku=1).values_list("recorded_at", flat=True))
    sku, place_ = Sku.objects.get(pk=1), Location.objects.get(pk=1)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inventory_stock DISABLE TRIGGER USER")
    for _ in range(20):
        stock_up(sku, place_, 1)
    assert StockMovement.objects.filter(pk__gte=5_000_000).exists()
    for number, at in enumerate(before, start=1):
        assert available_at(1, at) == number
    later = StockMovement.objects.filter(sku=1, reference="test").order_by("id")
    for row in later:
        assert look_back(sku_id=1, location_id=1, at=row.recorded_at).last == row


def test_it_reads_a_few_pages_of_a_long_history() -> None:
    """Walking back from the newest would read every movement of the row: 6,000 of them."""
    write_history(30_000, rows=5, every=timedelta(seconds=7))
    early = NOON + timedelta(hours=1)
    available_at(3, early)  # the function is planned once a session
    with connection.cursor() as cursor:
        cursor.execute(
            """EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
               SELECT inventory_first_movement_after(3, 1, %s)""",
            [early],
        )
        (answer,) = cursor.fetchone()
    (plan,) = json.loads(answer) if isinstance(answer, str) else answer
    pages = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    assert pages < 100


@pytest.fixture
def shop(api: ApiCaller) -> ApiCaller:
    """Ten of A1 in S1; an order of two that was shipped; a transfer of three to S2; one damaged."""
    here = LocationFactory(code="S1")
    LocationFactory(code="S2")
    ChannelFactory(code="web", locations=[here])
    shirt = SkuFactory(code="A1")
    stock_up(shirt, here, 10)
    order = place(api, ("A1", 2))
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 2)))
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "DHL", "tracking_number": "1"})
    lines = [{"sku": "A1", "quantity": 3}]
    moved = api.post("transfers", {"from": "S1", "to": "S2", "lines": lines}).json()["id"]
    assert api.post(f"transfers/{moved}/dispatch").status_code == 200
    ledger.post(
        [
            ledger.Entry(
                shirt.pk, here.pk, unavailable=1, reason=Reason.DAMAGED, reference="transfers/x"
            )
        ],
        actor="sam",
    )
    return api


def as_of(api: ApiCaller, at: datetime, **more: Any) -> dict[str, Any]:
    answer = api.get("stock/as-of", sku="A1", location="S1", at=at.isoformat(), **more)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_answer_tells_the_movements_around_and_what_they_refer_to(shop: ApiCaller) -> None:
    rows = list(StockMovement.objects.filter(location__code="S1").order_by("id"))
    assert [row.reason for row in rows] == [
        "receipt",
        "reserved",
        "shipped",
        "transfer_out",
        "damaged",
    ]
    then = as_of(shop, rows[2].recorded_at)
    assert (then["on_hand"], then["reserved"], then["available"]) == (8, 0, 8)
    assert then["movement"] == then["before"][0]
    assert [each["reason"] for each in then["before"]] == ["shipped", "reserved", "receipt"]
    assert [each["reason"] for each in then["after"]] == ["transfer_out", "damaged"]
    number, moved = rows[2].reference, rows[3].reference.partition("/")[2]
    assert then["movement"]["link"] == {
        "kind": "order",
        "id": number,
        "url": f"/api/v1/orders/{number}",
    }
    assert then["after"][0]["link"] == {
        "kind": "transfer",
        "id": moved,
        "url": f"/api/v1/transfers/{moved}",
    }
    for named in (then["movement"], then["after"][0]):
        assert shop.get(named["link"]["url"]).status_code == 200
    assert then["after"][1]["link"] is None, "text that only looks like a reference"
    near = as_of(shop, rows[2].recorded_at, around=1)
    assert [each["reason"] for each in near["before"] + near["after"]] == [
        "shipped",
        "transfer_out",
    ]


def test_an_order_of_an_unseen_channel_has_no_link(shop: ApiCaller) -> None:
    ChannelFactory(code="pos")
    till = make_caller(["stock:read"], channels=["pos"])
    links = {each["link"]["kind"] for each in as_of(shop, NOW_LATER)["before"] if each["link"]}
    assert links == {"order", "transfer"}
    told = as_of(till, NOW_LATER)["before"]
    assert {each["link"] for each in told} == {None}, "a transfer is the work of buildings"
    assert {(each["reference"], each["actor"]) for each in told} == {("", "")}


NOW_LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("around", ["0", "51", "x", "-1", "9" * 30])
def test_around_is_a_few_movements(api: ApiCaller, around: str) -> None:
    answer = api.get("stock/as-of", sku="A1", location="S1", at=NOON.isoformat(), around=around)
    assert answer.status_code == 400
    assert "/around" in [error["pointer"] for error in answer.json()["errors"]]


def test_a_stretch_begins_with_what_was_there_and_tells_each_step() -> None:
    write_history(10, every=timedelta(minutes=10))
    since = NOON + timedelta(minutes=25)
    steps, exact = available_through(
        sku_id=1, location_id=1, since=since, until=since + timedelta(minutes=20)
    )
    assert exact
    assert steps == [
        (since, 3),
        (NOON + timedelta(minutes=30), 4),
        (NOON + timedelta(minutes=40), 5),
    ]
    long_ago = NOON - timedelta(days=9)
    assert available_through(
        sku_id=1, location_id=1, since=long_ago, until=long_ago + timedelta(days=1)
    ) == ([(long_ago, 0)], True)


def test_a_stretch_with_very_many_movements_is_sampled() -> None:
    write_history(2 * EXACT, every=timedelta(seconds=60))
    until = NOON + 2 * EXACT * timedelta(seconds=60)
    steps, exact = available_through(sku_id=1, location_id=1, since=NOON, until=until)
    assert not exact
    assert steps[0] == (NOON, 1)
    for at, available in steps:
        assert available == available_at(1, at)
