"""What must be so some time after the storm: work that waited is done, goods are with who waits."""

from __future__ import annotations

from torture.books import Books
from torture.verdicts import Verdicts
from torture.view import Records, View
from torture.world import CHANNELS, KEPT, KEPT_UNITS


def judge_settled(verdicts: Verdicts, books: Books, view: View, records: Records) -> None:
    for row in records.imports.values():
        verdicts.check("waiting_work_is_done", row["state"] == "done", f"import {row}")
    verdicts.check(
        "waiting_work_is_done",
        records.overdue_holds <= 0,
        f"a hold is {records.overdue_holds} s over its time",
    )
    _compare_backorders(verdicts, books, view)


def _compare_backorders(verdicts: Verdicts, books: Books, view: View) -> None:
    """No order that may be split waits beside goods that its channel may sell."""
    free: dict[tuple[str, str], int] = {}
    for (sku, place), (on_hand, reserved, unavailable) in view.stock.items():
        kept = KEPT_UNITS if sku == KEPT else 0
        free[sku, place] = on_hand - reserved - unavailable - kept
    for order in view.orders:
        known = books.orders.get(order["number"])
        if known is None or not known.body.get("allow_split", True):
            continue
        asked = {line["line_id"]: line["fulfilment"] for line in known.body["lines"]}
        for line in order["lines"]:
            if not line["backordered"]:
                continue
            how = asked[line["line_id"]]
            places = [how["location"]] if "location" in how else CHANNELS[order["channel"]]
            units = sum(max(0, free.get((line["sku"], place), 0)) for place in places)
            verdicts.check(
                "none_waits_beside_goods",
                units == 0,
                f"{order['number']} waits for {line['backordered']} of {line['sku']}, {units} free",
            )
