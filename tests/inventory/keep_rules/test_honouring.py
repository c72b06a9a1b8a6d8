"""What a rule keeps is kept by every endpoint, and released by time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.database.bulk_insert import take_ids
from inventory import ledger
from inventory.ledger import NewReservation
from inventory.models import KeepRule
from inventory.queries.available.sellable import read_sellable
from orders.models import OrderLine
from orders.tasks import fill_backorders
from stores.models import Channel, Location
from tests.conftest import ApiCaller
from tests.factories import OrderBody, OrderLineBody, SkuFactory
from tests.inventory.keep_rules.keep_rule_helpers import SOME_DAY, kept, sellable
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, cart, hold, order, problem
from tests.orders.fulfilment_helpers import assert_laws_hold, place

pytestmark = pytest.mark.django_db


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
        refusal = OrderBody(external_id="5", lines=[OrderLineBody(quantity=5, unit_price="1.00")])
        [line] = problem(api.post("orders", refusal), 409, "insufficient_stock")["lines"]
        assert (line["sku"], line["requested"], line["available"]) == ("A1", 5, 4)
        order(api, "1", 4)
        assert sellable()["A1", "S1"] == sellable()["A1", "W1"] == 0
        order(api, "2", 12, channel="pos")
        assert balances("A1", "S1") == balances("A1", "W1") == (10, 8, 0)
        assert_laws_hold()

    def test_a_batch_of_two_channels(self, api: ApiCaller) -> None:
        def wants(channel: str, units: int) -> dict[str, Any]:
            line = OrderLineBody(quantity=units, unit_price="1.00")
            way = {"type": "pickup", "location": "S1"}
            return OrderBody(
                channel=channel,
                external_id=f"{channel}-{units}",
                lines=[line | {"fulfilment": way}],
            )

        none_elsewhere = [{"sku": "A1", "location": "W1", "on_hand_delta": -10}]
        adjusted = api.post("stock/adjustments", {"reason": "lost", "lines": none_elsewhere})
        assert adjusted.status_code == 201
        body = {"orders": [wants("pos", 4), wants("web", 1), wants("pos", 3), wants("pos", 2)]}
        answer = api.post("orders/batch", body)
        # The till's four leave six, all of them its own: web may have none of those.
        assert [each["status"] for each in answer.json()["results"]] == [201, 409, 201, 409]
        assert balances("A1", "S1") == (10, 7, 0)
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

    def test_a_buyer_who_comes_between_reading_and_reserving(self, api: ApiCaller) -> None:
        web = Channel.objects.get(code="web").pk
        snapshot = read_sellable(skus=["A1"], channel_id=web)
        sku_id, location_id = snapshot.sku_ids["A1"], Location.objects.get(code="S1").pk
        assert snapshot.sellable[sku_id][location_id] == 2
        hold(api, ("A1", 1, "S1"))

        def reserve(units: int) -> bool:
            (identity,) = take_ids(inventory_reservation=1)["inventory_reservation"]
            fenced = snapshot.fenced[sku_id, location_id]
            mine = NewReservation(identity, sku_id, location_id, units, fenced, "late")
            return ledger.reserve([mine], actor="test")

        assert not reserve(2)
        assert reserve(1)
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


def test_the_sweep_reaches_those_behind_many_that_wait_in_vain(api: ApiCaller) -> None:
    SkuFactory(code="NONE")
    line = {"sku": "NONE", "quantity": 1, "unit_price": "1.00"}
    lines = [line | {"line_id": str(number)} for number in range(500)]
    order(api, "many", 1, lines=lines, allow_backorder=True)
    kept(api, "till", 10, channel="pos")
    order(api, "behind", 1, allow_backorder=True)
    KeepRule.objects.update(until=datetime(2020, 1, 1, tzinfo=UTC))
    fill_backorders()
    assert OrderLine.objects.get(order__external_id="behind").backordered == 0
