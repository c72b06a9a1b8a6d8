"""Adjustments: differences that people found, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.access.principal import Principal
from inventory import ledger
from inventory.choices import Condition
from inventory.commands.change import StockChange
from inventory.commands.conditions import name_conditions, refuse_overdrawn
from inventory.commands.holds import end_stale_holds
from inventory.errors import BalanceOutOfRange
from inventory.events import publish_broken_carts
from inventory.ledger import BALANCE_LIMIT, Balance, Entry
from inventory.queries.lookup import Spot


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Differences on one Stock row, in units."""

    spot: Spot
    on_hand: int = 0
    unavailable: int = 0


def adjust_stock(
    *, reason: str, adjustments: Sequence[Adjustment], actor: Principal, reference: str = ""
) -> StockChange:
    """Record differences that people found. Lines of one Stock row are summed.

    Findings are always recorded: where fewer remain than were promised, the least sure reservations
    break. Where even fewer remain than were unavailable, those go with them. Only impossible
    changes are refused: `BalanceOutOfRange`, with the balances as they are, when a balance would
    fall below zero or more would be unavailable than there is; `NotInCondition` when the reason is
    a condition that has fewer units than are to leave it.
    """
    wanted = _sum_up(adjustments)
    pairs = [item.spot.pair for item in wanted]
    ledger.open_rows(pairs)
    end_stale_holds(actor=actor.name, sku_ids=sorted({sku_id for sku_id, _ in pairs}))
    before = ledger.lock_rows(pairs)
    _refuse_impossible(wanted, before)
    entries = [
        _entry(item, before[item.spot.pair], reason=reason, reference=reference)
        for item in wanted
        if item.on_hand or item.unavailable
    ]
    if reason in Condition.values:
        refuse_overdrawn([_asked(item, reason=reason) for item in wanted])
    entries = name_conditions(entries)
    broken = ledger.make_room(entries, actor=actor.name)
    after = ledger.post(entries, actor=actor.name)
    publish_broken_carts(broken, actor=actor)
    return StockChange.between(before, after, broken=broken)


def _sum_up(adjustments: Sequence[Adjustment]) -> list[Adjustment]:
    sums: dict[Spot, Adjustment] = {}
    for item in adjustments:
        so_far = sums.get(item.spot, Adjustment(item.spot))
        sums[item.spot] = Adjustment(
            item.spot, so_far.on_hand + item.on_hand, so_far.unavailable + item.unavailable
        )
    return list(sums.values())


def _refuse_impossible(
    wanted: Sequence[Adjustment], rows: Mapping[tuple[int, int], Balance]
) -> None:
    impossible = [
        {
            "sku": item.spot.sku,
            "location": item.spot.location,
            "on_hand_delta": item.on_hand,
            "unavailable_delta": item.unavailable,
            "on_hand": row.on_hand,
            "reserved": row.reserved,
            "unavailable": row.unavailable,
        }
        for item in wanted
        if not _is_possible(item, row := rows[item.spot.pair])
    ]
    if impossible:
        raise BalanceOutOfRange(lines=impossible)


def _is_possible(item: Adjustment, row: Balance) -> bool:
    on_hand = row.on_hand + item.on_hand
    unavailable = row.unavailable + item.unavailable
    if not 0 <= on_hand <= BALANCE_LIMIT or unavailable < 0:
        return False
    return item.unavailable <= 0 or unavailable <= on_hand


def _asked(item: Adjustment, *, reason: str) -> Entry:
    """Return the requested units of `unavailable`, without those that go because none remain."""
    return Entry(*item.spot.pair, unavailable=item.unavailable, reason=reason)


def _entry(item: Adjustment, row: Balance, *, reason: str, reference: str) -> Entry:
    on_hand = row.on_hand + item.on_hand
    gone_with_them = max(0, row.unavailable + item.unavailable - on_hand)
    return Entry(
        *item.spot.pair,
        on_hand=item.on_hand,
        unavailable=item.unavailable - gone_with_them,
        reason=reason,
        reference=reference,
    )
