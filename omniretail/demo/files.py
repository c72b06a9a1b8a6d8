"""Import files of the demo's head office, with some bad rows."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from core.access.principal import Principal
from core.imports.accepting import ImportOptions, accept_file
from core.imports.reading import look_into
from core.imports.running import run
from omniretail.demo.demand import demand
from omniretail.demo.extract import Good, goods
from omniretail.demo.moves import roomiest
from omniretail.demo.people import person_at, shop
from omniretail.files.kinds import KINDS

# The first word that a name contains decides; without any it is a gift.
CATEGORIES = (
    ("Christmas", ("christmas", "advent")),
    ("Bags", ("bag", "purse", "shopper")),
    ("Kitchen", ("cake", "mug", "tea ", "cutlery", "jam", "egg", "plate", "bowl", "bottle")),
    ("Candles and lights", ("t-light", "candle", "light", "lantern")),
    ("Stationery", ("pencil", "paper", "card", "tissue", "ribbon", "wrap")),
    ("Home", ("sign", "clock", "doormat", "hook", "knob", "drawer", "frame", "hanging", "warmer")),
)  # fmt: skip
OTHERWISE = "Gifts"
A_SHARE, B_SHARE = 80, 95  # hundredths of the turnover that class A, and A with B, make


def category_of(good: Good) -> str:
    name = good.name.lower()
    return next(
        (title for title, words in CATEGORIES if any(word in name for word in words)), OTHERWISE
    )


def classes() -> dict[str, str]:
    """Return the ABC class of every SKU, by its share of the demo's turnover."""
    turnover: Counter[str] = Counter()
    for order in demand():
        for line in order.lines:
            turnover[line.sku] += int(line.unit_price * line.quantity * 100)
    total = sum(turnover.values())
    ranked, before = {}, 0
    for sku, pence in sorted(turnover.items(), key=lambda each: (-each[1], each[0])):
        share = Decimal(before * 100) / total
        ranked[sku] = "A" if share < A_SHARE else "B" if share < B_SHARE else "C"
        before += pence
    return ranked


def send_files() -> None:
    """Import a file of ABC classes with some bad rows, and run another as a dry run."""
    _apply("skus", "ranking.csv", _ranking(), actor=shop())
    _apply("counts", "shelf-check.csv", _shelf_check(), dry_run=True, actor=person_at("S470"))


def _ranking() -> list[Sequence[Any]]:
    """Every SKU with its category and class; four rows are bad."""
    ranked = classes()
    rows = [[good.sku, good.name, category_of(good), ranked.get(good.sku, "C")] for good in goods()]
    first, second, third = rows[3], rows[40], rows[41]
    return [
        ["sku", "name", "category", "abc_class"],
        *rows,
        [first[0], first[1], "Gifts", "A"],  # a second time
        ["DOTCOM POSTAGE!", "Postage", "", "D"],  # no such class
        ["TEST-1", "", "Gifts", "C"],  # no name
        [second[0], second[1], second[2], "B", third[0]],  # a line break was lost
    ]


def _shelf_check() -> list[Sequence[Any]]:
    """A shop's count: most figures as recorded, two that differ, one of an unknown article."""
    counted = [
        [row.sku.code, row.location.code, row.on_hand + variance]
        for row, variance in zip(roomiest("S470", 6), (0, 0, -1, 0, 2, 0), strict=True)
    ]
    return [["sku", "location", "on_hand"], *counted, ["PENCIL-BLUE", "S470", 4]]


def _apply(
    kind: str, name: str, rows: Iterable[Sequence[Any]], *, dry_run: bool = False, actor: Principal
) -> None:
    """Send a file and apply it at once, as a worker would."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    file = accept_file(
        content=look_into(io.BytesIO(text.getvalue().encode()), KINDS[kind]),
        kind=KINDS[kind],
        options=ImportOptions(dry_run=dry_run, file_name=name),
        actor=actor,
    )
    run(file.pk, KINDS[kind])
