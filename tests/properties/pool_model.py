"""The stock pool in plain Python: what the machine expects of the real one after every act.

Units lie in rows, reservations lie on units, order lines say where each of their units is. What an
act does to goods and to the reservations that it names is predicted exactly. Which building gets a
reservation anew is the service's choice: the model takes it over when the goods were there to be
promised.

Time is counted in steps: `moment` is when the running step acts, between two whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.properties.pool_state import (
    CONDITIONS,
    LEAST_SURE,
    PAIRS,
    SELLS_FROM,
    Cart,
    Delivery,
    Line,
    LineKey,
    Owner,
    Pair,
    Reservation,
    Row,
    Rule,
    Transfer,
)


class PoolModel:
    def __init__(self) -> None:
        self.rows = {pair: Row() for pair in PAIRS}
        self.reservations: dict[Owner, Reservation] = {}
        self.carts: dict[str, Cart] = {}
        self.lines: dict[LineKey, Line] = {}
        self.promised: dict[str, str] = {}  # transfer -> the fulfilment that it is for
        self.away: dict[Owner, int] = {}  # units of a fulfilment line that are on their way
        # Units that lie in the box, tote or bay of a fulfilment and are not wanted there.
        self.lying: dict[tuple[str, Pair], int] = {}
        self.transfers: dict[str, Transfer] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.safety = dict.fromkeys(PAIRS, 0)
        self.fences: dict[str, dict[Pair, int]] = {"web": {}, "market": {}}
        self.rules: dict[str, Rule] = {}
        self.moment = -0.5
        self.past: list[dict[Pair, tuple[int, int, int]]] = []
        self.begin()

    def begin(self) -> None:
        """Forget what the act before had stirred up."""
        self.homeless: dict[LineKey, int] = {}
        self.avoided: dict[LineKey, set[str]] = {}
        self.loose: dict[LineKey, int] = {}
        self.entitled: dict[Pair, int] = {}
        self.renewed: dict[Owner, Reservation] = {}  # reservations that this act makes anew
        self.granted: dict[LineKey, int] = {}  # units that a new order must get at once
        self.offered: set[str] = set()  # SKUs that this act offers to the lines that wait

    # What is expected

    def reserved(self, pair: Pair, *, live_only: bool = False) -> int:
        return sum(
            held.units
            for held in self.reservations.values()
            if held.pair == pair and not (live_only and held.overdue)
        )

    def outstanding(self, key: LineKey) -> int:
        """Units of an order line that are to go out: reserved, or on their way to a shop."""
        reserved = sum(
            held.units
            for owner, held in self.reservations.items()
            if owner[0] != "cart" and self.line_of(owner) == key
        )
        return reserved + sum(
            units for owner, units in self.away.items() if self.line_of(owner) == key
        )

    def available(self, pair: Pair) -> int:
        row = self.rows[pair]
        return row.on_hand - row.unavailable - self.reserved(pair, live_only=True)

    def kept_from(self, channel: str, pair: Pair) -> int:
        """Units that this channel must leave: the highest level for each owner."""
        levels: dict[str | None, int] = {None: self.safety[pair]}
        for other, fences in self.fences.items():
            levels[other] = fences.get(pair, 0)
        for rule in self.rules.values():
            matches = rule.sku in (None, pair[0]) and rule.place in (None, pair[1])
            if rule.in_force and matches:
                levels[rule.channel] = max(levels[rule.channel], rule.quantity)
        return sum(
            units
            for owner, units in levels.items()
            if owner is None or (owner != channel and pair[1] in SELLS_FROM[owner])
        )

    def sellable(self, channel: str, pair: Pair) -> int:
        if pair[1] not in SELLS_FROM[channel]:
            return 0
        free = self.available(pair)
        not_mine = max(0, free - self.entitled.get(pair, 0))
        return max(0, free - min(self.kept_from(channel, pair), not_mine))

    def on_offer(self, line: Line, *, avoiding: Iterable[str] = ()) -> int:
        """Units that sourcing could give to a line now: all there are, or one building's."""
        units = [
            self.sellable(line.channel, (line.sku, place))
            for place in line.sites
            if place not in avoiding
        ]
        return sum(units) if line.splits else max(units, default=0)

    def incoming(self, pair: Pair) -> int:
        sku, place = pair
        on_way = sum(
            transfer.lines[sku].coming
            for transfer in self.transfers.values()
            if transfer.target == place and transfer.state == "in_transit" and sku in transfer.lines
        )
        return on_way + sum(
            delivery.outstanding(sku)
            for delivery in self.deliveries.values()
            if delivery.place == place and delivery.state in ("expected", "receiving")
        )

    # What moves

    def put(self, pair: Pair, units: int = 0, *, at: float | None = None, **kept: int) -> None:
        """Change what is on hand, and what of it is in which condition."""
        row, when = self.rows[pair], self.moment if at is None else at
        row.on_hand += units
        row.moves.append((when, units))
        for condition, change in kept.items():
            row.kept[condition] += change
            if condition in row.aside:
                row.aside[condition].append((when, change))

    def draw(self, pair: Pair, units: int, first: str = "", *, at: float | None = None) -> None:
        """Take units out of conditions: the named one first, then those least sure."""
        for condition in (first, *LEAST_SURE):
            if condition in CONDITIONS:
                taken = min(units, self.rows[pair].kept[condition])
                self.put(pair, at=at, **{condition: -taken})
                units -= taken

    def end_overdue(self, skus: Iterable[str]) -> None:
        """Let carts whose time is over lose their units, as every act on a stock row does first."""
        for owner, reservation in list(self.reservations.items()):
            if reservation.overdue and reservation.pair[0] in skus:
                del self.reservations[owner]

    def take_reservation(self, owner: Owner, units: int) -> Pair:
        reservation = self.reservations[owner]
        reservation.units -= units
        if not reservation.units:
            del self.reservations[owner]
        reservation.in_hand = min(reservation.in_hand, reservation.units)
        return reservation.pair

    def lie(self, code: str, pair: Pair, units: int) -> None:
        """Note units in a fulfilment's box, tote or bay that are to be put back."""
        if units:
            self.lying[code, pair] = self.lying.get((code, pair), 0) + units

    def end_promise(self, owner: Owner, units: int) -> Pair:
        """End a part of an order's reservation: what is on the shelf is free at once, and offered;
        what is in hand is to be put back."""
        before = self.reservations[owner].in_hand
        held = self.reservations[owner]
        pair = self.take_reservation(owner, units)
        in_hand = before - held.in_hand
        self.put(pair, to_put_back=in_hand)
        self.lie(owner[0], pair, in_hand)
        if units > in_hand:
            self.offered.add(pair[0])
        return pair

    def grow_reservation(self, owner: Owner, pair: Pair, units: int) -> None:
        """Reserve units for an order that came in their box."""
        if units:
            reservation = self.reservations.setdefault(owner, Reservation(pair, 0))
            reservation.units += units
            reservation.in_hand += units
            reservation.secured = True

    def regain(self, owner: Owner, pair: Pair, units: int) -> None:
        """Reserve units for a line again that lie on the shelf; one that had lost all of them has a
        reservation of a new age."""
        if units and owner in self.reservations:
            self.reservations[owner].units += units
        elif units:
            self.renewed[owner] = Reservation(pair, units)

    def line_of(self, owner: Owner) -> LineKey:
        return owner[0].rsplit("-", 1)[0], owner[1]

    def lose(self, owner: Owner, units: int) -> None:
        """End a part of a reservation whose customer still wants the goods."""
        held = self.reservations[owner]
        before = held.in_hand
        pair = self.take_reservation(owner, units)
        if owner[0] != "cart":
            self.lie(owner[0], pair, before - held.in_hand)  # if it is there at all
            self.seek(owner, units, avoiding=pair[1])
            return
        cart = self.carts[owner[1]]
        cart.units[owner] -= units
        if not cart.units[owner]:
            cart.ended = "broken"

    def seek(self, owner: Owner, units: int, *, avoiding: str | None = None) -> None:
        key = self.line_of(owner)
        self.homeless[key] = self.homeless.get(key, 0) + units
        self.avoided.setdefault(key, set()).update({avoiding} if avoiding else ())

    def break_loosest(self, pair: Pair) -> None:
        """Reality wins: where fewer are there than are reserved, those reservations break that hold
        their goods least, and among equals the newest."""
        while (short := -self.available(pair)) > 0:
            parts = []
            for owner, held in self.reservations.items():
                if held.pair == pair and not held.overdue:
                    on_shelf = held.units - held.in_hand
                    parts += [(0 if owner[0] == "cart" else 1, -held.age, owner, on_shelf)]
                    parts += [(3 if held.secured else 2, -held.age, owner, held.in_hand)]
            *_, loosest, units = min(part for part in parts if part[3])
            self.lose(loosest, min(short, units))

    def count(self, pair: Pair, counted: int, at: float) -> tuple[int, bool]:
        """Rebase a figure of a moment; return by how much it was off, and if a later one stands."""
        self.end_overdue({pair[0]})
        row = self.rows[pair]
        if row.counted_at > at:
            return 0, True
        since = sum(units for when, units in row.moves if when > at)
        variance = max(0, counted + since) - row.on_hand
        before = self.available(pair)
        for condition, moves in row.aside.items():
            so_far = sum(units for when, units in moves if when <= at)
            settled = max(0, min(so_far, row.kept[condition]))
            self.put(pair, at=at, **{condition: -settled})
        self.put(pair, variance, at=at)
        self.draw(pair, max(0, row.unavailable - row.on_hand), at=at)
        row.counted_at = at
        self.break_loosest(pair)
        if self.available(pair) > before:
            self.offered.add(pair[0])
        return variance, False

    def sell(self, pair: Pair, units: int, *, at: float | None = None) -> None:
        """A till sold units, now or at an earlier moment: they are gone, whatever was known."""
        row = self.rows[pair]
        lacking = max(0, units - row.on_hand)
        if at is not None:
            came = lowest = 0
            for when, moved in sorted(reversed(row.moves), key=lambda move: -move[0]):
                if when > at:
                    came += moved
                    lowest = max(lowest, came)
            lacking = max(0, units - (row.on_hand - lowest))
            if row.counted_at >= at:
                lacking = units
        self.put(pair, lacking, at=at)
        self.put(pair, -units, at=at)
        self.draw(pair, max(0, row.unavailable - row.on_hand), at=at)
        self.break_loosest(pair)

    # What the service decided

    def adopt(self, found: Mapping[Owner, Reservation]) -> None:
        """Compare reservations with those found; take over new ones that could be promised."""
        taken_over, self.entitled = set(self.entitled), {}
        newest = max((held.age for held in self.reservations.values()), default=0)
        shrunk = dict.fromkeys(self.loose, 0)
        for owner, held in list(self.reservations.items()):
            there = found.get(owner)
            key = None if owner[0] == "cart" else self.line_of(owner)
            if held.overdue and there is None:
                continue
            if key in self.loose:
                units = there.units if there else 0
                assert units <= held.units, (owner, held, there)
                shrunk[key] += held.units - units  # type: ignore[index]
                if held.units > units:
                    self.end_promise(owner, held.units - units)
                continue
            assert there, ("a reservation is gone", owner, held)
            assert (there.pair, there.units) == (held.pair, held.units), (owner, held, there)
        assert shrunk == self.loose
        for owner, held in self.renewed.items():
            there = found[owner]
            assert (there.pair, there.units, there.age > newest) == (held.pair, held.units, True)
            self.reservations[owner] = there
        new = {owner: found[owner] for owner in found.keys() - self.reservations.keys()}
        placed: dict[LineKey, int] = {}
        for owner, held in new.items():
            assert held.age > newest, ("an old reservation came back", owner, held)
            key = self.line_of(owner)
            assert held.pair[0] == self.lines[key].sku
            assert held.pair[1] in self.lines[key].sites, (owner, held)
            placed[key] = placed.get(key, 0) + held.units
        for owner, held in self.reservations.items():
            if owner in found:
                found[owner].in_hand = min(held.in_hand, found[owner].units)
                found[owner].secured = held.secured
        self.reservations = dict(found)
        for key, units in self.granted.items():
            assert placed.get(key, 0) == units, ("an order got other units", key, units, placed)
        for key in placed.keys() | self.homeless.keys():
            self._settle(key, placed.get(key, 0))
        for owner, held in new.items():
            line = self.lines[self.line_of(owner)]
            if held.pair not in taken_over:
                kept = self.kept_from(line.channel, held.pair)
                assert self.available(held.pair) >= kept, ("sold what is kept", owner, held)
        for key, line in self.lines.items():
            # Without a split a line gets from one building at a time: the rest comes next time.
            served = placed.get(key) and not line.splits
            if line.waiting and line.sku in self.offered and not served:
                assert not self.on_offer(line), ("waits beside goods", key, line)

    def _settle(self, key: LineKey, placed: int) -> None:
        """Say where units without a reservation are: elsewhere, waiting, or given up."""
        line, homeless = self.lines[key], self.homeless.get(key, 0)
        left = line.waiting + homeless - placed
        assert left >= 0, ("more was reserved than is wanted", key, line, placed)
        if line.waits:
            line.waiting = left
        else:
            line.cancelled += left
        if homeless > placed and line.splits:
            assert not self.on_offer(line, avoiding=self.avoided.get(key, ())), (
                "gave up",
                key,
                line,
            )
