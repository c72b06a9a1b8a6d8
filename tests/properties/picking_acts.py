"""Acts of those who walk with pick lists, and take back what they did by mistake."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.properties.fulfilling_acts import waits
from tests.properties.goods_acts import which
from tests.properties.pool_rules import PoolRules, choose
from tests.properties.pool_state import Owner


@dataclass
class Reading:
    """One scan that counted: the units of a line, and whether it was undone."""

    scan_id: str
    line: str
    units: int
    undone: bool = False


@dataclass
class Walk:
    """A pick list of one fulfilment: its lines' (SKU, owner), and the scans that counted."""

    code: str
    building: str
    lines: dict[str, tuple[str, Owner]]
    readings: list[Reading] = field(default_factory=list)
    state: str = "open"


class Walking(PoolRules):
    """Lists stay open over other acts: cancellations, counts and people without lists between."""

    def __init__(self) -> None:
        super().__init__()
        self.walks: dict[str, Walk] = {}

    def walk(self, number: int) -> tuple[str, Walk]:
        under_way = {key: each for key, each in self.walks.items() if each.state == "open"}
        return choose(under_way, number)

    def left(self, owner: Owner) -> int:
        """Units of a line that are still on the shelf, of work whose box is not closed."""
        held = self.model.reservations.get(owner)
        work = self.sight.work.get(owner[0])
        if held is None or work is None or work.state not in ("open", "picking"):
            return 0
        return held.units - held.in_hand

    def document(self, identity: str, line: str) -> dict[str, Any]:
        shown = self.client.get("get_pick_list", f"pick-lists/{identity}")
        found: dict[str, Any] = next(each for each in shown["lines"] if each["id"] == line)
        return found

    @waits("open")
    @rule(number=which, person=st.sampled_from(["", "jo"]))
    def start_walk(self, number: int, person: str) -> None:
        there = {code: w for code, w in self.sight.work.items() if w.state == "open"}
        code, work = choose(there, number)
        self._start(code, work.building, person)

    def _start(self, code: str, building: str, person: str = "") -> None:
        owners = {
            held.pair[0]: owner
            for owner, held in self.model.reservations.items()
            if owner[0] == code and self.left(owner)
        }
        wanted = {sku: self.left(owner) for sku, owner in owners.items()}
        body: dict[str, Any] = {"location": building, "fulfilments": [code]}
        body |= {"person": person} if person else {}
        made = self.client.act("start_walk", "pick-lists", body)
        assert made, self.client.refusal
        assert {line["sku"]: line["quantity"] for line in made["lines"]} == wanted
        lines = {line["id"]: (line["sku"], owners[line["sku"]]) for line in made["lines"]}
        self.walks[made["id"]] = Walk(code, building, lines)

    @precondition(lambda self: any(each.state == "open" for each in self.walks.values()))
    @rule(number=which, units=st.integers(1, 2), again=st.booleans())
    def scan_walk(self, number: int, units: int, again: bool) -> None:
        """Read a code; now and then send the scan twice."""
        identity, walk = self.walk(number)
        line, (sku, owner) = choose(walk.lines, number)
        one = {"scan_id": str(uuid.uuid4()), "payload": f"CODE-{sku}", "quantity": units}
        expected = ["accepted" if units <= self.left(owner) else "over_pick"]
        expected += ["duplicate"] if again else []
        body = {"scans": [one] * len(expected)}
        answer = self.client.act("scan_walk", f"pick-lists/{identity}/scans", body)
        assert answer
        assert [each["result"] for each in answer["results"]] == expected
        if expected[0] == "accepted":
            walk.readings.append(Reading(one["scan_id"], line, units))
            self.model.reservations[owner].in_hand += units

    @precondition(lambda self: any(each.readings for each in self.walks.values()))
    @rule(number=which)
    def undo_walk_scan(self, number: int) -> None:
        read = {key: each for key, each in self.walks.items() if each.readings}
        identity, walk = choose(read, number)
        reading = walk.readings[number % len(walk.readings)]
        _, owner = walk.lines[reading.line]
        held = self.model.reservations.get(owner)
        work = self.sight.work.get(walk.code)
        before = self.document(identity, reading.line)
        is_closed = work is not None and work.state not in ("open", "picking")
        name, path = "undo_scan", f"pick-lists/{identity}/scans/{reading.scan_id}/undo"
        answer = self.client.act(name, path)
        if reading.undone:
            assert answer
            assert self.document(identity, reading.line) == before
        elif answer is None:
            assert walk.state != "open" or is_closed or before["short"] or work is None
        else:
            assert walk.state == "open"
            assert not is_closed
            assert not before["short"]
            reading.undone = True
            in_hand = held.in_hand if held else 0
            unwanted = max(0, before["picked"] - in_hand)
            assert before["put_back"] == unwanted
            if held:
                held.in_hand -= max(0, reading.units - unwanted)
            after = self.document(identity, reading.line)
            assert after["picked"] == before["picked"] - reading.units

    @precondition(lambda self: any(each.state == "open" for each in self.walks.values()))
    @rule(number=which)
    def give_back(self, number: int) -> None:
        """Give a list back; where units are left, take them with another list at once."""
        identity, walk = self.walk(number)
        assert self.client.act("give_back", f"pick-lists/{identity}/abandon"), self.client.refusal
        walk.state = "abandoned"
        assert self.client.act("repeat_give_back", f"pick-lists/{identity}/abandon") is None
        if any(self.left(owner) for _, owner in walk.lines.values()):
            self._start(walk.code, walk.building)

    @precondition(lambda self: any(each.state == "open" for each in self.walks.values()))
    @rule(number=which, person=st.sampled_from(["jo", "max", None]))
    def hand_on(self, number: int, person: str | None) -> None:
        identity, _ = self.walk(number)
        body = {"person": person}
        answer = self.client.act("hand_on", f"pick-lists/{identity}/assign", body)
        assert answer
        assert answer["person"] == person

    @precondition(lambda self: any(each.state == "open" for each in self.walks.values()))
    @rule(number=which)
    def end_walk(self, number: int) -> None:
        identity, walk = self.walk(number)
        answer = self.client.act("complete_walk", f"pick-lists/{identity}/complete")
        is_done = not any(self.left(owner) for _, owner in walk.lines.values())
        assert bool(answer) == is_done, self.client.refusal
        walk.state = "completed" if answer else "open"

    @precondition(lambda self: any(each.state == "open" for each in self.walks.values()))
    @rule(number=which, undo=st.booleans())
    def short_walk(self, number: int, undo: bool) -> None:
        """Miss all that is left of a line; now and then find it after all."""
        identity, walk = self.walk(number)
        line, (sku, owner) = choose(walk.lines, number)
        missing = self.left(owner)
        if not missing:
            return
        pair = sku, walk.building
        key = self.model.line_of(owner)
        path = f"pick-lists/{identity}/lines/{line}/short"
        body = {"found": self.document(identity, line)["picked"]}
        answer = self.client.act("short_walk", path, body)
        assert answer, self.client.refusal
        again = self.client.act("repeat_short", path, body)
        assert again
        assert again["lines"] == answer["lines"]
        self.model.take_reservation(owner, missing)
        self.model.put(pair, missing=missing)
        self.model.seek(owner, missing, avoiding=walk.building)
        if not undo:
            return
        self.the_pool_is_as_the_model_says()
        self._find_after_all(f"{path}/undo", owner, pair, key, missing)

    def _find_after_all(
        self, path: str, owner: Owner, pair: tuple[str, str], key: Any, found: int
    ) -> None:
        """The line gets back what waits, then what others have not begun, the newest first."""
        line = self.model.lines[key]
        waited = min(found, line.waiting)
        left = found - waited
        self.model.end_overdue({pair[0]})
        elsewhere: dict[Owner, int] = {}
        for other, held in sorted(self.model.reservations.items(), key=lambda each: -each[1].age):
            work = self.sight.work.get(other[0])
            is_theirs = other[0] not in ("cart", owner[0]) and self.model.line_of(other) == key
            if is_theirs and work and work.state == "open" and not held.in_hand:
                elsewhere[other] = min(left, held.units)
                left -= elsewhere[other]
        assert self.client.act("undo_short", path), self.client.refusal
        assert self.client.act("repeat_undo_short", path)
        self.model.put(pair, missing=-found)
        line.waiting -= waited
        for other, units in elsewhere.items():
            if units:
                self.model.take_reservation(other, units)
        regained = waited + sum(elsewhere.values())
        self.model.regain(owner, pair, regained)
        if left or any(elsewhere.values()):
            self.model.offered.add(pair[0])
