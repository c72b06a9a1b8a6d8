"""Random days in a small pool: the ledger against a model in plain Python, after every act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import ledger
from inventory.choices import LIVE, Reason, ReservationState
from inventory.commands.adjust import Adjustment, adjust_stock
from inventory.commands.count import Counted, apply_count
from inventory.commands.holds import end_stale_holds
from inventory.commands.receive import receive_goods
from inventory.errors import BalanceOutOfRange
from inventory.ledger import Claim, Part
from inventory.models import Reservation, ReservationGroup, Stock, StockMovement
from inventory.queries.lookup import Spot
from omniretail.access.principal import SYSTEM
from omniretail.rows import take_ids
from tests.builders import make_channel, make_location, make_sku
from tests.inventory.laws import assert_pool_laws

pytestmark = pytest.mark.django_db

ROWS = 2  # few, so that acts meet: one SKU at two locations
STARTS_WITH = 8

rows = st.integers(0, ROWS - 1)
units = st.integers(1, 4)
differences = st.integers(-4, 4)
reserving = st.tuples(st.just("reserve"), rows, units, st.sampled_from([False, False, True]))
counting = st.tuples(st.just("count"), rows, st.integers(0, STARTS_WITH))
closing = st.tuples(
    st.just("close"),
    st.integers(0, 9),
    units,
    st.sampled_from(["released", "leaves", "goes_missing"]),
)
acts = st.one_of(
    st.tuples(st.just("receive"), rows, units),
    *[reserving] * 4,  # a pool in which much is promised is where the laws are tried
    *[counting] * 2,
    closing,
    st.tuples(st.just("adjust"), rows, differences, differences),
    st.tuples(st.just("expire")),
)


@dataclass
class ModelClaim:
    id: int
    units: int
    stale: bool


@dataclass
class ModelRow:
    on_hand: int = 0
    unavailable: int = 0
    claims: list[ModelClaim] = field(default_factory=list)

    @property
    def reserved(self) -> int:
        return sum(claim.units for claim in self.claims)

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.unavailable

    def expire(self) -> None:
        self.claims = [claim for claim in self.claims if not claim.stale]

    def settle_at(self, on_hand: int, unavailable: int) -> None:
        """Take the figures of the floor; the newest claims give way."""
        self.on_hand, self.unavailable = on_hand, min(unavailable, on_hand)
        while self.available < 0:
            newest = self.claims[-1]
            newest.units -= min(newest.units, -self.available)
            self.claims = [claim for claim in self.claims if claim.units]


class Pool:
    """The real pool and its model, moved together."""

    def __init__(self) -> None:
        self.channel = make_channel("web")
        sku = make_sku("A1")
        self.spots = [
            Spot(sku.pk, sku.code, location.pk, location.code)
            for location in (make_location("W1"), make_location("W2"))
        ]
        self.model = [ModelRow() for _ in self.spots]
        for row in range(ROWS):
            self.receive(row, STARTS_WITH)

    def receive(self, row: int, units: int) -> None:
        spot = self.spots[row]
        receive_goods(
            location_id=spot.location_id, reference="D", units={spot.sku_id: units}, actor=SYSTEM
        )
        self.model[row].on_hand += units

    def reserve(self, row: int, units: int, stale: bool) -> None:
        until = datetime.now(UTC) + timedelta(seconds=-1 if stale else 3600)
        (identity,) = take_ids(inventory_reservation=1)["inventory_reservation"]
        group = ReservationGroup.objects.create(
            channel=self.channel, reference="cart", expires_at=until
        )
        claim = Claim(identity, *self.spots[row].pair, units, 0, "cart")
        with transaction.atomic():
            granted = ledger.reserve([claim], actor="cart", group_id=group.pk, expires_at=until)
            transaction.set_rollback(not granted)
        assert granted == (units <= self.model[row].available)
        if granted:
            self.model[row].claims.append(ModelClaim(identity, units, stale))

    def close(self, which: int, units: int, how: str) -> None:
        live = [(row, claim) for row in self.model for claim in row.claims]
        if not live:
            return
        row, claim = live[which % len(live)]
        closed = ledger.close_claims(
            [Part(claim.id, units)],
            state=ReservationState.CONSUMED if how == "leaves" else ReservationState.RELEASED,
            reason=Reason.OTHER,
            actor="desk",
            leaves=how == "leaves",
            goes_missing=how == "goes_missing",
        )
        assert closed == (units <= claim.units)
        if closed:
            claim.units -= units
            row.on_hand -= units if how == "leaves" else 0
            row.unavailable += units if how == "goes_missing" else 0
            row.claims = [each for each in row.claims if each.units]

    def adjust(self, row: int, on_hand: int, unavailable: int) -> None:
        model = self.model[row]
        new_on_hand, new_unavailable = model.on_hand + on_hand, model.unavailable + unavailable
        possible = (
            new_on_hand >= 0
            and new_unavailable >= 0
            and (unavailable <= 0 or new_unavailable <= new_on_hand)
        )
        adjustment = Adjustment(self.spots[row], on_hand, unavailable)
        try:
            with transaction.atomic():
                adjust_stock(reason=Reason.OTHER, adjustments=[adjustment], actor=SYSTEM)
        except BalanceOutOfRange:
            assert not possible
            return
        assert possible
        self.expire_all()
        model.settle_at(new_on_hand, new_unavailable)

    def count(self, row: int, on_hand: int) -> None:
        applied = apply_count(counts=[Counted(self.spots[row], on_hand)], actor=SYSTEM)
        assert applied.findings[0].variance == on_hand - self.model[row].on_hand
        self.expire_all()
        self.model[row].settle_at(on_hand, self.model[row].unavailable)

    def expire(self) -> None:
        end_stale_holds(actor="sweep")
        self.expire_all()

    def expire_all(self) -> None:
        for row in self.model:
            row.expire()

    def check(self) -> None:
        stock = {(row.sku_id, row.location_id): row for row in Stock.objects.all()}
        for spot, model in zip(self.spots, self.model, strict=True):
            row = stock[spot.pair]
            assert (row.on_hand, row.reserved, row.unavailable) == (
                model.on_hand,
                model.reserved,
                model.unavailable,
            )
        live = Reservation.objects.filter(state__in=LIVE).values_list("pk", "quantity")
        assert dict(live) == {claim.id: claim.units for row in self.model for claim in row.claims}
        assert_pool_laws()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(day=st.lists(acts, min_size=8, max_size=20))
def test_the_ledger_keeps_the_laws_whatever_the_day_brings(day: list[tuple]) -> None:
    with transaction.atomic():
        pool = Pool()
        kept: dict[int, tuple] = {}
        for name, *arguments in day:
            act: Callable[..., None] = getattr(pool, name)
            act(*arguments)
            pool.check()
            # Law 4: what was written before is still as it was.
            written = {row[0]: row for row in StockMovement.objects.values_list()}
            assert kept.items() <= written.items()
            kept = written
        transaction.set_rollback(True)
