"""Races for the same order, and for the last unit."""

from __future__ import annotations

from collections import Counter
from typing import Any

from torture.books import Cart
from torture.client import Act, Client
from torture.clients.ordering import book
from torture.races.round import Call, Race, Round, done, told


def same_key(round_: Round) -> str:
    """Every answer is the same, and one order is there."""
    round_.goods(10)
    call = round_.place(round_.body(), key=round_.first.fresh())
    acts = _of_one_key(round_, call)
    same = all((act.status, act.answer) == (201, acts[0].answer) for act in acts)
    return "" if same and _left(round_) == 9 else told(acts)


def _of_one_key(round_: Round, call: Call) -> list[Act]:
    """A key belongs to an API client: all calls go out under the first one's."""

    def mine(client: Client) -> Any:
        client.headers, before = round_.first.headers, client.headers
        try:
            return call(client)
        finally:
            client.headers = before

    return round_.at_once(mine, mine, mine, mine)


def same_external_id(round_: Round) -> str:
    """One is placed, the others are told of it."""
    round_.goods(10)
    call = round_.place(round_.body())
    acts = round_.at_once(call, call, call, call)
    numbers = {act.answer.get("number") for act in acts}
    right = sorted(act.status for act in acts) == [200, 200, 200, 201] and len(numbers) == 1
    return "" if right and _left(round_) == 9 else told(acts)


def last_unit(round_: Round) -> str:
    round_.goods(1)
    acts = round_.at_once(*(round_.place(round_.body()) for _ in range(6)))
    return "" if done(acts) == 1 and _left(round_) == 0 else told(acts)


def cart_and_order(round_: Round) -> str:
    """One unit: one cart holds it, or one order has it."""
    round_.goods(1)
    acts = round_.at_once(
        *(_hold(round_, n) for n in range(3)), *(round_.place(round_.body()) for _ in range(3))
    )
    return "" if done(acts) == 1 and _left(round_) == 0 else told(acts)


def cart_released_and_ordered(round_: Round) -> str:
    """The cart is released or ordered, not both."""
    round_.goods(1)
    held: Act = _hold(round_, 0)(round_.first)
    cart = round_.books.carts[held.answer["id"]]
    body = round_.body(reservation_id=cart.identity)
    acts = round_.at_once(round_.act(f"reservations/{cart.identity}/release"), round_.place(body))
    cart.ended = "released" if acts[0].is_done else "ordered"
    return "" if done(acts) == 1 and _left(round_) == int(acts[0].is_done) else told(acts)


def batch_and_single(round_: Round) -> str:
    """The same order in a batch and by itself is one."""
    round_.goods(10)
    body, other = round_.body(), round_.body()

    def batch(client: Client) -> Act:
        act = client.act("race", "orders/batch", {"orders": [body, other]})
        for each, result in zip((body, other), act.answer["results"], strict=True):
            book(round_.books, each, result["status"], result.get("order"), result.get("problem"))
        return act

    several, single, again = round_.at_once(batch, round_.place(body), round_.place(body))
    statuses = [several.answer["results"][0]["status"], single.status, again.status]
    right = sorted(statuses) == [200, 200, 201] and _left(round_) == 8
    return "" if right else str(statuses)


def _hold(round_: Round, number: int) -> Call:
    reference = f"race-cart-{round_.name}-{number}"
    lines = [{"sku": round_.sku, "quantity": 1}]
    body = {"channel": "web", "reference": reference, "ttl_seconds": 600, "lines": lines}

    def call(client: Client) -> Act:
        act = client.act("race: hold", "reservations", body)
        if act.is_done:
            cart = Cart(act.answer["id"], reference, Counter({round_.sku: 1}), act.began + 600)
            round_.books.carts[cart.identity] = cart
            round_.books.announce("reservation.held", f"reservations/{cart.identity}")
        else:
            round_.books.refuse_reference(reference, act)
        return act

    return call


def _left(round_: Round) -> int:
    available: int = round_.stock("S1")["available"]
    return available


RACES: dict[str, Race] = {
    "same_key": same_key,
    "same_external_id": same_external_id,
    "last_unit": last_unit,
    "cart_and_order": cart_and_order,
    "cart_released_and_ordered": cart_released_and_ordered,
    "batch_and_single": batch_and_single,
}
