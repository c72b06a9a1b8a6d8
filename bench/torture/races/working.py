"""Races for the same box, the same list, the same pickup."""

from __future__ import annotations

import uuid
from typing import Any

from torture.client import Act, Client
from torture.races.round import Race, Round, done, told

PICKUP = {"type": "pickup", "location": "S1"}


def cancel_and_ship(round_: Round) -> str:
    """The box leaves, or its order is cancelled."""
    round_.goods(3)
    order = round_.order(2)
    code = _picked(round_, order)
    round_.do(f"fulfilments/{code}/pack")
    number = order["number"]
    acts = round_.at_once(
        round_.act(f"orders/{number}/cancellations", {"reason": "race"}),
        round_.act(f"fulfilments/{code}/ship", {"carrier": "Post", "tracking_number": "1"}),
    )
    if acts[1].is_done:
        round_.books.leave(acts[1].answer)
        round_.books.announce("fulfilment.shipped", f"fulfilments/{code}")
    return "" if done(acts) == 1 else told(acts)


def two_pickers_one_list(round_: Round) -> str:
    """What both scan is counted as often as the list asks for it."""
    round_.goods(4)
    order = round_.order(3)
    code = order["fulfilments"][0]["id"]
    picks = round_.do("pick-lists", {"location": "S1", "fulfilments": [code]})

    def scan(client: Client) -> list[str]:
        found = []
        for _ in range(3):
            one = {
                "scan_id": str(uuid.UUID(int=client.chance.getrandbits(128))),
                "payload": round_.sku,
                "quantity": 1,
            }
            act = client.act("race", f"pick-lists/{picks['id']}/scans", {"scans": [one]})
            (result,) = act.answer["results"]
            found.append(result["result"])
            if result["result"] == "accepted":
                with round_.books.lock:
                    round_.books.scanned[result["line"]] += 1
        return found

    results = [result for found in round_.at_once(scan, scan) for result in found]
    return "" if results.count("accepted") == 3 else str(results)


def collect_twice(round_: Round) -> str:
    code = _ready(round_)
    shown = round_.first.look(f"fulfilments/{code}/pickup-pass", key=round_.pass_key)
    collect = round_.act(f"fulfilments/{code}/collect", {"code": shown["code"]})
    acts = round_.at_once(collect, collect, collect)
    _book_collected(round_, acts)
    return "" if done(acts) == 1 else told(acts)


def collect_and_cancel(round_: Round) -> str:
    code = _ready(round_)
    collect = round_.act(f"fulfilments/{code}/collect", {"identity": {"document": "passport"}})
    acts = round_.at_once(collect, round_.act(f"fulfilments/{code}/cancel", {"reason": "x"}))
    _book_collected(round_, acts[:1])
    return "" if done(acts) == 1 else told(acts)


def reject_and_pick(round_: Round) -> str:
    """Work that was begun may still be rejected, and what was rejected cannot be picked."""
    round_.goods(2)
    order = round_.order(2, allow_backorder=True)
    code = order["fulfilments"][0]["id"]
    pick = {"lines": [{"line_id": "1", "quantity": 2}]}
    acts = round_.at_once(
        round_.act(f"fulfilments/{code}/pick", pick),
        round_.act(f"fulfilments/{code}/reject", {"reason": "no_capacity"}),
    )
    state = round_.first.look(f"fulfilments/{code}")["state"]
    return "" if acts[1].is_done and state == "rejected" else f"{told(acts)}, now {state}"


def _picked(round_: Round, order: dict[str, Any]) -> str:
    code: str = order["fulfilments"][0]["id"]
    units = order["lines"][0]["ordered"]
    round_.do(f"fulfilments/{code}/pick", {"lines": [{"line_id": "1", "quantity": units}]})
    return code


def _ready(round_: Round) -> str:
    """Return a pickup of two units that waits for its customer."""
    round_.goods(3)
    code = _picked(round_, round_.order(2, how=PICKUP))
    round_.do(f"fulfilments/{code}/ready", {"bay": "B1"})
    return code


def _book_collected(round_: Round, acts: list[Act]) -> None:
    for act in acts:
        if act.is_done:
            round_.books.leave(act.answer)
            round_.books.announce("fulfilment.collected", f"fulfilments/{act.answer['id']}")


RACES: dict[str, Race] = {
    "cancel_and_ship": cancel_and_ship,
    "two_pickers_one_list": two_pickers_one_list,
    "collect_twice": collect_twice,
    "collect_and_cancel": collect_and_cancel,
    "reject_and_pick": reject_and_pick,
}
