"""A till sale is a fact: recorded whatever the record said, at the time at which it happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from inventory import ledger
from inventory.ledger import Entry
from inventory.models import Sku, Stock, StockMovement
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, RingFenceFactory, SkuFactory
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import nothing_written, pointers, problem
from tests.omniretail.files.import_helpers import bring_in
from tests.orders.fulfilment_helpers import assert_laws_hold, place, step, stock, units
from tests.orders.placing.placing_helpers import at, order_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("world")]

NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def hour(hours: float) -> str:
    return (NOON + timedelta(hours=hours)).isoformat()


def sale(*lines: tuple[str, int], external_id: str = "T-1", **more: Any) -> dict[str, Any]:
    body = order_of(*lines, external_id=external_id, **more)
    return body | {"lines": [at(line, "carry_out", "S1") for line in body["lines"]]}


def sold(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    answer = api.post("orders", sale(*lines, **more))
    assert answer.status_code == 201, answer.json()
    return answer.json()


def moves(number: str) -> list[tuple[str, int, int]]:
    """Return (reason, on_hand, unavailable) of an order's movements that move either."""
    rows = StockMovement.objects.filter(reference=number).order_by("id")
    return [
        (row.reason, row.on_hand_delta, row.unavailable_delta)
        for row in rows
        if row.on_hand_delta or row.unavailable_delta
    ]


def drift(api: ApiCaller) -> list[tuple[str, int, int]]:
    rows = api.get("stock/drift", source="till").json()["results"]
    return [(row["reference"], row["reported"], row["expected"]) for row in rows]


def moved(units: int, *, at: float, reason: str = "receipt") -> None:
    pair = Sku.objects.get(code="C1").pk, Location.objects.get(code="S1").pk
    when = NOON + timedelta(hours=at)
    ledger.post([Entry(*pair, on_hand=units, reason=reason, occurred_at=when)], actor="floor")


def count(api: ApiCaller, on_hand: int, *, at: float) -> None:
    line = {"sku": "C1", "location": "S1", "on_hand": on_hand}
    body = {"reason": "cycle_count", "as_of": hour(at), "lines": [line]}
    assert api.post("stock/counts/apply", body).status_code in (200, 201)


def start_at_noon() -> None:
    """Two of C1 came to the shop hours ago: its record begins with them."""
    article, shop = SkuFactory(code="C1"), Location.objects.get(code="S1")
    ledger.open_rows([(article.pk, shop.pk)])
    moved(2, at=0)


class TestWhatTheRecordLacks:
    def test_is_found_first_and_is_drift(self, api: ApiCaller) -> None:
        order = sold(api, ("A1", 3))
        assert (order["state"], order["lines"][0]["fulfilled"]) == ("completed", 3)
        assert stock("A1", "S1") == (0, 0, 0)
        assert moves(order["number"]) == [("unrecorded", 1, 0), ("carried_out", -3, 0)]
        assert drift(api) == [(order["number"], 3, 2)]
        assert_pool_laws()
        assert_laws_hold()

    def test_may_never_have_been_there(self, api: ApiCaller) -> None:
        order = sold(api, ("B1", 2))
        assert stock("B1", "S1") == (0, 0, 0)
        assert moves(order["number"]) == [("unrecorded", 2, 0), ("carried_out", -2, 0)]
        assert_laws_hold()

    def test_may_be_no_stock_of_the_channel(self, api: ApiCaller) -> None:
        ChannelFactory(code="market", locations=[Location.objects.get(code="W1")])
        sold(api, ("A1", 1), channel="market")
        assert (stock("A1", "S1"), drift(api)) == ((1, 0, 0), [])

    def test_is_recorded_also_where_a_part_would_be_allowed(self, api: ApiCaller) -> None:
        order = sold(api, ("A1", 3), allow_partial=True)
        assert order["lines"][0]["cancelled"] == 0

    def test_stays_unknown_when_the_order_is_refused(self, api: ApiCaller) -> None:
        body = sale(("B1", 1), ("B1", 1))
        body["lines"][1]["fulfilment"] = {"type": "ship"}
        body["lines"][1]["quantity"] = 4  # three are left
        with nothing_written():
            problem(api.post("orders", body), 409, "insufficient_stock")
        assert not Stock.objects.filter(sku__code="B1", location__code="S1").exists()

    def test_in_a_batch_and_in_a_file(self, api: ApiCaller) -> None:
        batch = [sale(("A1", 2)), sale(("A1", 2), external_id="T-2"), order_of(("A1", 1))]
        results = api.post("orders/batch", {"orders": batch}).json()["results"]
        assert [each["status"] for each in results] == [201, 201, 201]
        header = "channel,external_id,currency,line_id,sku,quantity,unit_price,type,location"
        row = "web,T-3,GBP,1,A1,2,19.99,carry_out,S1"
        imported = bring_in(
            api, "orders", f"{header},occurred_at", f"{row},{hour(1)}", f"{row},".replace("3", "4")
        )
        assert imported["rows_failed"] == 0
        again = bring_in(api, "orders", f"{header},occurred_at", f"{row},{hour(1)}")
        assert (again["rows_failed"], again["rows_changed"]) == (0, 0)
        assert stock("A1", "S1") == (0, 0, 0)
        assert_pool_laws()
        assert_laws_hold()


class TestWhatIsPromised:
    def test_breaks_promises_by_their_grip(self, api: ApiCaller) -> None:
        waiting = place(api, ("A1", 1), pickup_at="S1")
        open_ = place(api, ("A1", 1), pickup_at="S1")
        code = waiting["fulfilments"][0]["id"]
        step(api, code, "pick", units(("1", 1)))
        step(api, code, "ready", {"bay": "7"})
        order = sold(api, ("A1", 1))
        (made,) = (
            each
            for each in api.get(f"orders/{open_['number']}").json()["fulfilments"]
            if each["state"] == "open"
        )
        assert (made["location"], made["source"]) == ("S1", "W1")
        assert stock("A1", "S1") == (1, 1, 0)
        story = api.get(f"orders/{open_['number']}/timeline").json()["results"]
        assert any(f"till sale {order['number']}" in entry["text"] for entry in story)
        assert drift(api) == []
        assert_pool_laws()
        assert_laws_hold()

    def test_is_not_broken_by_what_is_only_kept_from_sale(self, api: ApiCaller, world: Any) -> None:
        market = ChannelFactory(code="market")
        RingFenceFactory(channel=market, sku=world["A1"], location=world["S1"], quantity=2)
        sold(api, ("A1", 2))
        assert (stock("A1", "S1"), drift(api)) == ((0, 0, 0), [])

    def test_and_set_apart_was_sold_after_all(self, api: ApiCaller) -> None:
        line = {"sku": "A1", "location": "S1", "quantity": 2, "from": "available"}
        api.post("stock/unavailable", {"lines": [line | {"to": "damaged"}]})
        order = sold(api, ("A1", 1))
        assert stock("A1", "S1") == (1, 0, 1)
        assert moves(order["number"]) == [("damaged", 0, -1), ("carried_out", -1, 0)]
        kept = api.get("stock/unavailable", sku="A1", location="S1").json()["results"]
        assert kept[0]["damaged"] == 1
        assert_pool_laws()


class TestLateFacts:
    """The balance is what it would be had all facts arrived in their order."""

    def test_carry_the_time_at_which_they_happened(self, api: ApiCaller) -> None:
        start_at_noon()
        order = sold(api, ("C1", 1), occurred_at=hour(1))
        movement = StockMovement.objects.get(reference=order["number"], on_hand_delta=-1)
        assert movement.occurred_at == NOON + timedelta(hours=1)
        assert datetime.fromisoformat(order["placed_at"]) == movement.occurred_at

    def test_before_a_count_are_not_deducted_twice(self, api: ApiCaller) -> None:
        start_at_noon()
        count(api, 1, at=2)  # the shelf, without the unit that was sold
        order = sold(api, ("C1", 1), occurred_at=hour(1))
        assert stock("C1", "S1") == (1, 0, 0)
        assert moves(order["number"]) == [("unrecorded", 1, 0), ("carried_out", -1, 0)]
        assert drift(api) == []

    def test_before_a_count_that_agreed_are_not_deducted_either(self, api: ApiCaller) -> None:
        start_at_noon()
        count(api, 2, at=2)
        sold(api, ("C1", 1), occurred_at=hour(1))
        assert stock("C1", "S1") == (2, 0, 0)

    def test_before_a_file_of_figures_are_not_deducted_twice(self, api: ApiCaller) -> None:
        start_at_noon()
        bring_in(api, "stock", "sku,location,on_hand", "C1,S1,1")
        sold(api, ("C1", 1), occurred_at=hour(1))
        assert stock("C1", "S1") == (1, 0, 0)

    def test_after_a_count_are_deducted(self, api: ApiCaller) -> None:
        start_at_noon()
        count(api, 1, at=2)
        sold(api, ("C1", 1), occurred_at=hour(3))
        assert stock("C1", "S1") == (0, 0, 0)

    def test_before_goods_came_did_not_sell_these(self, api: ApiCaller) -> None:
        start_at_noon()
        moved(5, at=2)
        order = sold(api, ("C1", 3), occurred_at=hour(1))
        assert stock("C1", "S1") == (5, 0, 0)
        assert drift(api) == [(order["number"], 3, 2)]

    def test_before_the_first_record_sold_what_it_did_not_know(self, api: ApiCaller) -> None:
        start_at_noon()
        sold(api, ("C1", 1), occurred_at=hour(-4))
        assert stock("C1", "S1") == (2, 0, 0)

    @pytest.mark.parametrize("order", permutations(range(4)))
    def test_come_to_the_same_in_any_order(self, api: ApiCaller, order: tuple[int, ...]) -> None:
        """Sold at one and at four, counted at two and at three: two, and one of these is sold."""
        start_at_noon()
        moved(1, at=0.5)
        facts = [
            lambda: sold(api, ("C1", 2), external_id="early", occurred_at=hour(1)),
            lambda: count(api, 3, at=2),
            lambda: count(api, 2, at=3),
            lambda: sold(api, ("C1", 1), external_id="late", occurred_at=hour(4)),
        ]
        for number in order:
            facts[number]()
        assert stock("C1", "S1") == (1, 0, 0)
        assert_pool_laws()

    @pytest.mark.parametrize(
        ("when", "code"),
        [
            ("2999-01-01T00:00:00Z", "not_in_the_past"),
            ("1970-01-01T00:00:00Z", "not_in_the_past"),
            ("9999-12-31T23:59:59Z", "not_in_the_past"),
            ("yesterday", "invalid"),
            (1_700_000_000, "invalid"),
        ],
    )
    def test_of_no_possible_time_are_refused(self, api: ApiCaller, when: Any, code: str) -> None:
        with nothing_written():
            answer = api.post("orders", sale(("A1", 1), occurred_at=when))
        assert pointers(answer) == {"/occurred_at": code}

    def test_are_of_goods_that_were_carried_out(self, api: ApiCaller) -> None:
        answer = api.post("orders", order_of(("A1", 1), occurred_at=hour(1)))
        assert pointers(answer) == {"/occurred_at": "not_taken"}

    def test_of_a_clock_a_little_ahead_are_of_now(self, api: ApiCaller) -> None:
        soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
        first = sold(api, ("A1", 1), occurred_at=soon)
        assert datetime.fromisoformat(first["placed_at"]) < datetime.now(UTC)
        again = api.post("orders", sale(("A1", 1), occurred_at=soon))
        assert (again.status_code, again.json()["number"]) == (200, first["number"])
