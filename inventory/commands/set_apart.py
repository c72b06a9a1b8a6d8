"""Units that may not be sold: set apart, moved from one condition to another, put back on sale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.access.principal import Principal
from inventory import ledger
from inventory.choices import Condition, Reason
from inventory.commands.change import StockChange
from inventory.commands.holds import end_stale_holds
from inventory.conditions import Kept
from inventory.errors import NotInCondition
from inventory.events import publish_broken_carts
from inventory.ledger import Balance, Entry
from inventory.queries.available.conditions import conditions_of
from inventory.queries.lookup import Spot

AVAILABLE = "available"
ORIGINS = (AVAILABLE, *Condition.values)
GONE = (Reason.SCRAPPED.value, Reason.TO_VENDOR.value)  # out of the location, into no condition
OUTCOMES = (*ORIGINS, *GONE)

# Findings are recorded even when the units were promised: the least sure reservations break. The
# other moves are decisions, and take only units that are not promised.
SEEN = (Condition.DAMAGED, Condition.MISSING, Reason.SCRAPPED)


@dataclass(frozen=True, slots=True)
class Move:
    """Units of one Stock row that move from one condition, or `available`, to another."""

    spot: Spot
    quantity: int
    origin: str
    outcome: str


@dataclass(slots=True)
class _Row:
    """A Stock row while moves are computed. `there`: on hand and in no condition."""

    available: int
    there: int
    kept: Kept

    def can_give(self, move: Move) -> int:
        if move.origin != AVAILABLE:
            return self.kept[Condition(move.origin)]
        return max(0, self.there if move.outcome in SEEN else self.available)

    def apply(self, move: Move) -> None:
        for place, units in ((move.origin, -move.quantity), (move.outcome, move.quantity)):
            if place == AVAILABLE:
                self.there += units
                self.available += units
            elif place in Condition.values:
                self.kept[Condition(place)] += units


def move_unavailable(
    *, moves: Sequence[Move], reference: str = "", actor: Principal
) -> StockChange:
    """Apply moves in their order: a later one starts from the result of an earlier one.

    A unit that changes its condition makes two movements. Raises `NotInCondition` when fewer
    are in a condition than are to leave it, or fewer available: then nothing moves.
    """
    pairs = list(dict.fromkeys(move.spot.pair for move in moves))
    ledger.open_rows(pairs)
    end_stale_holds(actor=actor.name, sku_ids=sorted({sku_id for sku_id, _ in pairs}))
    before = ledger.lock_rows(pairs)
    _refuse_impossible(moves, before)
    entries = [entry for move in moves for entry in _entries(move, reference)]
    broken = ledger.make_room(entries, actor=actor.name)
    after = ledger.post(entries, actor=actor.name)
    publish_broken_carts(broken, actor=actor)
    return StockChange.between(before, after, broken=broken)


def _refuse_impossible(moves: Sequence[Move], rows: Mapping[tuple[int, int], Balance]) -> None:
    kept = conditions_of(rows)
    left = {
        pair: _Row(row.available, row.on_hand - row.unavailable, kept[pair])
        for pair, row in rows.items()
    }
    short = []
    for move in moves:
        row = left[move.spot.pair]
        if move.quantity > (there := row.can_give(move)):
            short.append(
                {
                    "sku": move.spot.sku,
                    "location": move.spot.location,
                    "condition": move.origin,
                    "in_condition": there,
                    "requested": move.quantity,
                }
            )
        else:
            row.apply(move)
    if short:
        raise NotInCondition(lines=short)


def _entries(move: Move, reference: str) -> list[Entry]:
    """Return the movements of a move, each under the condition that it ends or begins."""
    entries = []
    if move.origin in Condition.values:
        entries.append(
            Entry(
                *move.spot.pair,
                unavailable=-move.quantity,
                reason=move.origin,
                reference=reference,
            )
        )
    if move.outcome != AVAILABLE:
        gone = move.outcome in GONE
        entries.append(
            Entry(
                *move.spot.pair,
                on_hand=-move.quantity if gone else 0,
                unavailable=0 if gone else move.quantity,
                reason=move.outcome,
                reference=reference,
            )
        )
    return entries
