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
from tests.properties.pool_state import BUILDINGS, COUNTERS, SELLS_FROM, SHIPPING, SKUS
from tests.properties.selling_acts import Carts

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# The same days in every run, in parts that processes share among them;
# `--hypothesis-profile=long` lives others, and more of them.
PARTS, DAYS, STEPS = 6, 7, 50
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


class PoolMachine(
    GoodsIn,
    Transfers,
    SettingApart,
    Counting,
    Carts,
    Exchanging,
    KeepRules,
    Fulfilling,
    TakingBack,
):
    """All that can happen to stock."""

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
            assert self.place("begin", "web", {"A1": 3}, way="carry_out", shop="S2")
            self.the_pool_is_as_the_model_says()
            self.bring_back_for_exchange(0, 3, "S2")
            self.the_pool_is_as_the_model_says()
            self.make_up(0)


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


@pytest.mark.parametrize("part", range(PARTS))
def test_the_pool_keeps_its_laws_whatever_the_day_brings(
    part: int, api: ApiCaller, world: None
) -> None:
    PoolMachine.api, PoolMachine.done = api, Counter()
    PoolMachine.second_pair_of_eyes = make_caller(["*"])
    is_long = settings.get_current_profile_name() == "long"
    machine = PoolMachine if is_long else seed(part)(PoolMachine)
    run_state_machine_as_test(machine, settings=settings() if is_long else EVERY_RUN)
    accepted = {act for act, outcome in PoolMachine.done if outcome == "accepted"}
    assert len(accepted) >= KINDS, sorted(accepted)
