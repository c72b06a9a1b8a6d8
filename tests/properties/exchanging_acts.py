"""Acts of customers who want other goods for what they brought back."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.outbox.models import Event
from tests.properties.goods_acts import places, skus, which
from tests.properties.pool_rules import choose
from tests.properties.selling_acts import Orders

PRICE = 1  # of every unit that is sold here


@dataclass
class Exchange:
    """A return for an exchange: units that came, and the orders that took some of them."""

    came: int
    orders: list[str] = field(default_factory=list)
    refunded: bool = False


class Exchanging(Orders):
    """Law 13: what came back is spent once. Refunds are compared with what the events ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: dict[str, Exchange] = {}

    def _taken(self, exchange: Exchange) -> int:
        lines = [line for key, line in self.model.lines.items() if key[0] in exchange.orders]
        return sum(line.ordered - line.cancelled for line in lines)

    @precondition(lambda self: any(line.fulfilled for line in self.model.lines.values()))
    @rule(number=which, quantity=st.integers(1, 3), place=places)
    def bring_back_for_exchange(self, number: int, quantity: int, place: str) -> None:
        sold = {
            "/".join(key): (key, line)
            for key, line in self.model.lines.items()
            if line.fulfilled > line.returned
        }
        if not sold:
            return
        (order, line_id), line = choose(sold, number)[1]
        quantity = min(quantity, line.fulfilled - line.returned)
        about = {"channel": "web", "resolution": "exchange", "drop_off": {"type": "store"}}
        goods = {"line_id": line_id, "quantity": quantity}
        body = about | {"order": order, "lines": [goods | {"reason": "x"}]}
        announced = self.client.act("announce_exchange", "returns", body)
        if announced is None:  # some of it is announced already
            return
        arrival = {"location": place, "lines": [goods | {"disposition": "restock"}]}
        path = f"returns/{announced['id']}/receipts"
        assert self.client.act("receive_for_exchange", path, arrival), self.client.refusal
        line.returned += quantity
        self.model.put((line.sku, place), quantity)
        self.model.offered.add(line.sku)
        self.exchanges[announced["id"]] = Exchange(quantity)

    @precondition(lambda self: any(not each.refunded for each in self.exchanges.values()))
    @rule(number=which, sku=skus, quantity=st.integers(1, 3))
    def exchange(self, number: int, sku: str, quantity: int) -> None:
        waiting = {key: each for key, each in self.exchanges.items() if not each.refunded}
        identity, exchange = choose(waiting, number)
        left = exchange.came - self._taken(exchange)
        answer = self.place(
            "exchange", "web", {sku: quantity}, policy="backorder", exchange=(identity, left)
        )
        if quantity > left:
            assert self.client.refusal == "exchange_exceeds_return"
        if answer:
            exchange.orders.append(answer["number"])

    @precondition(lambda self: self.exchanges)
    @rule(number=which)
    def want_money_after_all(self, number: int) -> None:
        identity, exchange = choose(self.exchanges, number)
        path = f"returns/{identity}/resolution"
        assert self.client.act("want_money", path, {"resolution": "refund"}), self.client.refusal
        exchange.refunded = True

    @precondition(lambda self: self.exchanges)
    @rule(number=which)
    def look_at_exchange(self, number: int) -> None:
        """What is asked back, and what exchanges have, is what came."""
        identity, exchange = choose(self.exchanges, number)
        document = self.client.get("look_at_exchange", f"returns/{identity}")
        asked = sum(_refunds_of(identity, exchange.orders), Decimal(0))
        left = exchange.came - self._taken(exchange)
        assert asked == (PRICE * left if exchange.refunded else 0)
        if exchange.refunded:
            assert Decimal(document["refund"]["amount"]) == PRICE * left
        else:
            assert document["unspent"]["units"] == left


def _refunds_of(identity: str, orders: list[str]) -> list[Decimal]:
    """Return what was asked back for a return, and for cancelled units of its exchanges."""
    events = [event.data for event in Event.objects.filter(type="refund.requested")]
    return [
        Decimal(data["amount"])
        for data in events
        if data.get("return") == identity
        or (data["order"] in orders and data.get("return") is None)
    ]
