"""After the replay: compare what the answers said with what the service has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from expected_state import ExpectedState, Pair
from plan import PLACES
from service import Service

UNFINISHED = ("open", "picking", "packed", "in_transit", "ready")
SHOWN = 5  # differences of a kind that are printed


@dataclass(frozen=True)
class Verdict:
    ok: bool
    text: str
    details: tuple[str, ...] = ()


@dataclass
class StockSnapshot:
    """Units by SKU and location as `GET /stock` shows them."""

    on_hand: Counter[Pair]
    reserved: Counter[Pair]
    unavailable: Counter[Pair]
    oversold: list[str]

    @classmethod
    def read(cls, service: Service) -> StockSnapshot:
        stock = cls(Counter(), Counter(), Counter(), [])
        for place in PLACES:
            for row in service.pages("stock", "read stock", location=place):
                pair = row["sku"], place
                stock.on_hand[pair] = row["on_hand"]
                stock.reserved[pair] = row["reserved"]
                stock.unavailable[pair] = row["unavailable"]
                if min(row["available"], row["reserved"], row["unavailable"]) < 0:
                    stock.oversold.append(f"{pair}: {row}")
        return stock


@dataclass
class Sold:
    """What the orders themselves say: of this run by name, of all runs by units.

    The workers pick what waits longest, so they may hand out what an earlier run has sold.
    """

    numbers: Counter[tuple[str, str, str]]  # channel, external id, number: of this run
    states: Counter[str]  # of this run
    fulfilled: Counter[str]  # by SKU
    reserved: Counter[Pair]  # in fulfilments that are not finished

    @classmethod
    def read(cls, service: Service, run: str) -> Sold:
        sold = cls(Counter(), Counter(), Counter(), Counter())
        for order in service.pages("orders", "read orders"):
            for fulfilment in order["fulfilments"]:
                if fulfilment["state"] in UNFINISHED and fulfilment["location"] in PLACES:
                    for line in fulfilment["lines"]:
                        pair = line["sku"], fulfilment["location"]
                        sold.reserved[pair] += line["quantity"] - line["fulfilled"]
            for line in order["lines"]:
                sold.fulfilled[line["sku"]] += line["fulfilled"]
            if order["external_id"].startswith(f"{run}-"):
                name = order["channel"], order["external_id"], order["number"]
                sold.numbers[name] += 1
                sold.states[order["state"]] += 1
        return sold


@dataclass(frozen=True)
class InitialState:
    """What was there before the first delivery."""

    stock: StockSnapshot
    sold: Sold

    @classmethod
    def read(cls, service: Service, run: str) -> InitialState:
        return cls(StockSnapshot.read(service), Sold.read(service, run))


def reconcile(
    service: Service, run: str, expected: ExpectedState, initial: InitialState
) -> Iterator[Verdict]:
    """Yield a verdict on each promise of the service."""
    before, after = initial.stock, StockSnapshot.read(service)
    sold = Sold.read(service, run)
    yield _orders(expected, sold)
    states = ", ".join(f"{count:,} {state}" for state, count in sold.states.most_common())
    yield Verdict(True, f"their states: {states}")
    yield _compare("units on hand", _plus(before.on_hand, expected.on_hand), after.on_hand)
    yield _compare(
        "units kept apart", _plus(before.unavailable, expected.unavailable), after.unavailable
    )
    yield _compare("units reserved, as the orders say", sold.reserved, after.reserved)
    got = _plus(initial.sold.fulfilled, expected.left)
    yield _compare("units that customers have got, by SKU", got, sold.fulfilled)
    yield Verdict(not after.oversold, "no row oversold", tuple(after.oversold[:SHOWN]))
    yield _balance(expected, before, after)
    report = service.get("integrity", "integrity") or {"ok": False, "rows_checked": 0}
    found = tuple(str(each) for each in report.get("violations", [])[:SHOWN])
    yield Verdict(report["ok"], f"GET /integrity: {report['rows_checked']:,} rows checked", found)


def _orders(expected: ExpectedState, sold: Sold) -> Verdict:
    accepted = Counter((*name, number) for name, number in expected.accepted.items())
    wrong = [f"accepted, not found: {name}" for name in (accepted - sold.numbers)]
    wrong += [f"found, not accepted: {name}" for name in (sold.numbers - accepted)]
    return Verdict(
        not wrong,
        f"{len(accepted):,} accepted orders, each found once; {len(expected.refused):,} refused",
        tuple(wrong[:SHOWN]),
    )


def _plus(before: Counter[Any], change: Counter[Any]) -> Counter[Any]:
    sums = Counter(before)
    sums.update(change)
    return sums


def _compare(what: str, expected: Counter[Any], found: Counter[Any]) -> Verdict:
    differ = [key for key in _keys(expected, found) if expected[key] != found[key]]
    details = tuple(
        f"{key}: by the answers {expected[key]:,}, found {found[key]:,}" for key in differ[:SHOWN]
    )
    rows = len(_keys(expected, found))
    return Verdict(
        not differ,
        f"{what}: {rows:,} compared, {len(differ):,} differ, {sum(found.values()):,} units",
        details,
    )


def _keys(*counters: Counter[Any]) -> list[Any]:
    keys: set[Any] = set()
    for counter in counters:
        keys |= counter.keys()
    return sorted(keys)


def _balance(expected: ExpectedState, before: StockSnapshot, after: StockSnapshot) -> Verdict:
    """Account for every unit in one line."""
    start, end = sum(before.on_hand.values()), sum(after.on_hand.values())
    moved = sum(expected.causes.values())
    story = _story(expected.causes.items())
    return Verdict(
        start + moved == end, f"every unit accounted for: {start:,} at first {story} = {end:,}"
    )


def _story(causes: Iterable[tuple[str, int]]) -> str:
    return " ".join(
        f"{'+' if units > 0 else '-'} {abs(units):,} {cause}" for cause, units in causes if units
    )
