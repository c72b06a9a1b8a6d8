"""Every act on the stock pool at random, against a model in plain Python, step by step."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.conftest import ApiCaller, make_caller
from tests.factories import BarcodeFactory, ChannelFactory, LocationFactory, SkuFactory
from tests.properties.counting_acts import Counting
from tests.properties.exchanging_acts import Exchanging
from tests.properties.fulfilling_acts import Fulfilling, TakingBack
from tests.properties.goods_acts import GoodsIn, SettingApart, Transfers
from tests.properties.keep_rule_acts import KeepRules
from tests.properties.picking_acts import Walking
from tests.properties.pool_rules import PoolRules
from tests.properties.pool_state import BUILDINGS, COUNTERS, SELLS_FROM, SHIPPING, SKUS
from tests.properties.selling_acts import Carts, Orders
from tests.properties.ways_out_acts import WaysOut

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# The same days in every run, in parts that processes share among them;
# `--hypothesis-profile=long` lives others, and more of them.
PARTS, DAYS, STEPS = 6, 7, 50
WORK = (4, 5)  # parts in which nothing else happens: of many kinds of acts, each comes seldom
FLOOR_PARTS = 2  # of the days among shelves
EVERY_RUN = settings(
    max_examples=DAYS,
    stateful_step_count=STEPS,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


# Of acts that must have been accepted in a part: who only receives proves nothing. Which histories
# a seed gives depends on the constants of all modules that are loaded.
KINDS = 20
WALKED = 3  # of the six acts along a list, more than so many


class WorkMachine(Transfers, Counting, Carts, Exchanging, Fulfilling, TakingBack, WaysOut):
    """All that can happen to what customers have ordered, and to the goods for it."""

    @initialize(busy=st.sampled_from([True, True, False]))
    def open_the_day(self, busy: bool) -> None:
        """Begin with some of everything, and on most days with work: parcels, pickups, one of
        them with units that another building sends, a customer who waits, and one who brings goods
        back for others."""
        for place in BUILDINGS:
            lines = [{"sku": sku, "quantity": 6} for sku in SKUS]
            body = {"location": place, "reference": "opening", "lines": lines}
            assert self.client.act("open_the_day", "receipts", body)
            for sku in SKUS:
                self.model.put((sku, place), 6)
        if busy:
            self.draft_transfer("W1", "S1", "A1", 2, True)
            self.dispatch_transfer(0)
            self.hold("market", "A1", 1, "W1", True)
            for wants, way in (
                ({"A1": 2, "B1": 1}, "ship"),
                ({"A1": 8}, "pickup"),
                ({"B1": 13}, "ship"),
                ({"B1": 2}, "pickup"),
            ):
                self.the_pool_is_as_the_model_says()
                assert self.place("begin", "web", wants, way=way, shop="S2", policy="backorder")
            self.the_pool_is_as_the_model_says()
            for _ in range(3):
                self.make_up(0)
                self.the_pool_is_as_the_model_says()
            self.send_off(0, False)
            self.the_pool_is_as_the_model_says()
            assert self.place("begin", "web", {"A1": 3}, way="carry_out", shop="S2")
            self.the_pool_is_as_the_model_says()
            self.bring_back_for_exchange(0, 3, "S2")
            self.the_pool_is_as_the_model_says()
            self.make_up(0)


class PoolMachine(WorkMachine, GoodsIn, SettingApart, KeepRules, Walking):
    """All that can happen to stock."""


class FloorMachine(Counting, Orders, Fulfilling, Walking):
    """A day among shelves: lists are walked, given back and undone while orders are cancelled and
    goods counted."""

    @initialize()
    def open_the_day(self) -> None:
        for place in BUILDINGS:
            lines = [{"sku": sku, "quantity": 9} for sku in SKUS]
            body = {"location": place, "reference": "opening", "lines": lines}
            assert self.client.act("open_the_day", "receipts", body)
            for sku in SKUS:
                self.model.put((sku, place), 9)
        for wants in ({"A1": 3, "B1": 2}, {"A1": 2}, {"B1": 4}):
            self.the_pool_is_as_the_model_says()
            assert self.place("begin", "web", wants, way="ship", shop="S1", policy="backorder")
        self.the_pool_is_as_the_model_says()
        for number in range(2):
            self.start_walk(number, "")
            self.scan_walk(number, 1, again=False)
            self.the_pool_is_as_the_model_says()


@pytest.fixture
def world() -> None:
    """A warehouse that only ships, a shop that does all, a shop without a carrier."""
    buildings = {
        code: LocationFactory(
            code=code, ships=code in SHIPPING, pickup=code in COUNTERS, priority=place
        )
        for place, code in enumerate(BUILDINGS)
    }
    for channel, places in SELLS_FROM.items():
        ChannelFactory(code=channel, locations=[buildings[code] for code in places])
    for sku in SKUS:
        BarcodeFactory(sku=SkuFactory(code=sku), code=f"CODE-{sku}")


def live(machine: type[PoolRules], part: int, api: ApiCaller) -> Counter[tuple[str, str]]:
    """Live some days of a machine; return what was accepted and refused."""
    machine.api, machine.done = api, Counter()
    is_long = settings.get_current_profile_name() == "long"
    run_state_machine_as_test(
        machine if is_long else seed(part)(machine),
        settings=settings() if is_long else EVERY_RUN,
    )
    return machine.done


@pytest.mark.parametrize("part", range(PARTS))
def test_the_pool_keeps_its_laws_whatever_the_day_brings(
    part: int, api: ApiCaller, world: None
) -> None:
    kind = WorkMachine if part in WORK else PoolMachine
    kind.second_pair_of_eyes = make_caller(["*"])
    done = live(kind, part, api)
    accepted = {act for act, outcome in done if outcome == "accepted"}
    assert len(accepted) >= KINDS, sorted(accepted)


@pytest.mark.parametrize("part", range(FLOOR_PARTS))
def test_what_pickers_take_back_leaves_the_pool_as_it_was(
    part: int, api: ApiCaller, world: None
) -> None:
    FloorMachine.second_pair_of_eyes = make_caller(["*"])
    done = live(FloorMachine, part, api)
    accepted = {act for act, outcome in done if outcome == "accepted"}
    walked = {"scan_walk", "undo_scan", "give_back", "hand_on", "short_walk", "undo_short"}
    assert len(accepted & walked) > WALKED, walked - accepted
