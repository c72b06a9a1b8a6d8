"""When the lines of open lists are reached in buildings whose layout is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from inventory.queries.placements import Turn
from orders.models import PickListLine
from stores.queries.layouts import layouts_of, spots_of
from stores.walks.layout import Layout, Spot

Stops = dict[str, int]  # the bins of a list as written, with the position of their first line


def stops_of(lines: Iterable[PickListLine]) -> dict[int, Stops]:
    """Return the stops of each list (by id) as they were written."""
    stops: dict[int, Stops] = {}
    for line in lines:
        if line.bin:
            stops.setdefault(line.pick_list_id, {}).setdefault(line.bin, line.position)
    return stops


def turns_by_layout(
    lines: Collection[PickListLine], stops: Mapping[int, Stops], places: Mapping[int, int]
) -> dict[int, Turn]:
    """Return the turns of lines (by id) that are in their present bins.

    The order of a list that is being walked stays: goods that were moved are fetched at the stop
    that is nearest to their bin of today. `places` are the lists' locations.
    """
    layouts = layouts_of(set(places.values()))
    turns: dict[int, Turn] = {}
    moved: dict[int, list[PickListLine]] = {}
    for line in lines:
        location = places[line.pick_list_id]
        if location in layouts and line.bin:
            position = stops.get(line.pick_list_id, {}).get(line.bin)
            if position is None:
                moved.setdefault(location, []).append(line)
            else:
                turns[line.pk] = (position, "")
    for location, some in moved.items():
        codes = {line.bin for line in some}.union(
            *(stops.get(each.pick_list_id, ()) for each in some)
        )
        spots = spots_of(location, codes)
        for line in some:
            there = stops.get(line.pick_list_id, {})
            turns[line.pk] = _nearest(layouts[location], spots, line.bin, there), line.bin
    return turns


def _nearest(layout: Layout, spots: Mapping[str, Spot], code: str, stops: Stops) -> int:
    """Return the position of the stop with the shortest way to a bin; the last one's without."""
    if code not in spots:
        return max(stops.values(), default=0)
    ways = [
        (layout.distance(spots[code], spots[stop]), position)
        for stop, position in stops.items()
        if stop in spots
    ]
    return min(ways)[1] if ways else max(stops.values(), default=0)
