"""Lists for a building whose layout is known: near orders together, lines by the shortest walk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import F

from core.database.statements import numbers, run
from inventory.queries.placements import bins_of_skus
from orders.models import Fulfilment, FulfilmentLine, PickListLine
from stores.models import Location
from stores.queries.layouts import spots_of
from stores.walks.grouping import group_by_aisles
from stores.walks.layout import Layout
from stores.walks.shortest import shortest_walk

_MOVE = """
UPDATE orders_picklistline l SET position = n.position
FROM unnest(%s::bigint[], %s::int[]) AS n(id, position)
WHERE l.id = n.id AND l.position <> n.position
"""


def walk_shortest(location: Location, layout: Layout, pick_list_ids: Sequence[int]) -> None:
    """Put the lines of each list in the order of its shortest walk.

    Lines whose bin has no spot follow behind, as they stood.
    """
    lines: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for owner, line, code in (
        PickListLine.objects.filter(pick_list__in=pick_list_ids)
        .order_by("pick_list_id", "position")
        .values_list("pick_list_id", "id", "bin")
    ):
        lines[owner].append((line, code))
    spots = spots_of(location.pk, {code for some in lines.values() for _, code in some})
    ids: list[int] = []
    positions: list[int] = []
    for some in lines.values():
        walk = shortest_walk(layout, {spots[code] for _, code in some if code in spots})
        turns = {spot: turn for turn, spot in enumerate(walk.spots)}
        # Sorting keeps the order of lines of one spot, and of those without one.
        some.sort(key=lambda each: turns[spots[each[1]]] if each[1] in spots else len(turns))
        ids += [line for line, _ in some]
        positions += range(1, len(some) + 1)
    run(_MOVE, [numbers(ids), numbers(positions)])


def group_near(
    location: Location, taken: Sequence[Fulfilment], size: int
) -> list[Sequence[Fulfilment]]:
    """Divide fulfilments among lists of `size`, those with near walks together."""
    skus: dict[int, set[int]] = defaultdict(set)
    for fulfilment, sku in FulfilmentLine.objects.filter(
        fulfilment__in=taken, picked__lt=F("quantity")
    ).values_list("fulfilment_id", "order_line__sku_id"):
        skus[fulfilment].add(sku)
    bins = bins_of_skus(set().union(*skus.values()), location_ids=[location.pk])
    codes = {sku: here[0][1] for (_, sku), here in bins.items()}
    spots = spots_of(location.pk, set(codes.values()))
    aisles = [
        {spots[codes[sku]].aisle for sku in skus[each.pk] if codes.get(sku) in spots}
        for each in taken
    ]
    return [[taken[n] for n in group] for group in group_by_aisles(aisles, size)]
