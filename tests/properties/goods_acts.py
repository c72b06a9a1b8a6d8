"""Acts on goods: what comes in, moves between buildings, is set apart, adjusted and counted."""

from __future__ import annotations

import uuid

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.properties.pool_rules import PoolRules, choose
from tests.properties.pool_state import (
    BUILDINGS,
    CONDITIONS,
    PAIRS,
    SKUS,
    Delivery,
    Pair,
    Sent,
    Transfer,
)

places = st.sampled_from(BUILDINGS)
skus = st.sampled_from(SKUS)
pairs = st.sampled_from(PAIRS)
units = st.integers(1, 4)
which = st.integers(0, 9)
seldom = st.sampled_from([False, False, False, True])


class GoodsIn(PoolRules):
    """Receipts, and deliveries that were announced."""

    @rule(place=places, sku=skus, quantity=units, by_name=st.booleans())
    def receive_goods(self, place: str, sku: str, quantity: int, by_name: bool) -> None:
        awaited = [
            each
            for each in self.model.deliveries.values()
            if each.place == place and each.state in ("expected", "receiving")
        ]
        delivery = awaited[0] if awaited and by_name else None
        reference = delivery.reference if delivery else uuid.uuid4().hex
        body = {
            "location": place,
            "reference": reference,
            "lines": [{"sku": sku, "quantity": quantity}],
        }
        assert self.client.act("receive_goods", "receipts", body)
        self.model.put((sku, place), quantity)
        self.model.offered.add(sku)
        if delivery:
            self._count_in(delivery, sku, quantity)

    @rule(place=places, sku=skus, quantity=units, both=st.booleans())
    def expect_delivery(self, place: str, sku: str, quantity: int, both: bool) -> None:
        expected = {each: quantity for each in SKUS if both or each == sku}
        reference = uuid.uuid4().hex
        body = {
            "location": place,
            "reference": reference,
            "lines": [{"sku": each, "quantity": quantity} for each in expected],
        }
        answer = self.client.act("expect_delivery", "deliveries", body)
        assert answer
        again = self.client.act("expect_delivery_again", "deliveries", body)
        assert again
        assert again["id"] == answer["id"]
        self.model.deliveries[answer["id"]] = Delivery(place, reference, expected)

    @precondition(lambda self: self.model.deliveries)
    @rule(number=which, sku=skus, quantity=units, damaged=st.integers(0, 1), close=seldom)
    def receive_delivery(
        self, number: int, sku: str, quantity: int, damaged: int, close: bool
    ) -> None:
        identity, delivery = choose(self.model.deliveries, number)
        line = {"sku": sku, "quantity": quantity, "damaged": damaged}
        answer = self.client.act(
            "receive_delivery",
            f"deliveries/{identity}/receipts",
            {"lines": [line], "close": close},
        )
        assert bool(answer) == (delivery.state != "cancelled"), self.client.refusal
        if answer:
            self.model.put((sku, delivery.place), quantity, damaged=damaged)
            if quantity > damaged:
                self.model.offered.add(sku)
            self._count_in(delivery, sku, quantity, close=close)
            assert answer["state"] == delivery.state
            assert {line["sku"]: line["outstanding"] for line in answer["lines"]} == {
                each: delivery.outstanding(each) for each in delivery.expected | delivery.arrived
            }

    @precondition(lambda self: self.model.deliveries)
    @rule(number=which, cancel=st.booleans())
    def end_delivery(self, number: int, cancel: bool) -> None:
        identity, delivery = choose(self.model.deliveries, number)
        if cancel:
            answer = self.client.act("cancel_delivery", f"deliveries/{identity}/cancel")
            assert bool(answer) == (delivery.state == "expected")
        else:
            body = {"close": True}
            answer = self.client.act("close_delivery", f"deliveries/{identity}/receipts", body)
            assert bool(answer) == (delivery.state == "receiving")
        if answer:
            delivery.state = "cancelled" if cancel else "received"

    def _count_in(self, delivery: Delivery, sku: str, came: int, *, close: bool = False) -> None:
        delivery.arrived[sku] = delivery.arrived.get(sku, 0) + came
        if delivery.state != "received":
            whole = not any(delivery.outstanding(each) for each in delivery.expected)
            delivery.state = "received" if close or whole else "receiving"


class Transfers(PoolRules):
    @rule(source=places, shop=places, sku=skus, quantity=units, both=st.booleans())
    def draft_transfer(self, source: str, shop: str, sku: str, quantity: int, both: bool) -> None:
        if source == shop:
            return
        lines = {each: quantity for each in SKUS if both or each == sku}
        body = {
            "from": source,
            "to": shop,
            "lines": [{"sku": each, "quantity": quantity} for each in lines],
        }
        answer = self.client.act("draft_transfer", "transfers", body)
        assert answer
        drafted = {each: Sent(sent=quantity) for each in lines}
        self.model.transfers[answer["id"]] = Transfer(source, shop, drafted)

    @precondition(lambda self: self.model.transfers)
    @rule(number=which)
    def dispatch_transfer(self, number: int) -> None:
        identity, transfer = choose(self.model.transfers, number, first="draft")
        enough = all(
            self.model.available((sku, transfer.source)) >= line.sent
            for sku, line in transfer.lines.items()
        )
        answer = self.client.act("dispatch_transfer", f"transfers/{identity}/dispatch")
        assert bool(answer) == (transfer.state == "draft" and enough), self.client.refusal
        if answer:
            transfer.state = "in_transit"
            for sku, line in transfer.lines.items():
                self.model.put((sku, transfer.source), -line.sent)

    @precondition(lambda self: self.model.transfers)
    @rule(number=which)
    def cancel_transfer(self, number: int) -> None:
        identity, transfer = choose(self.model.transfers, number)
        answer = self.client.act("cancel_transfer", f"transfers/{identity}/cancel")
        assert bool(answer) == (transfer.state == "draft")
        if answer:
            transfer.state = "cancelled"

    @precondition(lambda self: self.model.transfers)
    @rule(
        number=which,
        sku=skus,
        quantity=units,
        damaged=st.integers(0, 1),
        surplus=st.booleans(),
        close=seldom,
    )
    def receive_transfer(
        self, number: int, sku: str, quantity: int, damaged: int, surplus: bool, close: bool
    ) -> None:
        identity, transfer = choose(self.model.transfers, number, first="in_transit")
        sent = transfer.lines.get(sku, Sent())
        with_loss = any(each.lost for each in transfer.lines.values())
        coming = sent.coming + sent.lost  # what was written off may turn up
        if coming and not surplus:
            quantity = min(quantity, coming)
        line = {"sku": sku, "quantity": quantity, "damaged": damaged}
        answer = self.client.act(
            "receive_transfer",
            f"transfers/{identity}/receive",
            {"lines": [line], "accept_surplus": surplus, "close": close},
        )
        open_still = transfer.state == "in_transit" or (transfer.state == "received" and with_loss)
        possible = open_still and (surplus or quantity <= coming)
        assert bool(answer) == possible, self.client.refusal
        if not answer:
            return
        pair = sku, transfer.target
        self.model.put(pair, quantity, damaged=damaged)
        if coming:
            sent.lost -= min(sent.lost, max(0, quantity - sent.coming))
            sent.arrived += min(quantity, coming)
        if close:
            for each in transfer.lines.values():
                each.lost += each.coming
        if not any(each.coming for each in transfer.lines.values()):
            transfer.state = "received"
        assert answer["state"] == transfer.state
        if quantity - damaged > self._hand_to_who_waits(identity, pair, quantity - damaged):
            self.model.offered.add(sku)

    def _hand_to_who_waits(self, identity: str, pair: Pair, sound: int) -> int:
        """Give what has come to the order for which it was sent; return how many it took."""
        model, given = self.model, 0
        mine = [owner for owner in model.away if owner[0] == model.promised.get(identity)]
        for owner in mine:
            sku = model.lines[model.line_of(owner)].sku
            if sku == pair[0]:
                given = min(sound, model.away[owner])
                model.away[owner] -= given
                model.grow_reservation(owner, pair, given)
            line = model.transfers[identity].lines[sku]
            if (never_comes := model.away[owner] - line.coming) > 0:
                model.away[owner] -= never_comes
                model.seek(owner, never_comes)
            if not model.away[owner]:
                del model.away[owner]
        return given


class SettingApart(PoolRules):
    """Conditions and adjustments: what people see on the shelf."""

    @rule(
        pair=pairs,
        quantity=units,
        origin=st.sampled_from(["available", *CONDITIONS]),
        outcome=st.sampled_from(["available", *CONDITIONS, "scrapped", "to_vendor"]),
    )
    def move_unavailable(self, pair: Pair, quantity: int, origin: str, outcome: str) -> None:
        if origin == outcome:
            return
        row = self.model.rows[pair]
        if origin != "available":
            there = row.kept[origin]
        elif outcome in ("damaged", "missing", "scrapped"):
            there = row.on_hand - row.unavailable
        else:
            there = self.model.available(pair)
        sku, place = pair
        line = {"sku": sku, "location": place, "quantity": quantity}
        body = {"lines": [line | {"from": origin, "to": outcome}]}
        answer = self.client.act("move_unavailable", "stock/unavailable", body)
        assert bool(answer) == (quantity <= there), (self.client.refusal, there)
        if not answer:
            return
        self.model.end_overdue({sku})
        before = self.model.available(pair)
        gone = outcome in ("scrapped", "to_vendor")
        moved = {name: 0 for name in (origin, outcome) if name in CONDITIONS}
        if origin in moved:
            moved[origin] -= quantity
        if outcome in moved:
            moved[outcome] += quantity
        self.model.put(pair, -quantity if gone else 0, **moved)
        self.found_out(pair, before)

    @rule(
        pair=pairs,
        on_hand=st.integers(-4, 4),
        unavailable=st.integers(-3, 3),
        reason=st.sampled_from(["other", "damaged", "missing", "found", "lost", "correction"]),
    )
    def adjust_stock(self, pair: Pair, on_hand: int, unavailable: int, reason: str) -> None:
        if not on_hand and not unavailable:
            return
        row = self.model.rows[pair]
        new, apart = row.on_hand + on_hand, row.unavailable + unavailable
        possible = new >= 0 and apart >= 0 and (unavailable <= 0 or apart <= new)
        if reason in CONDITIONS and row.kept[reason] + unavailable < 0:
            possible = False
        sku, place = pair
        line = {"sku": sku, "location": place}
        line |= {"on_hand_delta": on_hand, "unavailable_delta": unavailable}  # type: ignore[dict-item]
        body = {"reason": reason, "lines": [line]}
        answer = self.client.act("adjust_stock", "stock/adjustments", body)
        assert bool(answer) == possible, self.client.refusal
        if not answer:
            return
        self.model.end_overdue({sku})
        before = self.model.available(pair)
        self.model.put(pair, on_hand)
        named = {"found": "missing", "lost": "missing"}.get(reason, reason)
        if unavailable > 0:
            entered = reason if reason in CONDITIONS else "quarantine"
            self.model.put(pair, **{entered: unavailable})
        leaves = row.unavailable - min(apart, new)
        self.model.draw(pair, leaves, named)
        self.found_out(pair, before)
