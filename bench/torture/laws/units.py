"""Units: what came, less what left, is there; each act moved what it said, once."""

from __future__ import annotations

from collections import Counter, defaultdict

from torture.books import Books, Pair
from torture.verdicts import Verdicts
from torture.view import Records, View
from torture.world import KEPT, KEPT_UNITS, PLACES, SCARCE, SOLD

KNOWN_APART = (*SOLD, *SCARCE, KEPT)  # nothing but what the books know sets their units apart


def compare_figures(verdicts: Verdicts, books: Books, records: Records) -> None:
    """A figure of a file is applied at one moment, once: then the row has that figure.

    By how much it changed the row depends on the moment, which no answer tells. The books take
    that from the ledger, and nothing else.
    """
    law = "a_figure_is_applied_once"
    found: dict[tuple[str, Pair], list[tuple[int, int]]] = defaultdict(list)
    for reference, pair, delta, after in records.counted:
        found[reference, pair].append((delta, after))
    for file in list(books.files.values()):
        reference = f"imports/{file.identity}"
        for pair, figure in file.figures.items():
            moved = found.pop((reference, pair), [])
            text = f"{reference} {pair}: {figure} by (change, after) {moved}"
            verdicts.check(law, len(moved) < 2, text)
            verdicts.check(law, all(after == figure for _, after in moved), text)
            with books.lock:
                books.on_hand[reference, pair] = sum(delta for delta, _ in moved)
        row = records.imports.get(file.identity)
        verdicts.check("accepted_is_there_once", row is not None, f"{reference} is not there")
        if row:
            verdicts.check(law, row["changed"] <= row["total"], f"{reference}: {row}")
    for (reference, pair), moved in found.items():
        verdicts.check("refused_left_nothing", False, f"{reference} {pair}: {moved} of no file")


def compare_findings(verdicts: Verdicts, books: Books, records: Records) -> None:
    """A sale finds no more than it sold; how much depends on the moment, as with figures."""
    with books.lock:
        books.found = Counter(records.found)
        for (number, pair), units in books.found.items():
            sold = -books.on_hand[number, pair]
            text = f"{number} {pair}: {sold} sold, {units} found for it"
            verdicts.check("each_act_moves_once", 0 < units <= sold, text)


def compare_stock(verdicts: Verdicts, books: Books, view: View) -> None:
    expected = books.expected_on_hand()
    lying = Counter[Pair]()  # in boxes, totes and bays, as their fulfilments say
    for order in view.orders:
        for fulfilment in order["fulfilments"]:
            for part in fulfilment["to_put_back"]:
                lying[part["sku"], part["location"]] += part["quantity"]
    for pair in expected.keys() | view.stock.keys():
        on_hand, reserved, unavailable = view.stock.get(pair, (0, 0, 0))
        verdicts.check(
            "units_are_conserved",
            on_hand == expected[pair],
            f"{pair}: {expected[pair]} by the books, {on_hand} there",
        )
        fits = min(on_hand, reserved, unavailable) >= 0 and reserved + unavailable <= on_hand
        verdicts.check("never_oversold", fits, f"{pair}: {on_hand} {reserved} {unavailable}")
        if pair[0] in KNOWN_APART:
            apart = books.apart[pair] + lying[pair]
            verdicts.check(
                "units_apart_are_conserved",
                unavailable == apart,
                f"{pair}: {apart} apart by the books, {unavailable} there",
            )
    for place in PLACES:
        on_hand, reserved, unavailable = view.stock.get((KEPT, place), (0, 0, 0))
        verdicts.check(
            "kept_units_are_not_sold",
            on_hand - reserved - unavailable >= KEPT_UNITS,
            f"{KEPT} at {place}: {on_hand} {reserved} {unavailable}",
        )


def compare_ledger(verdicts: Verdicts, books: Books, records: Records) -> None:
    """By reference, the ledger moved what the act's answer said, and nothing for a refusal."""
    with books.lock:
        booked: Counter[tuple[str, Pair]] = Counter(books.on_hand)
        booked.update(books.found)
        refused = dict(books.refused_references)
    for key in booked.keys() | records.on_hand.keys():
        reference, pair = key
        text = f"{reference} {pair}: {booked[key]} by the books, {records.on_hand[key]} moved"
        if reference in refused:
            text = f"{text}; {refused[reference]}"
            verdicts.check("refused_left_nothing", records.on_hand[key] == 0, text)
        else:
            verdicts.check("each_act_moves_once", booked[key] == records.on_hand[key], text)
    verdicts.check("the_ledger_is_a_chain", not records.broken_chains, records.broken_chains)
