"""Orders: accepted ones are there once and as they were asked for, refused ones are not."""

from __future__ import annotations

from collections import Counter
from typing import Any

from torture.books import Books, is_erased
from torture.verdicts import Verdicts
from torture.view import Records, View


def compare_orders(verdicts: Verdicts, books: Books, view: View) -> None:
    numbers = {order["number"]: order for order in view.orders}
    with books.lock:
        accepted, refused = dict(books.by_external_id), dict(books.refused_orders)
    names = {number: name for name, number in accepted.items()}
    found = Counter(_name(order, names) for order in view.orders)
    for name, number in accepted.items():
        there = found[name] == 1 and number in numbers
        verdicts.check("accepted_is_there_once", there, f"{name} {number}: {found[name]} times")
    for name, code in refused.items():
        if name not in accepted:
            verdicts.check("refused_left_nothing", name not in found, f"{name} was refused: {code}")
    for name in found.keys() - accepted.keys() - refused.keys():
        verdicts.check("accepted_is_there_once", False, f"{name} was never accepted")


def _name(order: dict[str, Any], names: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Return an order's channel and external id, of one that is erased by its number."""
    name = order["channel"], order["external_id"]
    return names.get(order["number"], name) if is_erased(order["external_id"]) else name


def compare_units(verdicts: Verdicts, books: Books, view: View) -> None:
    with books.lock:
        left, returned = Counter(books.left_of_order), Counter(books.returned)
        known = dict(books.orders)
    for order in view.orders:
        number = order["number"]
        mine = known.get(number)
        if mine is None:
            continue  # told of above
        asked = {line["line_id"]: line["quantity"] for line in mine.body["lines"]}
        for line in order["lines"]:
            key = number, line["line_id"]
            told = f"{number} line {line}"
            verdicts.check("lines_are_as_ordered", asked.get(key[1]) == line["ordered"], told)
            parts = ("cancelled", "reserved", "backordered", "fulfilled")
            verdicts.check(
                "lines_add_up", sum(line[part] for part in parts) == line["ordered"], told
            )
            verdicts.check(
                "a_cancellation_stays", line["cancelled"] >= mine.cancelled[key[1]], told
            )
            verdicts.check(
                "what_left_is_fulfilled",
                line["fulfilled"] == left[key],
                f"{told}: {left[key]} left by the books",
            )
            verdicts.check(
                "what_came_back_is_returned",
                line["returned"] == returned[key],
                f"{told}: {returned[key]} came back by the books",
            )
            if not mine.body.get("allow_backorder"):
                verdicts.check("flags_bind", not line["backordered"], f"{told} waits")
        _compare_work(verdicts, order)


def _compare_work(verdicts: Verdicts, order: dict[str, Any]) -> None:
    """What a line has reserved is what its unfinished fulfilments have to send or hand over."""
    work: Counter[str] = Counter()
    for fulfilment in order["fulfilments"]:
        if fulfilment["state"] in UNFINISHED:
            for line in fulfilment["lines"]:
                work[line["line_id"]] += line["quantity"] - line["fulfilled"]
    for line in order["lines"]:
        verdicts.check(
            "what_is_promised_is_someones_work",
            line["reserved"] == work[line["line_id"]],
            f"{order['number']} line {line}: {work[line['line_id']]} in fulfilments",
        )


UNFINISHED = ("open", "picking", "packed", "in_transit", "ready")


def compare_scans(verdicts: Verdicts, books: Books, records: Records) -> None:
    with books.lock:
        scanned = Counter(books.scanned)
    for line in scanned.keys() | records.scans.keys():
        verdicts.check(
            "a_scan_counts_once",
            scanned[line] == records.scans[line],
            f"pick list line {line}: {scanned[line]} scanned, {records.scans[line]} counted",
        )
