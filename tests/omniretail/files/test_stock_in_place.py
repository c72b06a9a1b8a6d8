"""Figures that go to their Stock rows by where these lay when the file was compared with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from core.imports.kinds import Chunk, Progress
from core.imports.models import Import
from core.imports.running import run
from inventory import ledger
from inventory.choices import Reason
from inventory.imports.counted_kinds import STOCK
from inventory.ledger import Entry
from inventory.models import Sku, StockMovement
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances
from tests.omniretail.files.import_helpers import bring_in, counts, send

pytestmark = pytest.mark.django_db
HEADER = "sku,location,on_hand"


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    for code in ("S1", "S2"):
        LocationFactory(code=code, store=True)
    for code in ("A1", "A2", "A3"):
        SkuFactory(code=code)


def test_what_moved_after_the_comparison_is_counted_from_what_it_is_then(api: ApiCaller) -> None:
    bring_in(api, "stock", HEADER, "A1,S1,10", "A2,S1,10", "A3,S1,10")
    sent = send(
        api, "stock", "\n".join((HEADER, "A1,S1,5", "A2,S1,7", "A3,S1,8", "A1,S2,1"))
    ).json()

    def prepare(file: Import) -> Progress:
        """Compare the file with the record; then three are lost, and one is found."""
        progress = STOCK.prepare(file)
        for sku, units, reason in (("A1", -3, "lost"), ("A2", -3, "lost"), ("A3", 1, "found")):
            line = {"sku": sku, "location": "S1", "on_hand_delta": units}
            body = {"reason": reason, "lines": [line]}
            assert api.post("stock/adjustments", body).status_code < 300
        return progress

    run(int(sent["id"]), replace(STOCK, prepare=prepare))
    assert counts(api.get(f"imports/{sent['id']}").json()) == ("done", 4, 4, 3, 0)
    moves = StockMovement.objects.filter(location__code="S1").order_by("id")
    deltas = {
        sku: list(moves.filter(sku__code=sku).values_list("on_hand_delta", flat=True))
        for sku in ("A1", "A2", "A3")
    }
    assert deltas == {"A1": [10, -3, -2], "A2": [10, -3], "A3": [10, 1, -3]}
    assert_pool_laws()


def test_a_figure_is_applied_once_while_people_sell(api: ApiCaller) -> None:
    """Units of A1 are unavailable, which a transaction of its own must settle. What is sold
    between the two stays sold, by books that this test keeps: a figure is what was left and
    what was sold since it was applied."""
    bring_in(api, "stock", HEADER, "A1,S1,10", "A2,S1,10", "A3,S1,10")
    damaged = {"sku": "A1", "location": "S1", "unavailable_delta": 1}
    api.post("stock/adjustments", {"reason": "damaged", "lines": [damaged]})
    sent = send(api, "stock", "\n".join((HEADER, "A1,S1,8", "A2,S1,7", "A3,S1,6"))).json()
    sold = dict.fromkeys(("A1", "A2", "A3"), 0)
    rounds = 0

    def sell_and_apply(chunk: Chunk) -> Progress:
        nonlocal rounds
        if rounds:
            sell(("A2", 3), ("A3", 2))
            for sku, units in (("A2", 3), ("A3", 2)):
                sold[sku] += units
        rounds += 1
        return STOCK.apply(chunk)

    run(int(sent["id"]), replace(STOCK, apply=sell_and_apply))
    assert rounds == 2
    left = {sku: balances(sku, "S1")[0] for sku in sold}
    assert {sku: left[sku] + sold[sku] for sku in sold} == {"A1": 8, "A2": 7, "A3": 6}
    assert counts(api.get(f"imports/{sent['id']}").json()) == ("done", 3, 3, 3, 0)
    assert_pool_laws()


def sell(*lines: tuple[str, int]) -> None:
    """Sell units at the till of S1."""
    entries = [
        Entry(
            Sku.objects.get(code=sku).pk,
            Location.objects.get(code="S1").pk,
            on_hand=-units,
            reason=Reason.CARRIED_OUT,
        )
        for sku, units in lines
    ]
    ledger.post(entries, actor="till")


def test_rows_that_can_be_changed_are_committed_before_the_others(api: ApiCaller) -> None:
    """Locks are taken in one order: those of rows left behind wait for a transaction of their
    own."""
    bring_in(api, "stock", HEADER, "A1,S1,10", "A3,S1,10")
    sent = send(api, "stock", "\n".join((HEADER, "A1,S1,5", "A2,S1,7", "A3,S1,8"))).json()
    rounds: list[tuple[int, int, bool]] = []

    def apply(chunk: Chunk) -> Progress:
        progress = STOCK.apply(chunk)
        rounds.append((progress.done, progress.changed, progress.again))
        return progress

    run(int(sent["id"]), replace(STOCK, apply=apply))
    assert rounds == [(2, 2, True), (1, 1, False)]
    assert counts(api.get(f"imports/{sent['id']}").json()) == ("done", 3, 3, 3, 0)
    assert_pool_laws()


def test_rows_are_locked_in_the_order_of_the_pool(api: ApiCaller) -> None:
    """The UPDATE takes its locks by going through the figures, which lie in this order. Joined in
    any other way it would meet a sale of the same goods head on."""
    plans: list[str] = []

    def explain(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if "f.place" in sql:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", parameters)
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return execute(sql, parameters, many, context)

    bring_in(api, "stock", HEADER, "A1,S1,10", "A2,S1,10", "A3,S1,10")
    with connection.execute_wrapper(explain):
        bring_in(api, "stock", HEADER, "A3,S1,1", "A1,S1,2", "A2,S1,3")
    (plan,) = plans
    change = plan[plan.index("Update on inventory_stock") : plan.index("CTE moved")]
    steps = [line.partition("->")[2].strip() for line in change.splitlines() if "->" in line]
    ways = ("Nested Loop", "Tid Range Scan on imports_work_", "Tid Scan on inventory_stock")
    assert [step.startswith(way) for step, way in zip(steps, ways, strict=True)] == [True] * 3
    moves = StockMovement.objects.order_by("-id").values_list("sku__code", flat=True)[:3]
    assert list(moves) == ["A3", "A2", "A1"]
