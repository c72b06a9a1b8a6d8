"""Sales at a till: goods that customers have carried out, whatever the record says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.access.principal import Principal
from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.commands.change import StockChange
from inventory.commands.conditions import name_conditions
from inventory.events import publish_broken_carts
from inventory.ledger import Balance, Entry, NewReservation, Part
from inventory.ledger.shapes import ACTOR_LENGTH
from inventory.models import Drift
from inventory.queries.counting.last_counts import last_counts
from inventory.queries.till import Lacking, lacking_units
from inventory.timestamps import database_now

SOURCE = "till"  # the source of drift that sales show
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TillSale:
    """What one order carried out at `occurred_at` (None: now): the reservations by which it goes.

    `number` is the order's, which movements carry.
    """

    number: str
    reservations: Sequence[NewReservation]
    occurred_at: datetime | None = None


def record_till_sale(*, sale: TillSale, actor: Principal) -> StockChange:
    """Let goods leave that are gone already; return the promises that break for it.

    The caller has opened and locked the rows. Units that the record lacks are found first, by a
    movement with its own reason: those that a later count has seen to be gone, and those of which
    there were more than was known, which is drift. Promised units break promises as a count does.
    """
    units: dict[Pair, int] = {}
    for row in sale.reservations:
        pair = (row.sku_id, row.location_id)
        units[pair] = units.get(pair, 0) + row.quantity
    before = ledger.lock_rows(units)
    on_hand = {pair: row.on_hand for pair, row in before.items()}
    lacking = lacking_units(units, on_hand, at=sale.occurred_at)
    entries = _entries(sale, units, before, lacking)
    leaving = [Entry(*pair, on_hand=-sold) for pair, sold in units.items()]
    broken = ledger.make_room([*entries, *leaving], actor=actor.name)
    ledger.post_reserved(entries, sale.reservations, actor=actor.name)
    ledger.close_reservations(
        [Part(row.reservation_id, row.quantity) for row in sale.reservations],
        state=ReservationState.CONSUMED,
        reason=Reason.CARRIED_OUT,
        actor=actor.name,
        leaves=True,
        occurred_at=sale.occurred_at,
    )
    publish_broken_carts(broken, actor=actor)
    _note_drift(sale, units, lacking, actor=actor)
    return StockChange(broken=broken, cause=f"till sale {sale.number}")


def _entries(
    sale: TillSale,
    units: Mapping[Pair, int],
    before: Mapping[Pair, Balance],
    lacking: Mapping[Pair, Lacking],
) -> list[Entry]:
    """Return the movements before the sale: what is found, and what was not sellable after all."""
    about: dict[str, Any] = {"reference": sale.number, "occurred_at": sale.occurred_at}
    entries = []
    for pair, sold in units.items():
        found = lacking[pair].units
        if found:
            entries.append(Entry(*pair, on_hand=found, reason=Reason.UNRECORDED, **about))
        row = before[pair]
        taken = row.unavailable - (row.on_hand + found - sold)
        if taken > 0:
            entries.append(Entry(*pair, unavailable=-taken, reason=Reason.CARRIED_OUT, **about))
    return name_conditions(entries)


def _note_drift(
    sale: TillSale,
    units: Mapping[Pair, int],
    lacking: Mapping[Pair, Lacking],
    *,
    actor: Principal,
) -> None:
    """Record where there was more than the record said: these rows are to be counted."""
    short = [pair for pair, lack in lacking.items() if lack.units and not lack.counted]
    if not short:
        return
    counted = last_counts(short)
    at = sale.occurred_at or database_now()
    Drift.objects.bulk_create(
        Drift(
            sku_id=pair[0],
            location_id=pair[1],
            source=SOURCE,
            reference=sale.number,
            reported=units[pair],
            expected=units[pair] - lacking[pair].units,
            drift=lacking[pair].units,
            as_of=at,
            since=counted[pair].at if pair in counted else None,
            actor=actor.name[:ACTOR_LENGTH],
        )
        for pair in short
    )
