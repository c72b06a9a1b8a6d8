"""Balances, the ledger that explains them, and reservations of them.

Written by `inventory/ledger` alone.
"""

from __future__ import annotations

import uuid

import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from core.access.principal import Principal
from core.access.visibility import Visible, through
from inventory.choices import ENDED, LIVE, Grip, Reason, ReservationState
from inventory.models.catalogue import Sku
from stores.models import Channel, Location


class ClockTime(models.Func):
    """The time at which a row is written, which is later than its statement began.

    A statement that began early may have waited for a row, and would date itself before movements
    that it follows. The ledger dates its movements itself, after those before them
    (`Stock.moved_at`): time travel searches it by these times.
    """

    function = "clock_timestamp"
    output_field = models.DateTimeField()


class Stock(Visible):
    """What one location has of one SKU, in units."""

    # No index of its own: `stock_once` begins with it, and each index is one more write a change.
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="stock", db_index=False)
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="stock", db_index=False
    )
    on_hand = models.IntegerField(default=0, db_default=0)
    reserved = models.IntegerField(default=0, db_default=0)
    unavailable = models.IntegerField(default=0, db_default=0)
    safety_stock = models.PositiveIntegerField(default=0, db_default=0)
    version = models.BigIntegerField(default=0, db_default=0)
    # When its newest movement was recorded: the next one is dated later, whatever the clock says.
    moved_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "stock"
        constraints = [
            models.UniqueConstraint(fields=["sku", "location"], name="stock_once"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="stock_reserved_positive"),
            models.CheckConstraint(
                condition=Q(unavailable__gte=0), name="stock_unavailable_positive"
            ),
            models.CheckConstraint(
                condition=Q(on_hand__gte=F("reserved") + F("unavailable")),
                name="stock_never_oversold",
            ),
        ]
        indexes = [
            # Units that may not be sold. No sale changes it, so sales still write no index.
            models.Index(
                fields=["location"], name="stock_kept_apart", condition=Q(unavailable__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku.code} at {self.location.code}"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.unavailable

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """At its locations; for people at all: they sell what another shop has."""
        return Q() if principal.is_staff else through("location", cls, principal)


class StockMovement(Visible):
    """One immutable row of the ledger: what moved, why, and the balances after.

    Partitioned by ranges of `id`, so that indexes of old months are left alone.
    """

    hangs_on = ("location",)

    id = models.BigAutoField(primary_key=True)
    sku = models.ForeignKey(
        Sku, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    location = models.ForeignKey(
        Location, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    on_hand_delta = models.IntegerField()
    reserved_delta = models.IntegerField()
    unavailable_delta = models.IntegerField()
    on_hand_after = models.IntegerField()
    reserved_after = models.IntegerField()
    unavailable_after = models.IntegerField()
    reason = models.CharField(max_length=24, choices=Reason.choices)
    reference = models.CharField(max_length=128, blank=True)
    actor = models.CharField(max_length=150)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=ClockTime())

    class Meta:
        indexes = [
            models.Index(fields=["sku", "location", "id"], name="movement_of_stock"),
            models.Index(fields=["reference", "id"], name="movement_reference"),
            # For the conditions of a row's unavailable units. Sales write no entry.
            models.Index(
                fields=["sku", "location"],
                name="movement_condition",
                condition=~Q(unavailable_delta=0),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="ledger_is_immutable", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="ledger_is_not_truncated",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'the ledger cannot be truncated';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.on_hand_delta:+d}"


class ReservationGroup(Visible):
    """The reservations of one cart, which are extended, released and ordered together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    reference = models.CharField(max_length=128)
    expires_at = models.DateTimeField()
    # When an order took the goods over. Its own reservations hold them from then on.
    ordered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Of its channels, with all units at its locations."""
        rule = through("channel", cls, principal) if principal.channels is not None else Q()
        if principal.locations is None:
            return rule
        here = Location.objects.visible_to(principal).values("pk")
        units = Reservation.objects.filter(group=OuterRef("pk"))
        return rule & Q(Exists(units)) & ~Q(Exists(units.exclude(location__in=here)))


class Reservation(Visible):
    """Reserved units of one Stock row. `reference` is opaque here: a cart's or an order's name."""

    id = models.BigAutoField(primary_key=True)
    sku = models.ForeignKey(
        Sku, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    location = models.ForeignKey(
        Location, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=ReservationState.choices)
    reference = models.CharField(max_length=128)
    group = models.ForeignKey(
        ReservationGroup,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="reservations",
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    # How sure `in_hand` of its units are. The others are on the shelf.
    # No check on either: adding them reads no row of a table as large as all orders.
    grip = models.SmallIntegerField(choices=Grip.choices, default=Grip.OPEN, db_default=Grip.OPEN)
    in_hand = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_of_something"),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(expires_at__isnull=False),
                name="reservation_held_until",
            ),
        ]
        indexes = [
            # Live reservations of a row: what breaks first, and what `reserved` must add up to.
            models.Index(
                fields=["sku", "location"],
                name="reservation_live",
                condition=Q(state__in=LIVE),
            ),
            # Holds of a row that may have expired: read with every availability answer.
            models.Index(
                fields=["sku", "location"], name="reservation_held", condition=Q(state="held")
            ),
            models.Index(fields=["expires_at"], name="reservation_due", condition=Q(state="held")),
            # For ended reservations of an order; live ones are few enough to scan.
            models.Index(
                fields=["reference"], name="reservation_ended", condition=Q(state__in=ENDED)
            ),
            models.Index(
                fields=["group"], name="reservation_of_cart", condition=Q(group__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.quantity} {self.state}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """At its locations; for one tied to channels, those of carts in them."""
        rule = through("location", cls, principal)
        return rule if principal.channels is None else rule & through("group", cls, principal)
