"""Rules that keep units from sale: written, matched, shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.audit.models import AuditRecord
from inventory.models import KeepRule, Sku
from stores.models import Channel, Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, RingFenceFactory
from tests.inventory.keep_rules.keep_rule_helpers import (
    JUST_NOW,
    LATER_STILL,
    LONG_AGO,
    SOME_DAY,
    WALK_INS,
    keep,
    kept,
    left,
    sellable,
)
from tests.inventory.stock_helpers import cart, nothing_written, order, pointers, problem

pytestmark = pytest.mark.django_db


class TestWriting:
    def test_a_rule_is_made_read_and_removed(self, api: ApiCaller) -> None:
        made = api.put("keep-rules/walk-ins", WALK_INS)
        assert made.status_code == 201, made.content
        now = {"state": "active", "updated_at": made.json()["updated_at"]}
        assert made.json() == {"code": "walk-ins", **WALK_INS, **now}
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
            "updated_at": second.json()["updated_at"],
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
        assert {pair for pair, units in sellable().items() if units == 7} == matched
        kept(api, "fence", 2, channel="pos", **named)
        assert {pair for pair, units in sellable().items() if units == 5} == matched
        assert {pair for pair, units in sellable("pos").items() if units == 7} == matched

    def test_of_safety_levels_the_highest_applies(self, api: ApiCaller) -> None:
        own = {"sku": "A1", "location": "S1", "safety_stock": 4}
        assert api.put("stock/safety-stock", {"lines": [own]}).status_code == 200
        kept(api, "everything", 2)
        assert (left("A1", "S1"), left("A1", "W1")) == (6, 8)
        kept(api, "shop", 5, location="S1")
        assert (left("A1", "S1"), left("A1", "W1")) == (5, 8)

    def test_of_fences_of_one_channel_the_highest_and_channels_add_up(self, api: ApiCaller) -> None:
        RingFenceFactory(
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
        ChannelFactory(code="abroad", locations=[warehouse])
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
        assert seen["kept"] == [safe, fence | {"channel": None, "rule": None}]

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
