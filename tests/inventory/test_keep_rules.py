"""Units kept from sale by rule: written, matched, released by time, honoured at every door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import ledger
from inventory.ledger import Claim
from inventory.models import KeepRule, RingFence, Sku
from inventory.queries.candidates import read_shelf
from omniretail.audit.models import AuditRecord
from omniretail.rows import take_ids
from orders.models import OrderLine
from orders.tasks import fill_backorders
from stores.models import Channel, Location
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.conftest import ApiCaller, make_caller
from tests.inventory.floor import balances, cart, hold, nothing_written, order, pointers, problem
from tests.inventory.laws import assert_pool_laws
from tests.orders.desk import assert_laws_hold, place

pytestmark = pytest.mark.django_db

LONG_AGO, JUST_NOW = "2020-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"
SOME_DAY, LATER_STILL = "2090-01-01T00:00:00.000Z", "2095-01-01T00:00:00.000Z"
WALK_INS: dict[str, Any] = {
    "kind": "safety_stock",
    "channel": None,
    "quantity": 3,
    "sku": None,
    "category": "Shirts",
    "abc_class": "A",
    "location": "S1",
    "from": LONG_AGO,
    "until": SOME_DAY,
    "note": "For walk-ins",
}


@pytest.fixture(autouse=True)
def world() -> None:
    """Ten shirts of class A and ten mugs of class C, in a shop and in a warehouse."""
    shop, warehouse = make_location("S1", kind="store", priority=1), make_location("W1")
    for channel in ("web", "pos", "market"):
        make_channel(channel)
    for code, category, abc_class in [("A1", "Shirts", "A"), ("C1", "Mugs", "C")]:
        sku = make_sku(code, category=category, abc_class=abc_class)
        for building in (shop, warehouse):
            stock_up(sku, building, 10)


def keep(api: ApiCaller, code: str, quantity: int, **more: Any) -> Any:
    """Put a rule: a ring fence where a channel is named, else safety stock."""
    kind = "ring_fence" if "channel" in more else "safety_stock"
    return api.put(f"keep-rules/{code}", {"kind": kind, "quantity": quantity} | more)


def kept(api: ApiCaller, code: str, quantity: int, **more: Any) -> dict[str, Any]:
    answer = keep(api, code, quantity, **more)
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def sellable(channel: str = "web") -> dict[tuple[str, str], int]:
    """Return what a channel may promise, by SKU and location."""
    shelf = read_shelf(skus=["A1", "C1"], channel_id=Channel.objects.get(code=channel).pk)
    places = dict(Location.objects.values_list("pk", "code"))
    return {
        (sku, places[location_id]): units
        for sku, identity in shelf.sku_ids.items()
        for location_id, units in shelf.sellable[identity].items()
    }


def left(sku: str, location: str, channel: str = "web") -> int:
    return sellable(channel)[sku, location]


class TestWriting:
    def test_a_rule_is_made_read_and_removed(self, api: ApiCaller) -> None:
        made = api.put("keep-rules/walk-ins", WALK_INS)
        assert made.status_code == 201, made.content
        assert made.json() == {"code": "walk-ins", **WALK_INS, "state": "active"}
        read = api.get("keep-rules/walk-ins")
        assert (read.json(), read["ETag"]) == (made.json(), made["ETag"])
        assert api.get("keep-rules").json() == {"results": [read.json()], "next": None}
        assert api.delete("keep-rules/walk-ins").status_code == 204
        for gone in (api.get("keep-rules/walk-ins"), api.delete("keep-rules/walk-ins")):
            problem(gone, 404, "not_found")
        assert list(AuditRecord.objects.values_list("action", flat=True).order_by("id")) == [
            "keep_rule.made",
            "keep_rule.removed",
        ]

    def test_a_replacement_forgets_what_it_does_not_name(self, api: ApiCaller) -> None:
        first = api.put("keep-rules/r", WALK_INS)
        second = keep(api, "r", 4, channel="web", sku="A1")
        assert second.status_code == 200
        assert second.json() == {
            "code": "r",
            "kind": "ring_fence",
            "channel": "web",
            "quantity": 4,
            "sku": "A1",
            "category": None,
            "abc_class": None,
            "location": None,
            "from": None,
            "until": None,
            "note": None,
            "state": "active",
        }
        again = keep(api, "r", 4, channel="web", sku="A1")
        assert (again.json(), again["ETag"]) == (second.json(), second["ETag"])
        stale = {"If-Match": first["ETag"]}
        problem(api.put("keep-rules/r", WALK_INS, **stale), 412, "precondition_failed")
        problem(api.delete("keep-rules/r", **stale), 412, "precondition_failed")
        assert api.delete("keep-rules/r", **{"If-Match": second["ETag"]}).status_code == 204

    @pytest.mark.parametrize(
        ("change", "wrong"),
        [
            ({"kind": "fence"}, {"/kind": "invalid_choice"}),
            ({"quantity": 0}, {"/quantity": "min_value"}),
            ({"quantity": 10**30}, {"/quantity": "max_value"}),
            ({"quantity": True}, {"/quantity": "invalid"}),
            ({"abc_class": "D"}, {"/abc_class": "invalid_choice"}),
            ({"category": 7}, {"/category": "invalid"}),
            ({"from": "Friday"}, {"/from": "invalid"}),
            ({"until": LONG_AGO}, {"/until": "ends_too_early"}),
            ({"channel": "web"}, {"/channel": "channel_not_meant"}),
            ({"kind": "ring_fence"}, {"/channel": "channel_needed"}),
            ({"colour": "red"}, {"/colour": "unknown_field"}),
            (
                {"kind": "ring_fence", "channel": "X", "sku": "X", "location": "X"},
                {
                    "/channel": "unknown_channel",
                    "/location": "unknown_location",
                    "/sku": "unknown_sku",
                },
            ),
        ],
    )
    def test_what_is_wrong_is_pointed_at(
        self, api: ApiCaller, change: dict[str, Any], wrong: dict[str, str]
    ) -> None:
        with nothing_written():
            assert pointers(api.put("keep-rules/r", WALK_INS | change)) == wrong
        assert not KeepRule.objects.exists()

    def test_rules_are_found_by_what_they_say(self, api: ApiCaller) -> None:
        kept(api, "a", 1)
        kept(api, "b", 1, channel="web", sku="A1", until=LONG_AGO)
        kept(api, "c", 1, channel="pos", location="S1", **{"from": SOME_DAY})
        kept(api, "d", 1, category="Mugs", abc_class="C", **{"from": LONG_AGO, "until": SOME_DAY})
        for query, found in [
            ({}, "abcd"),
            ({"kind": "ring_fence"}, "bc"),
            ({"channel": "pos"}, "c"),
            ({"sku": "A1"}, "b"),
            ({"location": "S1"}, "c"),
            ({"category": "Mugs"}, "d"),
            ({"abc_class": "C"}, "d"),
            ({"state": "active"}, "ad"),
            ({"state": "upcoming"}, "c"),
            ({"state": "over"}, "b"),
            ({"channel": "NONE"}, ""),
        ]:
            rows = api.get("keep-rules", **query).json()["results"]
            assert "".join(row["code"] for row in rows) == found, query
            if "state" in query:
                assert {row["state"] for row in rows} == {query["state"]}
        assert api.get("keep-rules", state="soon").status_code == 400

    def test_who_may(self, api: ApiCaller) -> None:
        reader = make_caller(["catalogue:read"])
        problem(reader.put("keep-rules/r", WALK_INS), 403, "forbidden")
        problem(reader.delete("keep-rules/r"), 403, "forbidden")

    def test_a_tied_key_keeps_units_within_its_ties(self, api: ApiCaller) -> None:
        scopes = ["catalogue:read", "catalogue:write"]
        shop = make_caller(scopes, locations=["S1"])
        till = make_caller(scopes, channels=["pos"])
        kept(api, "everywhere", 1)
        assert pointers(keep(shop, "r", 1)) == {"/location": "location_needed"}
        assert pointers(keep(shop, "r", 1, location="W1")) == {"/location": "unknown_location"}
        assert pointers(keep(till, "r", 1)) == {"/channel": "channel_needed"}
        assert pointers(keep(till, "r", 1, channel="web")) == {"/channel": "unknown_channel"}
        problem(keep(shop, "everywhere", 1, location="S1"), 404, "not_found")
        problem(shop.delete("keep-rules/everywhere"), 404, "not_found")
        assert keep(shop, "ours", 1, location="S1").status_code == 201
        assert [row["code"] for row in shop.get("keep-rules").json()["results"]] == ["ours"]
        problem(till.get("keep-rules/ours"), 404, "not_found")
        assert keep(till, "till", 1, channel="pos").status_code == 201


class TestMatching:
    @pytest.mark.parametrize(
        ("named", "matched"),
        [
            ({}, {("A1", "S1"), ("A1", "W1"), ("C1", "S1"), ("C1", "W1")}),
            ({"sku": "A1"}, {("A1", "S1"), ("A1", "W1")}),
            ({"category": "Mugs"}, {("C1", "S1"), ("C1", "W1")}),
            ({"category": "mugs"}, set()),
            ({"abc_class": "A"}, {("A1", "S1"), ("A1", "W1")}),
            ({"location": "S1"}, {("A1", "S1"), ("C1", "S1")}),
            ({"abc_class": "C", "location": "W1"}, {("C1", "W1")}),
            ({"sku": "A1", "category": "Mugs"}, set()),
        ],
    )
    def test_a_rule_applies_where_all_that_it_names_is_so(
        self, api: ApiCaller, named: dict[str, Any], matched: set[tuple[str, str]]
    ) -> None:
        kept(api, "safe", 3, **named)
        assert {shelf for shelf, units in sellable().items() if units == 7} == matched
        kept(api, "fence", 2, channel="pos", **named)
        assert {shelf for shelf, units in sellable().items() if units == 5} == matched
        assert {shelf for shelf, units in sellable("pos").items() if units == 7} == matched

    def test_of_safety_levels_the_highest_applies(self, api: ApiCaller) -> None:
        own = {"sku": "A1", "location": "S1", "safety_stock": 4}
        assert api.put("stock/safety-stock", {"lines": [own]}).status_code == 200
        kept(api, "everything", 2)
        assert (left("A1", "S1"), left("A1", "W1")) == (6, 8)
        kept(api, "shop", 5, location="S1")
        assert (left("A1", "S1"), left("A1", "W1")) == (5, 8)

    def test_of_fences_of_one_channel_the_highest_and_channels_add_up(self, api: ApiCaller) -> None:
        RingFence.objects.create(
            channel=Channel.objects.get(code="pos"),
            sku=Sku.objects.get(code="A1"),
            location=Location.objects.get(code="S1"),
            quantity=3,
        )
        kept(api, "pos-2", 2, channel="pos")
        kept(api, "market-4", 4, channel="market", location="S1")
        assert left("A1", "S1", "web") == 10 - 3 - 4
        assert left("A1", "S1", "pos") == 10 - 4
        assert left("A1", "S1", "market") == 10 - 3
        assert left("C1", "S1", "web") == 10 - 2 - 4
        kept(api, "pos-5", 5, channel="pos", category="Shirts")
        assert left("A1", "S1", "web") == 10 - 5 - 4

    def test_nothing_is_kept_for_a_channel_where_it_does_not_sell(self, api: ApiCaller) -> None:
        warehouse = Location.objects.get(code="W1")
        make_channel("abroad", locations=[warehouse])
        kept(api, "abroad", 4, channel="abroad")
        assert (left("A1", "S1"), left("A1", "W1")) == (10, 6)
        Channel.objects.get(code="abroad").locations.clear()
        assert left("A1", "W1") == 10

    def test_a_sku_that_changes_its_class_changes_its_rules(self, api: ApiCaller) -> None:
        kept(api, "best-sellers", 3, abc_class="A")
        assert left("C1", "S1") == 10
        body = {"name": "Mug", "category": "Mugs", "abc_class": "A"}
        assert api.put("skus/C1", body).status_code == 200
        assert left("C1", "S1") == 7

    def test_a_rule_lasts_from_its_beginning_until_its_end(self, api: ApiCaller) -> None:
        kept(api, "past", 9, until=LONG_AGO)
        kept(api, "future", 8, **{"from": SOME_DAY})
        kept(api, "now", 3, **{"from": LONG_AGO, "until": SOME_DAY})
        assert left("A1", "S1") == 7
        assert kept(api, "future", 8, **{"from": JUST_NOW, "until": LATER_STILL})["state"] == (
            "active"
        )
        assert left("A1", "S1") == 2

    def test_more_may_be_kept_than_there_is(self, api: ApiCaller) -> None:
        for channel in ("pos", "market"):
            kept(api, channel, 1_000_000, channel=channel)
        kept(api, "safe", 1_000_000)
        problem(api.post("reservations", cart(("A1", 1))), 409, "insufficient_stock")


class TestHonouring:
    """Every way to promise goods: all of them leave what is kept."""

    @pytest.fixture(autouse=True)
    def nearly_all_is_kept(self, api: ApiCaller) -> None:
        """Of ten, web may have two at each of two locations, the till eight."""
        kept(api, "safe", 2)
        kept(api, "till", 6, channel="pos", category="Shirts")

    def test_carts(self, api: ApiCaller) -> None:
        problem(api.post("reservations", cart(("A1", 3, "S1"))), 409, "insufficient_stock")
        hold(api, ("A1", 2, "S1"))
        problem(api.post("reservations", cart(("A1", 1, "S1"))), 409, "insufficient_stock")
        hold(api, ("A1", 6, "S1"), channel="pos", reference="till")
        problem(
            api.post("reservations", cart(("A1", 1, "S1"), channel="pos", reference="till-2")),
            409,
            "insufficient_stock",
        )
        assert balances("A1", "S1") == (10, 8, 0)

    def test_orders_and_availability(self, api: ApiCaller) -> None:
        asked = {"channel": "web", "lines": [{"sku": "A1", "quantity": 5}]}
        (line,) = api.post("availability/query", asked).json()["lines"]
        assert (line["sellable"], line["state"]) == (4, "limited")
        refusal = {
            "channel": "web",
            "external_id": "5",
            "currency": "GBP",
            "lines": [{"line_id": "1", "sku": "A1", "quantity": 5, "unit_price": "1.00"}],
        }
        lines = problem(api.post("orders", refusal), 409, "insufficient_stock")["lines"]
        assert lines == [{"sku": "A1", "requested": 5, "available": 4}]
        order(api, "1", 4)
        assert sellable()["A1", "S1"] == sellable()["A1", "W1"] == 0
        order(api, "2", 12, channel="pos")
        assert balances("A1", "S1") == balances("A1", "W1") == (10, 8, 0)
        assert_laws_hold()

    def test_a_batch_of_two_channels(self, api: ApiCaller) -> None:
        def wants(channel: str, units: int) -> dict[str, Any]:
            line = {"line_id": "1", "sku": "A1", "quantity": units, "unit_price": "1.00"}
            way = {"type": "carry_out", "location": "S1"}
            return {
                "channel": channel,
                "external_id": f"{channel}-{units}",
                "currency": "GBP",
                "lines": [line | {"fulfilment": way}],
            }

        body = {"orders": [wants("pos", 4), wants("web", 1), wants("pos", 3), wants("pos", 2)]}
        answer = api.post("orders/batch", body)
        # The till's four leave six, all of them its own: web may have none of those.
        assert [each["status"] for each in answer.json()["results"]] == [201, 409, 201, 409]
        assert balances("A1", "S1") == (3, 0, 0)
        assert_laws_hold()

    def test_pickups_that_another_building_sends(self, api: ApiCaller) -> None:
        for sent_from in ("S1", "W1"):
            place(api, ("A1", 2), pickup_at="S1")
            assert balances("A1", sent_from) == (10, 2, 0)
        with pytest.raises(AssertionError, match="insufficient_stock"):
            place(api, ("A1", 1), pickup_at="S1")
        assert_laws_hold()

    def test_sourcing_again(self, api: ApiCaller) -> None:
        number = order(api, "1", 4, allow_backorder=True)
        (first, second) = sorted(
            api.get(f"orders/{number}").json()["fulfilments"], key=lambda each: each["location"]
        )
        assert [first["location"], second["location"]] == ["S1", "W1"]
        rejected = api.post(f"fulfilments/{first['id']}/reject", {"reason": "no_capacity"})
        assert rejected.status_code == 200, rejected.content
        assert balances("A1", "W1") == (10, 2, 0)
        assert OrderLine.objects.get().backordered == 2

    def test_a_buyer_who_comes_between_reading_and_claiming(self, api: ApiCaller) -> None:
        web = Channel.objects.get(code="web").pk
        shelf = read_shelf(skus=["A1"], channel_id=web)
        sku_id, location_id = shelf.sku_ids["A1"], Location.objects.get(code="S1").pk
        assert shelf.sellable[sku_id][location_id] == 2
        hold(api, ("A1", 1, "S1"))

        def claim(units: int) -> bool:
            (identity,) = take_ids(inventory_reservation=1)["inventory_reservation"]
            fenced = shelf.fenced[sku_id, location_id]
            mine = Claim(identity, sku_id, location_id, units, fenced, "late")
            return ledger.reserve([mine], actor="test")

        assert not claim(2)
        assert claim(1)
        assert_pool_laws()

    def test_a_cart_gets_what_it_held_whatever_is_kept_later(self, api: ApiCaller) -> None:
        held = hold(api, ("A1", 2, "S1"))
        own = {"sku": "A1", "location": "S1", "safety_stock": 9}
        assert api.put("stock/safety-stock", {"lines": [own]}).status_code == 200
        kept(api, "till", 20, channel="pos")
        order(api, "1", 2, reservation_id=held)
        assert balances("A1", "S1") == (10, 2, 0)
        assert sellable()["A1", "S1"] < 0
        assert_laws_hold()

    def test_a_cart_that_held_some_is_promised_no_more_than_that(self, api: ApiCaller) -> None:
        held = hold(api, ("A1", 2, "S1"))
        kept(api, "till", 20, channel="pos")
        with pytest.raises(AssertionError, match="insufficient_stock"):
            order(api, "1", 3, reservation_id=held)
        assert balances("A1", "S1") == (10, 2, 0)


class TestReleasing:
    """What is no longer kept goes to the orders that wait, the oldest first."""

    @pytest.fixture(autouse=True)
    def waiting(self, api: ApiCaller) -> None:
        kept(api, "till", 10, channel="pos", category="Shirts")
        order(api, "1", 3, allow_backorder=True)
        assert self.waits_for() == 3

    @staticmethod
    def waits_for() -> int:
        return OrderLine.objects.get().backordered

    def test_a_rule_that_is_removed(self, api: ApiCaller) -> None:
        assert api.delete("keep-rules/till").status_code == 204
        assert self.waits_for() == 0
        assert balances("A1", "S1") == (10, 3, 0)
        assert_laws_hold()

    def test_a_rule_that_keeps_less(self, api: ApiCaller) -> None:
        kept(api, "till", 9, channel="pos", category="Shirts", location="S1")
        assert self.waits_for() == 0

    def test_a_rule_that_goes_over_to_other_skus(self, api: ApiCaller) -> None:
        kept(api, "till", 10, channel="pos", category="Mugs")
        assert self.waits_for() == 0

    def test_a_rule_whose_time_is_up(self, api: ApiCaller) -> None:
        KeepRule.objects.update(until=datetime(2020, 1, 1, tzinfo=UTC))
        assert self.waits_for() == 3
        fill_backorders()
        assert self.waits_for() == 0
        assert_laws_hold()

    def test_safety_stock_that_is_lowered(self, api: ApiCaller) -> None:
        def level(units: int) -> None:
            lines = [
                {"sku": "A1", "location": building, "safety_stock": units}
                for building in ("S1", "W1")
            ]
            assert api.put("stock/safety-stock", {"lines": lines}).status_code == 200

        level(10)
        assert api.delete("keep-rules/till").status_code == 204
        assert self.waits_for() == 3
        level(9)
        assert self.waits_for() == 1
        assert_laws_hold()

    def test_a_fence_that_is_taken_down(self, api: ApiCaller) -> None:
        fences = [
            {"sku": "A1", "location": building, "quantity": 10, "until": SOME_DAY}
            for building in ("S1", "W1")
        ]
        till = {"name": "Till", "kind": "pos", "locations": "all"}
        assert api.put("channels/pos", till | {"ring_fences": fences}).status_code == 200
        assert api.delete("keep-rules/till").status_code == 204
        assert self.waits_for() == 3
        assert api.put("channels/pos", till | {"ring_fences": fences[:1]}).status_code == 200
        assert self.waits_for() == 0
        assert balances("A1", "W1") == (10, 3, 0)


class TestShowing:
    def test_stock_says_what_is_kept_for_whom_until_when_and_why(self, api: ApiCaller) -> None:
        own = {"sku": "A1", "location": "S1", "safety_stock": 1}
        assert api.put("stock/safety-stock", {"lines": [own]}).status_code == 200
        kept(api, "walk-ins", 3, category="Shirts", until=SOME_DAY)
        kept(api, "friday", 10, channel="pos", location="S1", until=LATER_STILL)
        (row,) = api.get("stock", sku="A1", location="S1").json()["results"]
        safe = {
            "kind": "safety_stock",
            "channel": None,
            "quantity": 3,
            "until": SOME_DAY,
            "rule": "walk-ins",
        }
        fence = {
            "kind": "ring_fence",
            "channel": "pos",
            "quantity": 10,
            "until": LATER_STILL,
            "rule": "friday",
        }
        assert (row["safety_stock"], row["kept"]) == (3, [safe, fence])
        asked = {"channel": "web", "lines": [{"sku": "A1", "quantity": 1}], "locations": ["S1"]}
        (line,) = api.post("availability/query", asked).json()["lines"]
        (here,) = line["locations"]
        assert (here["sellable"], here["kept"]) == (0, [safe, fence])
        tied = make_caller(["stock:read"], channels=["web"])
        (seen,) = tied.get("stock", sku="A1", location="S1").json()["results"]
        assert seen["kept"] == [safe, fence | {"channel": None}]

    def test_placing_costs_the_same_with_rules_and_without(self, api: ApiCaller) -> None:
        def statements(external_id: str) -> int:
            with CaptureQueriesContext(connection) as captured:
                order(api, external_id, 1)
            return len(captured.captured_queries)

        order(api, "0", 1)  # the network is in memory from here on
        without = statements("1")
        for number in range(5):
            kept(api, f"r{number}", 1, channel="pos", category="Shirts")
        kept(api, "over-soon", 1, until=(datetime.now(UTC) + timedelta(days=1)).isoformat())
        order(api, "2", 1)  # and the rules
        assert statements("3") == without


def test_the_sweep_reaches_those_behind_many_that_wait_in_vain(api: ApiCaller) -> None:
    make_sku("NONE")
    line = {"sku": "NONE", "quantity": 1, "unit_price": "1.00"}
    lines = [line | {"line_id": str(number)} for number in range(500)]
    order(api, "many", 1, lines=lines, allow_backorder=True)
    kept(api, "till", 10, channel="pos")
    order(api, "behind", 1, allow_backorder=True)
    KeepRule.objects.update(until=datetime(2020, 1, 1, tzinfo=UTC))
    fill_backorders()
    assert OrderLine.objects.get(order__external_id="behind").backordered == 0
