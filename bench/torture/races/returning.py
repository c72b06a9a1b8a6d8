"""Races of returns with themselves, and of an erasure with an order."""

from __future__ import annotations

from torture.books import Erasure
from torture.client import Act
from torture.races.round import Race, Round, done, told


def returned_twice(round_: Round) -> str:
    """One unit left; one comes back."""
    round_.goods(2)
    sold = round_.order(1, channel="till", how={"type": "carry_out", "location": "S1"})
    body = {
        "order": sold["number"],
        "channel": "web",
        "resolution": "refund",
        "drop_off": {"type": "store", "location": "S2"},
        "lines": [{"line_id": "1", "quantity": 1, "reason": "race"}],
    }
    ret = round_.do("returns", body)
    name = f"returns/{ret['id']}"
    round_.books.announce("return.requested", name)
    line = {"line_id": "1", "quantity": 1, "disposition": "restock"}
    receive = round_.act(f"{name}/receipts", {"location": "S2", "lines": [line]})
    acts = round_.at_once(receive, receive, receive)
    for act in acts:
        if act.is_done:
            round_.books.move(f"return/{ret['id']}", round_.sku, "S2", 1)
            round_.books.returned[sold["number"], "1"] += 1
            round_.books.announce("return.received", name)
    return "" if done(acts) == 1 else told(acts)


def erased_and_ordering(round_: Round) -> str:
    """An order is one of the erased customer and has lost the address, or it came afterwards."""
    round_.goods(9)
    first = round_.body()
    known: Act = round_.place(first)(round_.first)
    identity = known.answer["customer_id"]
    word = first["customer"]["email"].split("@")[0]
    round_.books.being_erased.add(word)
    same = {"customer": first["customer"], "ship_to": first["ship_to"], "note": first["note"]}
    erased, *orders = round_.at_once(
        round_.act(f"customers/{identity}/erase"),
        *(round_.place(round_.body() | same) for _ in range(3)),
    )
    if not erased.is_done:
        return told([erased])
    round_.books.erasures.append(Erasure(identity, word, tuple(erased.answer["orders"])))
    round_.books.announce("customer.erased", f"customers/{identity}")
    for act in orders:
        seen = round_.first.look(f"orders/{act.answer['number']}")
        if seen["customer_id"] == identity and word in str(seen):
            return f"{seen['number']} of the erased customer has {seen['ship_to']}"
    return ""


RACES: dict[str, Race] = {
    "returned_twice": returned_twice,
    "erased_and_ordering": erased_and_ordering,
}
