"""Judging scans along a pick list. Pure: it compares what was read with what is still asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from core.problems.catalogue import DomainError
from inventory.commands.scans import Judged, too_many
from inventory.queries.barcode_owners import Label
from inventory.queries.labels import Serial
from inventory.queries.scan import Read
from orders.choices import ScanVerdict
from orders.models import PickListLine
from orders.queries.pick_lists import cancelled, outstanding

One = Judged[PickListLine]


@dataclass
class Judge:
    """What the lines, in walking order, still ask for; `today` is the date in the building.

    `has_totes`: each order has a tote of its own, so a scan into another one is wrong. `taken` are
    serial numbers that an order has already, with its number.
    """

    lines: Sequence[PickListLine]
    today: date
    has_totes: bool
    is_given_back: bool = False
    taken: Mapping[Serial, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._taken = dict(self.taken)
        self._left = {line.pk: outstanding(line) for line in self.lines}

    def judge(self, reads: Iterable[Read], labels: Mapping[str, Label | DomainError]) -> list[One]:
        """Compare each scan in turn with the units that are still asked for.

        A scan of several units belongs to one line: it is not spread over totes.
        """
        return [self._judge(read, labels[read.payload]) for read in reads]

    def _judge(self, read: Read, label: Label | DomainError) -> One:
        if isinstance(label, DomainError):
            return Judged(read, ScanVerdict.UNKNOWN_BARCODE, detail=label.detail)
        wanted = [line for line in self.lines if line.sku_id == label.sku_id]
        one: One = Judged(read, ScanVerdict.ACCEPTED, wanted[0] if wanted else None, label)
        sku, expiry = label.scanned.sku, label.scanned.expiry
        if not wanted:
            detail = f"{sku} is not on this list."
            return replace(one, verdict=ScanVerdict.WRONG_ITEM, detail=detail)
        if expiry and expiry < self.today:
            detail = f"{sku} was good until {expiry:%-d %B %Y}: leave it, and keep it from sale."
            return replace(one, verdict=ScanVerdict.EXPIRED, detail=detail)
        if label.scanned.serial:
            return self._judge_serial(one, (label.sku_id, label.scanned.serial), wanted)
        return self._place(one, wanted)

    def _judge_serial(self, one: One, serial: Serial, wanted: Sequence[PickListLine]) -> One:
        """A serial number is one thing: it is read once, and is in one order."""
        if one.read.quantity > 1:
            detail = f"Serial number {serial[1]} is one thing: it cannot be there twice."
            return replace(one, verdict=ScanVerdict.OVER_PICK, detail=detail)
        if serial in self._taken:
            detail = f"Serial number {serial[1]} is in order {self._taken[serial]} already."
            return replace(one, verdict=ScanVerdict.DUPLICATE, detail=detail)
        placed = self._place(one, wanted)
        if placed.line and placed.verdict == ScanVerdict.ACCEPTED:
            self._taken[serial] = placed.line.fulfilment_line.fulfilment.order.number
        return placed

    def _place(self, one: One, wanted: Sequence[PickListLine]) -> One:
        """Find the line that takes all units of a scan."""
        tote = one.read.tote if self.has_totes else None
        mine = [line for line in wanted if tote in (None, line.tote)]
        for line in mine:
            if self._left[line.pk] >= one.units:
                self._left[line.pk] -= one.units
                return replace(one, line=line)
        if not any(self._left[line.pk] for line in mine):
            for line in wanted:
                if self._left[line.pk]:
                    detail = f"Not for tote {tote}: put it into tote {line.tote}."
                    return replace(one, verdict=ScanVerdict.WRONG_TOTE, line=line, detail=detail)
        return self._refuse(replace(one, line=(mine or wanted)[0]), mine or wanted)

    def _refuse(self, one: One, lines: Sequence[PickListLine]) -> One:
        most = max(self._left[line.pk] for line in lines)
        detail = too_many(one, most)
        if gone := sum(cancelled(line) for line in lines):
            are = "was" if gone == 1 else "were"
            detail += f" {gone} {are} cancelled since the list was made."
        if self.is_given_back:
            detail += " This list was given back."
        return replace(one, verdict=ScanVerdict.OVER_PICK, detail=detail)
