"""Carts: hold, extend, release, order what is held, or let the time run out."""

from __future__ import annotations

import time
from collections import Counter

from torture.books import Cart
from torture.clients.base import Kind
from torture.clients.ordering import order_body, place
from torture.world import KEPT, ORDERED, SCARCE, SOLD

TIMES = (2, 4, 60, 120)  # seconds; the short ones run out during the storm
SURE = 3.0  # seconds before its end in which a cart may be too late, on a busy machine


class Carts(Kind):
    def turn(self) -> None:
        draw = self.client.chance.randrange(100)
        cart = None if draw < 45 else self._take()
        if cart is None:
            self._hold()
        elif draw < 60:
            self._extend(cart)
        elif draw < 72:
            self._release(cart)
        else:
            self._order(cart)

    def _take(self) -> Cart | None:
        try:
            return self.books.carts[self.world.carts.popleft()["id"]]
        except IndexError:
            return None

    def _hold(self) -> None:
        chance = self.client.chance
        skus = chance.sample(ORDERED, chance.choice((1, 1, 2, 3)))
        reference, seconds = f"cart-{self.client.fresh()[:12]}", chance.choice(TIMES)
        lines = [{"sku": sku, "quantity": self.units(1 if sku in SCARCE else 3)} for sku in skus]
        body = {"channel": "web", "reference": reference, "ttl_seconds": seconds, "lines": lines}
        act = self.client.act("hold", "reservations", body)
        if not self.book_reference(act, reference):
            return
        units: Counter[str] = Counter()
        for line in lines:
            units[line["sku"]] += line["quantity"]
        got: Counter[str] = Counter()
        for line in act.answer["lines"]:
            got[line["sku"]] += line["quantity"]
        self.books.check("lines_are_as_ordered", units == got, f"{reference}: {units} {got}")
        cart = Cart(act.answer["id"], reference, units, act.began + seconds)
        self.books.carts[cart.identity] = cart
        self.books.announce("reservation.held", f"reservations/{cart.identity}")
        self.world.carts.append(act.answer)

    def _extend(self, cart: Cart) -> None:
        seconds = self.client.chance.choice((60, 120))
        act = self.client.act(
            "extend", f"reservations/{cart.identity}/extend", {"ttl_seconds": seconds}
        )
        if act.is_done:
            cart.expires = act.began + seconds
            self.world.carts.append({"id": cart.identity})
        else:
            self._must_be_over(cart, act.code)

    def _release(self, cart: Cart) -> None:
        act = self.client.act("release", f"reservations/{cart.identity}/release")
        if act.is_done:
            cart.ended = "released"
        else:
            self._must_be_over(cart, act.code)

    def _order(self, cart: Cart) -> None:
        wanted = [(sku, units) for sku, units in cart.units.items()]
        body = order_body(self.client, "web", wanted, self.some(self.world.customers))
        body |= {"reservation_id": cart.identity, "allow_backorder": False, "allow_partial": False}
        act = place(self.client, self.books, body, "order a cart")
        if act.is_done:
            cart.ended = "ordered"
            self.world.orders.append(act.answer)
        else:
            self._must_be_over(cart, act.code)

    def _must_be_over(self, cart: Cart, code: str) -> None:
        """A hold whose time is not over is the cart's, unless the goods were found missing.

        That happens to no SKU of `SOLD`: nothing there is counted or corrected.
        """
        sure = all(sku in (*SOLD, KEPT, *SCARCE) for sku in cart.units)
        if sure and code in ("insufficient_stock", "reservation_not_live"):
            # It may have waited for a long time: what counts is when the answer came.
            in_time = time.monotonic() < cart.expires - SURE
            self.books.check(
                "a_hold_is_kept", not in_time, f"cart {cart.identity} was refused: {code}"
            )
        cart.ended = cart.ended or code
