"""Acts of those who keep units from sale."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.properties.goods_acts import pairs, places, skus, which
from tests.properties.pool_rules import PoolRules, choose
from tests.properties.pool_state import SELLS_FROM, SKUS, Pair, Rule
from tests.properties.selling_acts import channels


class KeepRules(PoolRules):
    """Units kept from sale: safety stock, ring fences, rules. What is promised stays promised."""

    @rule(pair=pairs, level=st.integers(0, 4))
    def set_safety_stock(self, pair: Pair, level: int) -> None:
        line = {"sku": pair[0], "location": pair[1], "safety_stock": level}
        self.client.put("set_safety_stock", "stock/safety-stock", {"lines": [line]})
        self.model.safety[pair] = level
        self.model.offered.add(pair[0])

    @rule(channel=channels, pair=pairs, quantity=st.integers(0, 4))
    def set_ring_fence(self, channel: str, pair: Pair, quantity: int) -> None:
        if pair[1] not in SELLS_FROM[channel]:
            return
        fences = self.model.fences[channel]
        if fences.get(pair, 0) != quantity:
            self.model.offered.add(pair[0])
        fences.pop(pair, None)
        if quantity:
            fences[pair] = quantity
        body = {
            "name": channel,
            "kind": "web",
            "locations": list(SELLS_FROM[channel]),
            "ring_fences": [
                {"sku": sku, "location": place, "quantity": kept}
                for (sku, place), kept in fences.items()
            ],
            "ships_without_address": True,
        }
        self.client.put("set_ring_fence", f"channels/{channel}", body)

    @rule(
        code=st.sampled_from(["R1", "R2"]),
        channel=st.none() | channels,
        quantity=st.integers(1, 3),
        sku=st.none() | skus,
        place=st.none() | places,
        in_force=st.sampled_from([True, True, False]),
    )
    def put_keep_rule(
        self,
        code: str,
        channel: str | None,
        quantity: int,
        sku: str | None,
        place: str | None,
        in_force: bool,
    ) -> None:
        if channel and place and place not in SELLS_FROM[channel]:
            return
        before = self.model.rules.get(code)
        body: dict[str, Any] = {
            "kind": "ring_fence" if channel else "safety_stock",
            "channel": channel,
            "quantity": quantity,
            "sku": sku,
            "location": place,
            "from": None if in_force else "2090-01-01T00:00:00Z",
        }
        self.client.put("put_keep_rule", f"keep-rules/{code}", body)
        self.model.rules[code] = Rule(channel, quantity, sku, place, in_force)
        self._offer(before, self.model.rules[code])

    @precondition(lambda self: self.model.rules)
    @rule(number=which)
    def remove_keep_rule(self, number: int) -> None:
        code, before = choose(self.model.rules, number)
        assert self.api.delete(f"keep-rules/{code}").status_code == 204
        self.client.done["remove_keep_rule", "accepted"] += 1
        del self.model.rules[code]
        self._offer(before)

    def _offer(self, *rules: Rule | None) -> None:
        for each in rules:
            if each:
                self.model.offered.update([each.sku] if each.sku else SKUS)
