"""Placing the demo's orders; some are cancelled, some backordered."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from inventory.commands.reserve import Cart, hold_stock
from inventory.spreading import Want
from omniretail.demo.demand import demand
from omniretail.demo.people import shop
from orders.commands.fulfilment.cancel import cancel_order
from orders.commands.placing.place import place_orders
from orders.models import Order
from stores.queries.network import current_network

AT_ONCE = 64
CART_SECONDS = 14_400


def place() -> None:
    """Place every order that the stock covers; the others are refused."""
    actor = shop()
    orders = demand()
    for start in range(0, len(orders), AT_ONCE):
        together = sorted(orders[start : start + AT_ONCE], key=attrgetter("channel"))
        for _, batch in groupby(together, key=attrgetter("channel")):
            place_orders(list(batch), actor=actor)


def cancel_some() -> None:
    """Cancel some orders, in whole or by one unit."""
    actor = shop()
    waiting = Order.objects.exclude(channel__code="pos").order_by("pk")
    for order in waiting[5::23]:
        cancel_order(number=order.number, lines=None, reason="changed my mind", actor=actor)
    for order in waiting[9::31]:
        line = order.lines.filter(reserved__gt=1).order_by("pk").first()
        if line:
            one = [(line.line_id, 1)]
            cancel_order(number=order.number, lines=one, reason="one too many", actor=actor)


def fill_carts() -> None:
    """Reserve goods for two carts of the site."""
    channel = current_network().channels["web"]
    lines = [line for order in demand()[-2:] for line in order.lines][:4]
    for number, line in enumerate(lines[:2], start=1):
        cart = Cart(channel, f"cart-{number}", CART_SECONDS, [Want(line.sku, 1)])
        hold_stock(cart=cart, actor=shop())
