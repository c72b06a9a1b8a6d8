"""Acts of those who look: counts at once, late, and over hours; figures of others; looking back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inventory.tasks import expire_reservations
from orders.tasks import fill_backorders
from tests.conftest import ApiCaller
from tests.properties.goods_acts import pairs, places, which
from tests.properties.pool_rules import PoolRules, choose
from tests.properties.pool_state import PAIRS, SELLS_FROM, SKUS, Pair

figures = st.integers(0, 8)


@dataclass
class CountWork:
    place: str
    figures: dict[str, tuple[int, float]] = field(default_factory=dict)  # SKU -> (units, moment)
    state: str = "open"


class Counting(PoolRules):
    second_pair_of_eyes: ClassVar[ApiCaller]

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, CountWork] = {}
        self.snapshots: dict[str, tuple[Pair, int, int]] = {}  # -> what it said, of which mark

    @rule(pair=pairs, counted=figures, wrong=st.sampled_from([None, None, 0, 1]))
    def count_now(self, pair: Pair, counted: int, wrong: int | None) -> None:
        """With `expected`, a count of a record that has moved on is refused."""
        line: dict[str, Any] = {"sku": pair[0], "location": pair[1], "on_hand": counted}
        if wrong is not None:
            line["expected"] = self.model.rows[pair].on_hand + wrong
        body = {"reason": "cycle_count", "lines": [line]}
        answer = self.client.act("count_now", "stock/counts/apply", body)
        assert bool(answer) == (not wrong), self.client.refusal
        if answer:
            self._expect(answer["lines"][0], pair, counted, self.model.moment)

    @rule(pair=pairs, counted=figures, ago=st.integers(1, 6))
    def count_late(self, pair: Pair, counted: int, ago: int) -> None:
        mark = max(0, len(self.marks) - ago)
        body = {
            "reason": "cycle_count",
            "as_of": self.marks[mark].isoformat(),
            "lines": [{"sku": pair[0], "location": pair[1], "on_hand": counted}],
        }
        answer = self.client.act("count_late", "stock/counts/apply", body)
        assert answer
        self._expect(answer["lines"][0], pair, counted, mark)

    def _expect(self, line: dict[str, Any], pair: Pair, counted: int, at: float) -> None:
        found = line["variance"], line["superseded"]
        assert found == self.model.count(pair, counted, at)

    @rule(pair=pairs, reported=figures, ago=st.integers(1, 6))
    def take_snapshot(self, pair: Pair, reported: int, ago: int) -> None:
        said = pair, reported, max(0, len(self.marks) - ago)
        self._send_snapshot("take_snapshot", said)
        self.snapshots[str(len(self.snapshots))] = said

    @precondition(lambda self: self.snapshots)
    @rule(number=which)
    def take_snapshot_again(self, number: int) -> None:
        """The same file another time, when goods have moved since: it says nothing new."""
        self._send_snapshot("take_snapshot_again", choose(self.snapshots, number)[1])

    def _send_snapshot(self, name: str, said: tuple[Pair, int, int]) -> None:
        pair, reported, mark = said
        body = {
            "source": "erp",
            "as_of": self.marks[mark].isoformat(),
            "lines": [{"sku": pair[0], "location": pair[1], "on_hand": reported}],
        }
        answer = self.client.act(name, "stock/snapshots", body)
        assert answer
        variance, superseded = self.model.count(pair, reported, mark)
        (line,) = answer["lines"]
        on_hand = self.model.rows[pair].on_hand
        assert (line["superseded"], line["on_hand"]) == (superseded, on_hand)
        if name == "take_snapshot_again":
            assert not variance

    @precondition(lambda self: all(count.state != "open" for count in self.counts.values()))
    @rule(place=places)
    def start_count(self, place: str) -> None:
        body = {"location": place, "select": {"skus": list(SKUS)}, "threshold": {"units": 5}}
        answer = self.client.act("start_count", "stock/counts", body)
        assert answer
        self.counts[answer["id"]] = CountWork(place)

    @precondition(lambda self: any(count.state == "open" for count in self.counts.values()))
    @rule(number=which, sku=st.sampled_from(SKUS), counted=figures, ago=st.integers(0, 3))
    def enter_count(self, number: int, sku: str, counted: int, ago: int) -> None:
        """Enter what was seen now, or a while ago; the same entry twice is one."""
        identity, count = choose(self.counts, number, first="open")
        entry: dict[str, Any] = {"entry_id": str(uuid.uuid4()), "sku": sku, "quantity": counted}
        mark: float = self.model.moment
        if ago and len(self.marks) >= ago:
            mark = len(self.marks) - ago
            entry["at"] = self.marks[int(mark)].isoformat()
        path = f"stock/counts/{identity}/entries"
        assert self.client.act("enter_count", path, {"entries": [entry]})
        again = self.client.act("enter_count_again", path, {"entries": [entry]})
        assert again
        assert again["entries"][0]["verdict"] == "duplicate"
        count.figures[sku] = counted, mark

    @precondition(lambda self: any(count.figures for count in self.counts.values()))
    @rule(number=which)
    def finish_count(self, number: int) -> None:
        identity, count = choose(self.counts, number, first="open")
        was_open = count.state == "open"
        answer = self.client.act("submit_count", f"stock/counts/{identity}/submit")
        assert bool(answer) == bool(was_open and count.figures), self.client.refusal
        if not answer:
            return
        path = f"stock/counts/{identity}"
        if not self.client.act("apply_count", f"{path}/apply"):
            assert self.client.refusal == "approval_needed"
            assert self.second_pair_of_eyes.post(f"{path}/approve").status_code == 200
            assert self.client.act("apply_approved_count", f"{path}/apply"), self.client.refusal
        count.state = "applied"
        for sku, (counted, at) in count.figures.items():
            self.model.count((sku, count.place), counted, at)

    @rule(pair=pairs, ago=st.integers(1, 30))
    def look_back(self, pair: Pair, ago: int) -> None:
        mark = max(0, len(self.marks) - ago)
        then = self.client.get(
            "look_back",
            "stock/as-of",
            sku=pair[0],
            location=pair[1],
            at=self.marks[mark].isoformat(),
        )
        found = then["on_hand"], then["reserved"], then["unavailable"]
        assert found == self.model.past[mark][pair]

    @rule(pair=pairs)
    def look_at_the_stock(self, pair: Pair) -> None:
        answer = self.client.get("look_at_the_stock", "stock", sku=pair[0], location=pair[1])
        (row,) = answer["results"]
        model = self.model.rows[pair]
        assert (row["on_hand"], row["unavailable"]) == (model.on_hand, model.unavailable)
        assert row["available"] == self.model.available(pair)
        assert row["incoming"] == self.model.incoming(pair)

    @rule(channel=st.sampled_from(list(SELLS_FROM)))
    def ask_what_there_is(self, channel: str) -> None:
        sellable = {pair: self.model.sellable(channel, pair) for pair in PAIRS}
        answer = self.client.ask(channel, SKUS)
        assert answer == {pair: units for pair, units in sellable.items() if units}

    @precondition(
        lambda self: (
            any(reservation.overdue for reservation in self.model.reservations.values())
            or any(line.waiting for line in self.model.lines.values())
        )
    )
    @rule()
    def sweep(self) -> None:
        """What the worker does every minute: afterwards no line waits beside goods."""
        expire_reservations()
        fill_backorders()
        self.client.done["sweep", "accepted"] += 1
        self.model.end_overdue(SKUS)
        self.model.offered.update(SKUS)

    @precondition(lambda self: self.client.sent)
    @rule(number=which)
    def repeat(self, number: int) -> None:
        """One of the last acts comes again under its key, as after a lost answer."""
        sent = self.client.sent[-1 - number % min(len(self.client.sent), 8)]
        self.client.repeat(sent)
        self.client.done["repeat", str(sent.status)] += 1
