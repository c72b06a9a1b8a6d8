"""Acts of those who pick, pack, send, hand over and take back."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.orders.fulfilment_helpers import end_waiting
from tests.properties.goods_acts import places, skus, units, which
from tests.properties.pool_client import Work
from tests.properties.pool_rules import PoolRules, choose
from tests.properties.pool_state import Owner, Pair, Sent, Transfer


def waits(*states: str) -> Any:
    """Run a rule only while a fulfilment is in one of these states."""
    return precondition(lambda self: any(each.state in states for each in self.sight.work.values()))


class Fulfilling(PoolRules):
    def find(self, number: int, *states: str) -> Work:
        there = {code: each for code, each in self.sight.work.items() if each.state in states}
        return choose(there, number)[1]

    def owners(self, work: Work) -> list[Owner]:
        return [owner for owner in self.model.reservations if owner[0] == work.code]

    @waits("open", "picking")
    @rule(number=which)
    def make_up(self, number: int) -> None:
        """Pick what is still to be picked; close the box, or put it into a bay."""
        work = self.find(number, "open", "picking")
        left = [
            {"line_id": line_id, "quantity": wanted - picked}
            for line_id, wanted, picked, _ in work.lines
            if wanted > picked
        ]
        path = f"fulfilments/{work.code}"
        if left:
            assert self.client.act("pick", f"{path}/pick", {"lines": left})
        step = "pack" if work.type == "ship" or work.is_sent else "ready"
        assert self.client.act(step, f"{path}/{step}"), self.client.refusal
        for owner in self.owners(work):
            held = self.model.reservations[owner]
            held.in_hand, held.secured = held.units, True

    @waits("open", "picking")
    @rule(number=which)
    def pick_one(self, number: int) -> None:
        """Take one unit of one line from the shelf: the others still lie there."""
        work = self.find(number, "open", "picking")
        wanting = [line_id for line_id, wanted, picked, _ in work.lines if wanted > picked]
        if not wanting:
            return
        body = {"lines": [{"line_id": wanting[0], "quantity": 1}]}
        assert self.client.act("pick_one", f"fulfilments/{work.code}/pick", body)
        self.model.reservations[work.code, wanting[0]].in_hand += 1

    @waits("packed")
    @rule(number=which, by_transfer=st.booleans())
    def send_off(self, number: int, by_transfer: bool) -> None:
        work = self.find(number, "packed")
        path = f"fulfilments/{work.code}"
        if not work.is_sent:
            parcel = {"carrier": "Post", "tracking_number": uuid.uuid4().hex}
            assert self.client.act("ship", f"{path}/ship", parcel)
            self._leave(work)
            return
        document = self.client.get("get_fulfilment", path)
        identity, shop = document["transfer"], document["location"]
        if by_transfer:
            answer = self.client.act("send_transfer", f"transfers/{identity}/dispatch")
        else:
            answer = self.client.act("send_to_store", f"{path}/ship")
        assert answer, self.client.refusal
        lines: dict[str, Sent] = {}
        for owner in self.owners(work):
            held = self.model.reservations.pop(owner)
            self.model.put(held.pair, -held.units)
            self.model.away[owner] = held.units
            lines[held.pair[0]] = Sent(sent=held.units)
        self.model.transfers[identity] = Transfer(work.building, shop, lines, "in_transit")
        self.model.promised[identity] = work.code

    @waits("shipped")
    @rule(number=which)
    def deliver(self, number: int) -> None:
        work = self.find(number, "shipped")
        assert self.client.act("deliver", f"fulfilments/{work.code}/deliver")

    @waits("ready")
    @rule(number=which, some=st.booleans())
    def collect(self, number: int, some: bool) -> None:
        """The customer takes everything, or one unit today."""
        work = self.find(number, "ready")
        body: dict[str, Any] = {"identity": {"document": "passport"}}
        parts = None
        if some:
            owner = self.owners(work)[0]
            body["lines"] = [{"line_id": owner[1], "quantity": 1}]
            parts = {owner: 1}
        assert self.client.act("collect", f"fulfilments/{work.code}/collect", body)
        self._leave(work, parts)

    def _leave(self, work: Work, parts: dict[Owner, int] | None = None) -> None:
        parts = parts or {
            owner: self.model.reservations[owner].units for owner in self.owners(work)
        }
        for owner, gone in parts.items():
            self.model.put(self.model.take_reservation(owner, gone), -gone)
            self.model.lines[self.model.line_of(owner)].fulfilled += gone

    @waits("ready")
    @rule(number=which)
    def give_up_waiting(self, number: int) -> None:
        """A pickup was not collected: before its time is over, it is not given up."""
        work = self.find(number, "ready")
        assert not self.client.act("expire_early", f"fulfilments/{work.code}/expire")
        end_waiting(work.code)
        assert self.client.act("expire_pickup", f"fulfilments/{work.code}/expire")
        for owner in self.owners(work):
            units = self.model.reservations[owner].units
            self.model.lines[self.model.line_of(owner)].cancelled += units
            self.model.end_promise(owner, units)

    @waits("open", "picking", "packed", "ready")
    @rule(
        number=which,
        reason=st.sampled_from(["not_found", "damaged", "no_capacity", "other"]),
        some=st.booleans(),
    )
    def reject(self, number: int, reason: str, some: bool) -> None:
        work = self.find(number, "open", "picking", "packed", "ready")
        parts = {owner: self.model.reservations[owner].units for owner in self.owners(work)}
        body: dict[str, Any] = {"reason": reason}
        if some:
            owner = next(iter(parts))
            parts = {owner: 1}
            body["lines"] = [{"line_id": owner[1], "quantity": 1, "reason": reason}]
        assert self.client.act("reject", f"fulfilments/{work.code}/reject", body)
        condition = {"not_found": "missing"}.get(reason, reason)
        for owner, given_up in parts.items():
            self._give_up(owner, given_up, condition)

    def _give_up(self, owner: Owner, units: int, condition: str) -> None:
        if condition in ("missing", "damaged"):
            pair = self.model.take_reservation(owner, units)
            self.model.put(pair, **{condition: units})
        else:
            offered = set(self.model.offered)
            pair = self.model.end_promise(owner, units)
            self.model.offered = offered  # they are for this order first
        self.model.seek(owner, units, avoiding=pair[1])

    @waits("open")
    @rule(number=which, found=st.integers(0, 3))
    def short_pick(self, number: int, found: int) -> None:
        """Walk with a list, scan what lies there, twice by mistake, and miss the rest."""
        work = self.find(number, "open")
        body = {"location": work.building, "fulfilments": [work.code]}
        pick_list = self.client.act("start_picking", "pick-lists", body)
        assert pick_list
        line = pick_list["lines"][0]
        found = min(found, line["quantity"] - 1)
        path = f"pick-lists/{pick_list['id']}"
        if found:
            scan = {"scan_id": str(uuid.uuid4()), "payload": f"CODE-{line['sku']}"}
            scan |= {"quantity": found, "at": "2026-03-01T10:00:00Z"}
            for verdict in ("accepted", "duplicate"):
                answer = self.client.act(f"scan_{verdict}", f"{path}/scans", {"scans": [scan]})
                assert answer
                assert [each["result"] for each in answer["results"]] == [verdict]
        short = f"{path}/lines/{line['id']}/short"
        assert self.client.act("short_pick", short, {"found": found})
        (owner,) = (
            owner
            for owner in self.owners(work)
            if self.model.reservations[owner].pair[0] == line["sku"]
        )
        self._give_up(owner, line["quantity"] - found, "missing")
        if found:
            self.model.reservations[owner].in_hand += found


class TakingBack(PoolRules):
    def __init__(self) -> None:
        super().__init__()
        self.inspected: dict[str, dict[Pair, int]] = {}  # return -> units that wait for a decision

    @precondition(lambda self: any(line.fulfilled for line in self.model.lines.values()))
    @rule(
        number=which,
        quantity=units,
        place=places,
        disposition=st.sampled_from(
            ["restock", "inspect", "inspect", "damaged", "scrap", "to_vendor", "missing"]
        ),
    )
    def take_back(self, number: int, quantity: int, place: str, disposition: str) -> None:
        sold = {
            "/".join(key): (key, line) for key, line in self.model.lines.items() if line.fulfilled
        }
        (order, line_id), line = choose(sold, number)[1]
        identity = self._announce("announce_return", {"line_id": line_id}, quantity, order=order)
        assert bool(identity) == (quantity <= line.fulfilled - line.returned)
        if identity:
            named = {"line_id": line_id}
            self._receive(identity, named, quantity, (line.sku, place), disposition)
            line.returned += quantity if disposition != "missing" else 0

    @rule(
        sku=skus,
        quantity=units,
        place=places,
        disposition=st.sampled_from(["restock", "inspect", "damaged"]),
    )
    def take_back_blind(self, sku: str, quantity: int, place: str, disposition: str) -> None:
        identity = self._announce("announce_blind_return", {"sku": sku}, quantity)
        assert identity
        self._receive(identity, {"sku": sku}, quantity, (sku, place), disposition)

    def _announce(
        self, name: str, named: dict[str, str], quantity: int, **order: str
    ) -> str | None:
        line = named | {"quantity": quantity, "reason": "x"}
        about = {"channel": "web", "resolution": "refund", "drop_off": {"type": "store"}}
        answer = self.client.act(name, "returns", about | order | {"lines": [line]})
        return answer["id"] if answer else None

    def _receive(
        self, identity: str, named: dict[str, str], quantity: int, pair: Pair, disposition: str
    ) -> None:
        line = named | {"quantity": quantity, "disposition": disposition}
        body = {"location": pair[1], "lines": [line]}
        assert self.client.act(f"receive_{disposition}", f"returns/{identity}/receipts", body)
        stays = disposition in ("restock", "inspect", "damaged")
        apart = {"inspect": {"inspection": quantity}, "damaged": {"damaged": quantity}}
        self.model.put(pair, quantity if stays else 0, **apart.get(disposition, {}))
        if disposition == "restock":
            self.model.offered.add(pair[0])
        if disposition == "inspect":
            self.inspected.setdefault(identity, defaultdict(int))[pair] += quantity

    @precondition(lambda self: self.inspected)
    @rule(
        number=which,
        quantity=st.integers(1, 3),
        disposition=st.sampled_from(["restock", "damaged", "scrap", "to_vendor"]),
    )
    def dispose(self, number: int, quantity: int, disposition: str) -> None:
        """A count or a move may have taken the units out of inspection meanwhile."""
        identity, waiting = choose(self.inspected, number)
        (pair,) = waiting
        sku, place = pair
        line = {"sku": sku, "location": place, "quantity": quantity, "disposition": disposition}
        path = f"returns/{identity}/dispositions"
        answer = self.client.act(f"decide_{disposition}", path, {"lines": [line]})
        row = self.model.rows[pair]
        possible = quantity <= waiting[pair] and quantity <= row.kept["inspection"]
        assert bool(answer) == possible, self.client.refusal
        if not answer:
            return
        waiting[pair] -= quantity
        self.model.put(pair, inspection=-quantity)
        if disposition == "restock":
            self.model.offered.add(sku)
        elif disposition == "damaged":
            self.model.put(pair, damaged=quantity)
        else:
            self.model.put(pair, -quantity)
