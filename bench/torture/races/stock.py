"""Races of counts and transfers with sales, and with themselves."""

from __future__ import annotations

from torture.races.round import Race, Round, done, told


def count_and_sale(round_: Round) -> str:
    """The sale is before the count, which then finds one too many, or after it."""
    round_.goods(10)
    reference = f"race-count-{round_.name}"
    line = {"sku": round_.sku, "location": "S1", "on_hand": 10}
    body = {"reason": "cycle_count", "reference": reference, "lines": [line]}
    sale = round_.body(1, channel="till", how={"type": "carry_out", "location": "S1"})
    counted, sold = round_.at_once(round_.act("stock/counts/apply", body), round_.place(sale))
    if not (counted.is_done and sold.is_done):
        return told([counted, sold])
    variance = counted.answer["lines"][0]["variance"]
    round_.books.move(reference, round_.sku, "S1", variance)
    round_.books.announce("count.applied", f"counts/{counted.answer['id']}")
    on_hand = round_.stock("S1")["on_hand"]
    return "" if on_hand == 9 + variance and variance in (0, 1) else f"{on_hand}, {variance}"


def transfer_received_twice(round_: Round) -> str:
    round_.goods(5)
    transfer = _sent(round_)
    path = f"{transfer}/receive"
    receive = round_.act(path, {"lines": [{"sku": round_.sku, "quantity": 5}]})
    acts = round_.at_once(receive, receive, receive)
    for act in acts:
        if act.is_done:
            round_.books.move(transfer, round_.sku, "W1", 5)
            round_.books.announce("transfer.received", transfer)
    there = round_.stock("W1")["on_hand"]
    return "" if done(acts) == 1 and there == 5 else f"{told(acts)}, {there} there"


def dispatch_and_order(round_: Round) -> str:
    """The goods leave for another building or are promised to the customer."""
    round_.goods(5)
    lines = [{"sku": round_.sku, "quantity": 5}]
    drafted = round_.do("transfers", {"from": "S1", "to": "W1", "lines": lines})
    name = f"transfers/{drafted['id']}"
    acts = round_.at_once(round_.act(f"{name}/dispatch"), round_.place(round_.body(5)))
    if acts[0].is_done:
        round_.books.move(name, round_.sku, "S1", -5)
        round_.books.announce("transfer.dispatched", name)
    return "" if done(acts) == 1 else told(acts)


def _sent(round_: Round) -> str:
    lines = [{"sku": round_.sku, "quantity": 5}]
    drafted = round_.do("transfers", {"from": "S1", "to": "W1", "lines": lines})
    name = f"transfers/{drafted['id']}"
    round_.do(f"{name}/dispatch")
    round_.books.move(name, round_.sku, "S1", -5)
    round_.books.announce("transfer.dispatched", name)
    return name


RACES: dict[str, Race] = {
    "count_and_sale": count_and_sale,
    "transfer_received_twice": transfer_received_twice,
    "dispatch_and_order": dispatch_and_order,
}
