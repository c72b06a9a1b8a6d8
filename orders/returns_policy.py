"""The returns policy: matching units to order lines, caps, and the return window. Pure.

Quantities are units. A request names an order line or a SKU; one by SKU is spread over the lines
of that SKU.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orders.errors import NotInInspection, NotReturnable

# Counted from the time at which the goods left the building. The scope returns:override waives it.
RETURN_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Sold:
    """An order line as input of the policy. `announced`: by open returns, not yet here."""

    id: int
    line_id: str
    sku_id: int
    sku: str
    fulfilled: int
    returned: int
    announced: int
    left_at: datetime | None

    @property
    def out(self) -> int:
        """Units that left and have not come back."""
        return self.fulfilled - self.returned


@dataclass(frozen=True, slots=True)
class Expected:
    """A line of a return: `outstanding` units are announced, neither received nor missing."""

    id: int
    sold_id: int | None
    line_id: str | None
    sku: str
    outstanding: int


@dataclass(frozen=True, slots=True)
class Inspected:
    """Units that wait for a decision. They came to `location`, and may have been sent on to
    `elsewhere`, in inspection as they were."""

    id: int
    line_id: str | None
    sku: str
    location: str
    waiting: int
    elsewhere: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RequestedUnits:
    """Requested units, by order line or by SKU."""

    quantity: int
    line_id: str | None = None
    sku: str | None = None
    location: str | None = None
    missing: bool = False  # announced, but not in the parcel


@dataclass(frozen=True, slots=True)
class MatchedUnits:
    """Units of the request at `index`, tied to the line or units that they match."""

    index: int
    quantity: int
    sku: str
    sold_id: int | None = None
    expected_id: int | None = None
    inspected_id: int | None = None


@dataclass(slots=True)
class _Slot:
    """Units that requests may take; `sold_id` caps them together with other slots of that line."""

    units: int
    line_id: str | None
    sku: str
    sold_id: int | None = None
    expected_id: int | None = None
    inspected_id: int | None = None
    location: str | None = None
    elsewhere: Collection[str | None] = ()

    def fits(self, request: RequestedUnits) -> bool:
        by_line = request.line_id is not None
        same = self.line_id == request.line_id if by_line else self.sku == request.sku
        return same and (request.location == self.location or request.location in self.elsewhere)


def match_announced(
    requested: Sequence[RequestedUnits], sold: Sequence[Sold], *, at: datetime, may_override: bool
) -> tuple[list[MatchedUnits], bool]:
    """Tie announced units to order lines; say whether the window had to be waived.

    Units that left last are matched first, because their window is open longest. Raises
    `NotReturnable`.
    """
    if not any(line.fulfilled for line in sold):
        raise NotReturnable(
            "Nothing of this order has left a building, so nothing can come back.",
            reason="nothing_to_return",
            lines=_refused(requested),
        )
    slots = [
        _Slot(max(0, line.out - line.announced), line.line_id, line.sku, sold_id=line.id)
        for line in sorted(sold, key=lambda line: line.left_at or at, reverse=True)
    ]
    _refuse_strangers(requested, sold)
    matched, short = _spread(requested, slots, {})
    if short:
        raise NotReturnable(
            "More is announced than the customer can still give back.",
            reason="too_many",
            lines=_short(requested, short),
        )
    by_id = {line.id: line for line in sold}
    late = {
        units.index
        for units in matched
        if units.sold_id is not None and _is_late(by_id[units.sold_id], at)
    }
    if late and not may_override:
        raise NotReturnable(
            f"The {RETURN_WINDOW.days} days for returning these goods are over.",
            reason="outside_window",
            lines=_refused([requested[index] for index in sorted(late)]),
        )
    return matched, bool(late)


def _is_late(line: Sold, at: datetime) -> bool:
    return line.left_at is not None and at - line.left_at > RETURN_WINDOW


def match_arrived(
    arrivals: Sequence[RequestedUnits], expected: Sequence[Expected], sold: Sequence[Sold] | None
) -> list[MatchedUnits]:
    """Match arrived (or missing) units to a return's announced units, then to others that left.

    `sold` is None for a return without an order: then any unit may come. Units without
    `expected_id` were not announced. Raises `NotReturnable` for more units than left.
    """
    announced = [
        _Slot(line.outstanding, line.line_id, line.sku, line.sold_id, line.id) for line in expected
    ]
    rest = [_Slot(line.out, line.line_id, line.sku, line.id) for line in sold or ()]
    caps = {line.id: line.out for line in sold or ()}
    came = [index for index, request in enumerate(arrivals) if not request.missing]
    if sold is not None:
        _refuse_strangers([arrivals[index] for index in came], sold)
    matched, short = _spread(arrivals, [*announced, *rest], caps, only=came)
    if short and sold is not None:
        raise NotReturnable(
            "More came back than ever left.",
            reason="too_many",
            lines=_short(arrivals, short),
        )
    matched += [
        MatchedUnits(index, units, arrivals[index].sku or "")
        for index, units in sorted(short.items())
    ]
    absent = [index for index, request in enumerate(arrivals) if request.missing]
    lost, short = _spread(arrivals, announced, {}, only=absent)
    if short:
        raise NotReturnable(
            "Only announced units can be missing.",
            reason="not_announced",
            lines=_short(arrivals, short),
        )
    return matched + lost


def match_decided(
    decisions: Sequence[RequestedUnits], inspected: Sequence[Inspected]
) -> list[MatchedUnits]:
    """Tie decided units to those in inspection, first come first: those that came to the location
    of the decision before those that may have been sent there. Raises `NotInInspection`.
    """
    slots = [
        _Slot(row.waiting, row.line_id, row.sku, inspected_id=row.id, location=row.location)
        for row in inspected
    ]
    matched, short = _spread(decisions, slots, {})
    if short:
        for slot, row in zip(slots, inspected, strict=True):
            slot.elsewhere = row.elsewhere
        left = [
            replace(decision, quantity=short.get(index, 0))
            for index, decision in enumerate(decisions)
        ]
        moved, short = _spread(left, slots, {}, only=list(short))
        matched += moved
    if short:
        raise NotInInspection(
            lines=[
                {
                    **_named(decisions[index]),
                    "location": decisions[index].location,
                    "in_inspection": decisions[index].quantity - units,
                    "requested": decisions[index].quantity,
                }
                for index, units in sorted(short.items())
            ]
        )
    return matched


def _spread(
    requested: Sequence[RequestedUnits],
    slots: Sequence[_Slot],
    caps: dict[int, int],
    *,
    only: Sequence[int] | None = None,
) -> tuple[list[MatchedUnits], dict[int, int]]:
    """Take units out of slots; return the matched units and, per request, those not found.

    Requests by line go first, else one by SKU could take the one line that another names.
    """
    indexes = range(len(requested)) if only is None else only
    matched: list[MatchedUnits] = []
    short: dict[int, int] = {}
    for index in sorted(indexes, key=lambda index: (requested[index].line_id is None, index)):
        wanted = requested[index].quantity
        for slot in slots:
            if not wanted or not slot.fits(requested[index]):
                continue
            units = min(wanted, slot.units)
            if slot.sold_id in caps:
                units = min(units, caps[slot.sold_id])
                caps[slot.sold_id] -= units
            if units:
                slot.units -= units
                wanted -= units
                matched.append(
                    MatchedUnits(
                        index, units, slot.sku, slot.sold_id, slot.expected_id, slot.inspected_id
                    )
                )
        if wanted:
            short[index] = wanted
    return matched, short


def _refuse_strangers(requested: Sequence[RequestedUnits], sold: Sequence[Sold]) -> None:
    """Refuse SKUs that are not in the order at all."""
    known = {line.sku for line in sold}
    strange = [
        request for request in requested if request.line_id is None and request.sku not in known
    ]
    if strange:
        raise NotReturnable(
            "This was not bought with this order.",
            reason="not_in_order",
            lines=_refused(strange),
        )


def _refused(requested: Sequence[RequestedUnits]) -> list[dict[str, str | int]]:
    return _short(requested, {index: request.quantity for index, request in enumerate(requested)})


def _short(
    requested: Sequence[RequestedUnits], short: dict[int, int]
) -> list[dict[str, str | int]]:
    """Return, for each request that cannot be met, how many of its units could."""
    return [
        {
            **_named(requested[index]),
            "returnable": requested[index].quantity - units,
            "requested": requested[index].quantity,
        }
        for index, units in sorted(short.items())
    ]


def _named(request: RequestedUnits) -> dict[str, str]:
    named = {"line_id": request.line_id, "sku": request.sku}
    return {name: value for name, value in named.items() if value is not None}
