"""A channel's availability of the whole catalogue, as the lines of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from core.access.principal import Principal
from core.api.csv_export import as_cell
from inventory.models import Sku
from inventory.queries.available.availability import read_snapshot
from inventory.timestamps import as_text
from orders.queries.availability import Wanted, find_availability

AT_ONCE = 500  # SKUs read in one statement
COLUMNS = ("sku", "state", "sellable", "locations", "as_of")


def availability_lines(channel: str, *, actor: Principal) -> Iterator[bytes]:
    """Yield the file piece by piece, the SKUs in the order in which they were made.

    `locations` are those with units, as `code:units` with `|` between them. Each piece is of the
    time in `as_of`; it is the same answer as of a query for one unit.
    """
    yield _encoded([COLUMNS])
    after = 0
    while found := list(
        Sku.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "code")[:AT_ONCE]
    ):
        after = found[-1][0]
        rows = _rows(channel, [code for _, code in found], actor)
        if rows is None:
            return  # the channel has gone meanwhile
        yield _encoded(rows)


def _rows(channel: str, codes: list[str], actor: Principal) -> list[tuple[Any, ...]] | None:
    snapshot = read_snapshot(codes)
    network = snapshot.network
    source = network.channels.get(channel)
    if source is None:
        return None
    at = timezone.now()
    found = find_availability(
        snapshot=snapshot,
        network=network,
        lines=[Wanted(code, 1) for code in codes if code in snapshot.sku_ids],
        source=source,
        seen=[place for place in network.places.values() if actor.sees_stock_at(place.code)],
        destination=None,
        at=at,
    )
    names = {place.id: place.code for place in found.places}
    return [
        (
            as_cell(line.sku),
            line.state,
            line.sellable,
            as_cell(
                "|".join(
                    f"{code}:{line.units[place]}"
                    for place, code in names.items()
                    if place in line.units
                )
            ),
            as_text(at),
        )
        for line in found.lines
    ]


def _encoded(rows: list[Any]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue().encode()
