"""A day in a small pool, before any rule: the world, the model beside it, and what is checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.conftest import ApiCaller
from tests.properties.pool_client import PoolClient, Sight
from tests.properties.pool_model import PoolModel
from tests.properties.pool_state import PAIRS, SELLS_FROM, SKUS, Pair

T = TypeVar("T")


def choose(things: Mapping[str, T], number: int, *, first: str = "") -> tuple[str, T]:
    """Choose one thing by a number; rather one of those in the state `first`."""
    likely = {key: it for key, it in things.items() if getattr(it, "state", None) == first}
    found = list((likely or things).items())
    return found[number % len(found)]


class PoolRules(RuleBasedStateMachine):
    """Runs in a savepoint of the test's transaction, which is rolled back in the end."""

    api: ClassVar[ApiCaller]
    done: ClassVar[Counter[tuple[str, str]]]

    def __init__(self) -> None:
        super().__init__()
        self.model = PoolModel()
        self.client = PoolClient(self.api, self.done)
        self.marks: list[datetime] = []  # the database's time after each step
        self.orders: dict[str, dict[str, Any]] = {}  # number -> the body that placed it
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.sight: Sight = self.client.look()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @invariant()
    def the_pool_is_as_the_model_says(self) -> None:
        self.sight = sight = self.client.look()
        model = self.model
        model.adopt(sight.reservations)
        balances = {
            pair: (row.on_hand, model.reserved(pair), row.unavailable)
            for pair, row in model.rows.items()
        }
        nothing = (0, 0, 0)
        assert {pair: sight.rows.get(pair, nothing) for pair in PAIRS} == balances
        for pair, kept in sight.conditions.items():
            assert kept == model.rows[pair].kept, pair
        for key, line in model.lines.items():
            assert sight.lines[key] == (
                line.ordered,
                line.cancelled,
                model.outstanding(key),
                line.waiting,
                line.fulfilled,
                line.returned,
            ), key
        channel = list(SELLS_FROM)[len(self.marks) % len(SELLS_FROM)]
        assert self.client.sellable(channel, SKUS) == {
            pair: units for pair in PAIRS if (units := model.sellable(channel, pair))
        }
        self.marks.append(sight.at)
        model.past.append(balances)
        model.moment = len(self.marks) - 0.5
        model.begin()

    def found_out(self, pair: Pair, before: int) -> None:
        """Let promises give way to what was seen, or offer what it freed."""
        if self.model.available(pair) > before:
            self.model.offered.add(pair[0])
        self.model.break_loosest(pair)
