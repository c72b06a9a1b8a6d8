"""Acts of those who buy: carts, orders, cancellations."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.factories import CartBody, OrderBody, OrderLineBody
from tests.inventory.stock_helpers import expire_cart
from tests.properties.goods_acts import places, seldom, skus, units, which
from tests.properties.pool_rules import PoolRules, choose
from tests.properties.pool_state import (
    COUNTERS,
    SELLS_FROM,
    SHIPPING,
    SKUS,
    Cart,
    Line,
    Reservation,
)

channels = st.sampled_from(list(SELLS_FROM))
ways = st.sampled_from(["ship", "ship", "pickup", "pickup", "carry_out"])


class Carts(PoolRules):
    @rule(channel=channels, sku=skus, quantity=units, place=st.none() | places, both=st.booleans())
    def hold(self, channel: str, sku: str, quantity: int, place: str | None, both: bool) -> None:
        wanted = [each for each in SKUS if both or each == sku]
        lines: list[dict[str, Any]] = [{"sku": each, "quantity": quantity} for each in wanted]
        for line in lines:
            line |= {"location": place} if place else {}
        body = CartBody(channel=channel, lines=lines)
        answer = self.client.act("hold", "reservations", body)
        places = [place] if place else SELLS_FROM[channel]
        enough = all(
            sum(self.model.sellable(channel, (each, where)) for where in places) >= quantity
            for each in wanted
        )
        assert bool(answer) == enough, self.client.refusal
        if not answer:
            return
        cart = self.model.carts[answer["id"]] = Cart(channel, set())
        for line in answer["lines"]:
            pair = line["sku"], line["location"]
            assert line["quantity"] <= self.model.sellable(channel, pair)
            owner = ("cart", answer["id"], *pair)
            cart.reservations.add(owner)
            cart.units[owner] = line["quantity"]
            self.model.reservations[owner] = Reservation(pair, line["quantity"])
        for each in wanted:
            held = [line["quantity"] for line in answer["lines"] if line["sku"] == each]
            assert sum(held) == quantity

    @precondition(lambda self: self.model.carts)
    @rule(number=which)
    def time_passes(self, number: int) -> None:
        """A cart took too long: its time is set back, because no test waits for it."""
        identity, cart = choose(self.model.carts, number)
        expire_cart(identity)
        self.client.done["time_passes", "accepted"] += 1
        for owner in cart.reservations & self.model.reservations.keys():
            self.model.reservations[owner].overdue = True

    @precondition(lambda self: self.model.carts)
    @rule(number=which, release=st.booleans())
    def end_or_extend(self, number: int, release: bool) -> None:
        identity, cart = choose(self.model.carts, number)
        held = [
            owner
            for owner in cart.reservations & self.model.reservations.keys()
            if not self.model.reservations[owner].overdue
        ]
        if release:
            answer = self.client.act("release", f"reservations/{identity}/release")
        else:
            path = f"reservations/{identity}/extend"
            answer = self.client.act("extend", path, {"ttl_seconds": 900})
        again = release and cart.ended == "released"
        assert bool(answer) == (bool(held) or again), self.client.refusal
        if answer and release:
            cart.ended = "released"
            for owner in held:
                del self.model.reservations[owner]


class Orders(PoolRules):
    def place(
        self,
        name: str,
        channel: str,
        wants: dict[str, int],
        *,
        way: str = "ship",
        shop: str = "S1",
        splits: bool = True,
        policy: str = "all",
        cart: str | None = None,
        sold_at: int | None = None,
        exchange: tuple[str, int] | None = None,
    ) -> dict[str, Any] | None:
        """Place an order that the model foresees: accepted or not, and how much it gets.

        `sold_at` is the mark at which a till that was offline has sold it, `exchange` the return
        that it takes from, and how many units that has left.
        """
        sites = {"ship": SHIPPING, "pickup": tuple({shop, *SHIPPING}), "carry_out": (shop,)}[way]
        waits = policy == "backorder" and way != "carry_out"
        lines = {
            str(number): Line(channel, sku, quantity, sites, splits, waits)
            for number, (sku, quantity) in enumerate(wants.items(), start=1)
        }
        offered = {key: min(it.ordered, self.model.on_offer(it)) for key, it in lines.items()}
        if way == "carry_out":  # it is gone
            offered = {key: it.ordered for key, it in lines.items()}
        whole = all(offered[key] == line.ordered for key, line in lines.items())
        possible = whole or waits or (policy == "partial" and any(offered.values()))
        if exchange and sum(wants.values()) > exchange[1]:
            possible = False
        fulfilment = {"type": way} | ({} if way == "ship" else {"location": shop})
        body: dict[str, Any] = OrderBody(
            channel=channel,
            external_id=uuid.uuid4().hex,
            lines=[
                OrderLineBody(
                    line_id=key,
                    sku=line.sku,
                    quantity=line.ordered,
                    unit_price="1.00",
                    fulfilment=fulfilment,
                )
                for key, line in lines.items()
            ],
            allow_split=splits,
            allow_backorder=policy == "backorder",
            allow_partial=policy == "partial",
        )
        body |= {"reservation_id": cart} if cart else {}
        body |= {"exchange_of": exchange[0]} if exchange else {}
        if sold_at is not None:
            body["occurred_at"] = self.marks[sold_at].isoformat()
        answer = self.client.act(name, "orders", body)
        assert bool(answer) == possible, (self.client.refusal, offered)
        if not answer:
            return None
        number = answer["number"]
        self.orders[number] = self.client.sent[-1].body
        for key, line in lines.items():
            self.model.lines[number, key] = line
            if way == "carry_out":
                line.fulfilled = line.ordered
                self.model.sell((line.sku, shop), line.fulfilled, at=sold_at)
            else:
                self.model.homeless[number, key] = line.ordered
                self.model.granted[number, key] = offered[key]
        return answer

    @rule(sku=skus, quantity=st.integers(1, 2), shop=st.none() | st.sampled_from(COUNTERS))
    def buy(self, sku: str, quantity: int, shop: str | None) -> None:
        """What most customers do, so that there is work to pick."""
        way = "pickup" if shop else "ship"
        self.place(f"place_{way}", "web", {sku: quantity}, way=way, shop=shop or "S1")

    @rule(
        channel=channels,
        sku=skus,
        quantity=st.integers(1, 7),
        way=ways,
        shop=st.sampled_from(COUNTERS),
        both=seldom,
        splits=st.sampled_from([True, True, False]),
        policy=st.sampled_from(["all", "backorder", "backorder", "partial"]),
    )
    def place_order(
        self,
        channel: str,
        sku: str,
        quantity: int,
        way: str,
        shop: str,
        both: bool,
        splits: bool,
        policy: str,
    ) -> None:
        if shop not in SELLS_FROM[channel]:
            shop = "S1"
        wants = {each: quantity for each in SKUS if each == sku or (both and splits)}
        name = f"place_{way}"
        self.place(name, channel, wants, way=way, shop=shop, splits=splits, policy=policy)

    @rule(
        sku=skus,
        quantity=st.integers(1, 4),
        shop=st.sampled_from(COUNTERS),
        ago=st.none() | st.integers(1, 8),
    )
    def sell_at_till(self, sku: str, quantity: int, shop: str, ago: int | None) -> None:
        """Sold, whether it was there, promised to others, or counted since."""
        sold_at = None if ago is None else max(0, len(self.marks) - ago)
        name = "sell_at_till" if ago is None else "sell_while_offline"
        self.place(name, "web", {sku: quantity}, way="carry_out", shop=shop, sold_at=sold_at)

    @precondition(lambda self: self.model.carts)
    @rule(number=which)
    def order_cart(self, number: int) -> None:
        """An order takes over what a cart holds, also what has been kept for others since; and
        what it held a moment ago, if that is still there."""
        identity, cart = choose(self.model.carts, number)
        if cart.ended:
            body = OrderBody(
                channel=cart.channel,
                external_id=uuid.uuid4().hex,
                reservation_id=identity,
                lines=[OrderLineBody(unit_price="1.00")],
            )
            assert self.client.act("order_ended_cart", "orders", body) is None
            assert self.client.refusal == "reservation_not_live"
            return
        held = {owner: self.model.reservations.pop(owner, None) for owner in sorted(cart.units)}
        live = all(row and not row.overdue for row in held.values())
        wants: dict[str, int] = {}
        for (_, _, sku, place), left in cart.units.items():
            wants[sku] = wants.get(sku, 0) + left
            self.model.entitled[sku, place] = left
        if self.place("order_cart", cart.channel, wants, cart=identity):
            cart.ended = "ordered"
            return
        assert self.client.refusal == ("insufficient_stock" if live else "reservation_not_live")
        self.model.entitled.clear()
        self.model.reservations |= {owner: row for owner, row in held.items() if row}

    @precondition(lambda self: self.orders)
    @rule(number=which)
    def place_order_again(self, number: int) -> None:
        order, body = choose(self.orders, number)
        answer = self.client.act("place_order_again", "orders", body)
        assert answer
        assert answer["number"] == order

    @precondition(lambda self: self.orders)
    @rule(number=which)
    def cancel_order(self, number: int) -> None:
        order, _ = choose(self.orders, number)
        model = self.model
        answer = self.client.act("cancel_order", f"orders/{order}/cancellations", {"reason": "x"})
        lines = {key: line for key, line in model.lines.items() if key[0] == order}
        left = {key: model.outstanding(key) + line.waiting for key, line in lines.items()}
        assert bool(answer) == any(left.values()), self.client.refusal
        if not answer:
            return
        for key, line in lines.items():
            line.cancelled += left[key]
            line.waiting = 0
        for owner, reservation in list(model.reservations.items()):
            if owner[0] != "cart" and model.line_of(owner)[0] == order:
                model.end_promise(owner, reservation.units)
        for owner in [owner for owner in model.away if model.line_of(owner)[0] == order]:
            del model.away[owner]

    @precondition(lambda self: self.orders)
    @rule(number=which, quantity=units)
    def cancel_units(self, number: int, quantity: int) -> None:
        """Units that wait go first; which reservations give the others is the service's choice."""
        model = self.model
        order, _ = choose(self.orders, number)
        key = order, "1"
        line = model.lines[key]
        if any(model.line_of(owner) == key for owner in model.away):
            return
        body = {"reason": "x", "lines": [{"line_id": "1", "quantity": quantity}]}
        answer = self.client.act("cancel_units", f"orders/{order}/cancellations", body)
        assert bool(answer) == (quantity <= line.waiting + model.outstanding(key))
        if answer:
            waited = min(quantity, line.waiting)
            line.cancelled += quantity
            line.waiting -= waited
            model.loose[key] = quantity - waited
