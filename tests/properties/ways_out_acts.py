"""Acts of those whose work goes another way: opened again, cancelled, lost, moved, put back."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.orders.fulfilment_helpers import show_pass
from tests.properties.fulfilling_acts import waits
from tests.properties.goods_acts import places, which
from tests.properties.pool_client import Work
from tests.properties.pool_rules import PoolRules, choose
from tests.properties.pool_state import COUNTERS, SELLS_FROM, SHIPPING, Owner, Pair


class WaysOut(PoolRules):
    def chosen(self, number: int, *states: str) -> Work:
        there = {code: each for code, each in self.sight.work.items() if each.state in states}
        return choose(there, number)[1]

    def promises_of(self, work: Work) -> list[Owner]:
        return [owner for owner in self.model.reservations if owner[0] == work.code]

    @waits("packed", "ready")
    @rule(number=which)
    def unpack(self, number: int) -> None:
        work = self.chosen(number, "packed", "ready")
        answer = self.client.act("unpack", f"fulfilments/{work.code}/unpack")
        possible = work.state == "packed" or not work.is_sent
        assert bool(answer) == possible, self.client.refusal
        if answer:
            for owner in self.promises_of(work):
                self.model.reservations[owner].secured = False

    @waits("open", "picking", "packed", "ready")
    @rule(number=which)
    def cancel_fulfilment(self, number: int) -> None:
        work = self.chosen(number, "open", "picking", "packed", "ready")
        body = {"reason": "x"}
        assert self.client.act("cancel_fulfilment", f"fulfilments/{work.code}/cancel", body)
        for owner in self.promises_of(work):
            units = self.model.reservations[owner].units
            self.model.lines[self.model.line_of(owner)].cancelled += units
            self.model.end_promise(owner, units)

    @precondition(lambda self: self.model.lying)
    @rule(number=which)
    def put_back(self, number: int) -> None:
        """Units are on sale once they are put back, if no count has put them there before."""
        model = self.model
        code = choose({code: code for code, _ in model.lying}, number)[0]
        assert self.client.act("put_back", f"fulfilments/{code}/put-back")
        mine = {pair: units for (owner, pair), units in model.lying.items() if owner == code}
        for pair, units in mine.items():
            del model.lying[code, pair]
            others = sum(n for (_, there), n in model.lying.items() if there == pair)
            moved = max(0, min(units, model.rows[pair].kept["to_put_back"] - others))
            model.put(pair, to_put_back=-moved)
            if moved:
                model.offered.add(pair[0])

    @waits("shipped")
    @rule(number=which, send_again=st.booleans())
    def lose_parcel(self, number: int, send_again: bool) -> None:
        work = self.chosen(number, "shipped")
        body = {"instead": "send_again" if send_again else "refund"}
        answer = self.client.act("lose_parcel", f"fulfilments/{work.code}/lost", body)
        gone = {(work.code, line_id): units for line_id, _, _, units in work.lines if units}
        lines = {owner: self.model.lines[self.model.line_of(owner)] for owner in gone}
        possible = all(
            units <= lines[owner].fulfilled - lines[owner].returned for owner, units in gone.items()
        )
        assert bool(answer) == possible, self.client.refusal
        if not answer:
            return
        for owner, units in gone.items():
            lines[owner].fulfilled -= units
            if send_again:
                self.model.seek(owner, units)
            else:
                lines[owner].cancelled += units

    @waits("lost")
    @rule(number=which)
    def find_parcel(self, number: int) -> None:
        work = self.chosen(number, "lost")
        assert self.client.act("find_parcel", f"fulfilments/{work.code}/found")
        for line_id, _, _, units in work.lines:
            pair = self.model.lines[self.model.line_of((work.code, line_id))].sku, work.building
            self.model.put(pair, units, to_put_back=units)
            self.model.lie(work.code, pair, units)

    @waits("shipped")
    @rule(number=which, place=places)
    def bring_back(self, number: int, place: str) -> None:
        """A parcel is refused: it comes back as a return, to any building."""
        work, model = self.chosen(number, "shipped"), self.model
        gone = {(work.code, line_id): units for line_id, _, _, units in work.lines if units}
        lines = {owner: model.lines[model.line_of(owner)] for owner in gone}
        answer = self.client.act("bring_back", f"fulfilments/{work.code}/returning")
        possible = all(
            units <= lines[owner].fulfilled - lines[owner].returned for owner, units in gone.items()
        )
        assert bool(answer) == possible, self.client.refusal
        if not answer:
            return
        order = work.code.rpartition("-")[0]
        found = self.client.get("list_returns", "returns", order=order)["results"]
        newest = max(found, key=lambda each: int(each["id"]))
        received = [
            {"line_id": owner[1], "quantity": units, "disposition": "restock"}
            for owner, units in gone.items()
        ]
        body = {"location": place, "lines": received}
        assert self.client.act("take_parcel_in", f"returns/{newest['id']}/receipts", body)
        for owner, units in gone.items():
            lines[owner].returned += units
            model.put((lines[owner].sku, place), units)
            model.offered.add(lines[owner].sku)

    @waits("open", "picking", "packed", "ready")
    @rule(number=which, shop=st.sampled_from(COUNTERS))
    def move_pickup(self, number: int, shop: str) -> None:
        work, model = self.chosen(number, "open", "picking", "packed", "ready"), self.model
        keys = {(work.code, line_id): taken for line_id, _, _, taken in work.lines}
        line = model.lines[model.line_of(next(iter(keys)))]
        if work.type != "pickup" or work.shop == shop or shop not in SELLS_FROM[line.channel]:
            return
        answer = self.client.act("move", f"fulfilments/{work.code}/move", {"location": shop})
        assert bool(answer) == (not any(keys.values())), self.client.refusal
        if not answer:
            return
        for owner in keys:
            model.lines[model.line_of(owner)].sites = tuple({shop, *SHIPPING})
        for owner in self.promises_of(work):
            model.reservations[owner].secured = False

    @waits("ready")
    @rule(number=which, days=st.integers(1, 5))
    def extend_pickup(self, number: int, days: int) -> None:
        work = self.chosen(number, "ready")
        assert self.client.act("extend", f"fulfilments/{work.code}/extend", {"days": days})

    @waits("ready")
    @rule(number=which, proof=st.sampled_from(["code", "qr", "identity"]))
    def hand_over_all(self, number: int, proof: str) -> None:
        """One visit: all of the order that waits at that shop."""
        work, model = self.chosen(number, "ready"), self.model
        order = work.code.rpartition("-")[0]
        together = [
            each
            for each in self.sight.work.values()
            if each.state == "ready"
            and each.shop == work.shop
            and each.code.rpartition("-")[0] == order
        ]
        body: dict[str, object] = {"location": work.shop}
        if proof == "identity":
            body["identity"] = {"document": "id_card", "second_person": "Bea"}
            body["fulfilments"] = [each.code for each in together]
        else:
            body[proof] = show_pass(work.code).json()[proof]
        answer = self.client.act(f"hand_over_by_{proof}", "hand-overs", body)
        assert answer, self.client.refusal
        given = {each["id"] for each in answer["fulfilments"]}
        assert given == {each.code for each in together}
        for each in together:
            for owner in self.promises_of(each):
                units = model.reservations[owner].units
                model.put(model.take_reservation(owner, units), -units)
                model.lines[model.line_of(owner)].fulfilled += units

    @precondition(lambda self: self.model.transfers)
    @rule(number=which)
    def turn_back(self, number: int) -> None:
        """A van turns back: what is for a customer stays theirs, in its box."""
        model = self.model
        identity, transfer = choose(model.transfers, number, first="in_transit")
        code = model.promised.get(identity)
        mine = [owner for owner in model.away if owner[0] == code]
        arrived = any(owner[0] == code for owner in model.reservations)
        answer = self.client.act("turn_back", f"transfers/{identity}/turn-back")
        possible = transfer.state == "in_transit" and not (mine and arrived)
        assert bool(answer) == possible, self.client.refusal
        if not answer:
            return
        wanted: dict[Pair, int] = {}
        for owner in mine:
            pair = model.lines[model.line_of(owner)].sku, transfer.source
            wanted[pair] = wanted.get(pair, 0) + model.away[owner]
            model.grow_reservation(owner, pair, model.away.pop(owner))
        for sku, line in transfer.lines.items():
            pair, back = (sku, transfer.source), line.coming
            model.put(pair, back)
            line.sent -= back
            beyond = back - wanted.get(pair, 0)
            if mine:
                model.put(pair, to_put_back=beyond)
                model.lie(str(code), pair, beyond)
            elif beyond:
                model.offered.add(sku)
        whole = any(line.sent for line in transfer.lines.values())
        transfer.state = "received" if whole else "cancelled"
        assert answer["state"] == transfer.state
