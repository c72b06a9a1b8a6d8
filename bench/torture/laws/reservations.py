"""Reserved units: each belongs to a cart or an order of ours, and to no refused one."""

from __future__ import annotations

from collections import Counter

from torture.books import Books, Pair
from torture.laws.orders import UNFINISHED
from torture.verdicts import Verdicts
from torture.view import Records, View

AT_SOURCE = ("open", "picking", "packed")


def compare_reserved(verdicts: Verdicts, books: Books, view: View, records: Records) -> None:
    with books.lock:
        carts, numbers = dict(books.carts), set(books.orders)
        refused = set(books.refused_references)
    owned: Counter[Pair] = Counter()
    for order in view.orders:
        if order["number"] not in numbers:
            continue
        for fulfilment in order["fulfilments"]:
            if fulfilment["state"] not in UNFINISHED:
                continue
            place = fulfilment["location"]
            if fulfilment["state"] in AT_SOURCE:
                place = fulfilment["source"] or place
            for line in fulfilment["lines"]:
                units = line["quantity"] - line["fulfilled"]
                if fulfilment["state"] == "in_transit":
                    units = line["arrived"]
                owned[line["sku"], place] += units
    for owner, pair, units, state in records.reserved:
        if state == "held":
            cart = carts.get(owner)
            holds = cart is not None and cart.ended not in ("released", "ordered")
            verdicts.check(
                "each_reservation_has_an_owner", holds, f"{owner} holds {units} of {pair}: {cart}"
            )
            owned[pair] += units
        else:
            known = owner.rpartition("-")[0] in numbers
            verdicts.check("each_reservation_has_an_owner", known, f"{owner} has {units} of {pair}")
    for pair in owned.keys() | view.stock.keys():
        reserved = view.stock.get(pair, (0, 0, 0))[1]
        verdicts.check(
            "reserved_is_what_is_owned",
            reserved == owned[pair],
            f"{pair}: {owned[pair]} by carts and orders, {reserved} reserved",
        )
    for reference in refused & records.carts.keys():
        verdicts.check("refused_left_nothing", False, f"{reference} was refused and is there")
    for cart in carts.values():
        verdicts.check(
            "accepted_is_there_once",
            cart.identity in (records.carts.get(cart.reference), records.carts.get(cart.identity)),
            cart,
        )
