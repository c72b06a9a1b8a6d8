"""Fulfilments: one location's work for one order."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from core.access.principal import Principal
from core.access.visibility import Visible, through
from core.database.updated_at import moves, touches, touches_when_changed, updated_at
from inventory.models import Reservation, Sku, Transfer
from orders.choices import FulfilmentState, FulfilmentType
from orders.models.order import Order, OrderLine
from orders.transitions import life_cycle_of
from stores.models import Location

# States with work left to do.
UNFINISHED = ("open", "picking", "packed", "in_transit", "ready")
FINISHED = (
    "shipped",
    "delivered",
    "lost",
    "found",
    "returning",
    "collected",
    "rejected",
    "cancelled",
    "expired",
)
# Of these, the few that are searched by state.
CAME_TO_NOTHING = ("rejected", "cancelled", "expired")


class Fulfilment(Visible):
    """What one location does for one order."""

    id = models.BigAutoField(primary_key=True)
    # "100001-2": the second fulfilment of order 100001. The public id.
    code = models.CharField(max_length=40)
    # Without foreign key constraints, as order lines are.
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, db_constraint=False, related_name="fulfilments"
    )
    location = models.ForeignKey(
        Location,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="fulfilments",
    )
    # Ship-to-store: the building whose goods these are. Null: they are at `location` already.
    source = models.ForeignKey(
        Location,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="sent_to_shops",
    )
    type = models.CharField(max_length=12, choices=FulfilmentType.choices)
    state = models.CharField(
        max_length=12, choices=FulfilmentState.choices, default=FulfilmentState.OPEN
    )
    # {"ready_by": …} or {"deliver_by": …}: the promise to the customer.
    promise = models.JSONField(null=True, blank=True)
    accepted_by = models.CharField(max_length=150, blank=True)
    bay = models.CharField(max_length=64, blank=True)
    carrier = models.CharField(max_length=64, blank=True)
    tracking_number = models.CharField(max_length=128, blank=True)
    # Begun on a pick list that was given back: another list takes the rest.
    given_back = models.BooleanField(default=False, db_default=False)
    # Wrong pickup codes since the last right one.
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    # Ship-to-store: the transfer that brings the goods.
    transfer = models.ForeignKey(
        Transfer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="fulfilments",
    )
    created_at = models.DateTimeField(db_default=Now())
    ready_at = models.DateTimeField(null=True, blank=True)
    pickup_expires_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)
    # Moves with its lines as well.
    updated_at = updated_at()

    class Meta:
        triggers = [
            moves(),
            *touches_when_changed(
                orders_order="SELECT order_id FROM changed",
                # A list asks for no more of what is packed, or was given up.
                orders_picklist="""SELECT p.pick_list_id FROM orders_fulfilmentline l
                    JOIN orders_picklistline p ON p.fulfilment_line_id = l.id
                    WHERE l.fulfilment_id = ANY(ARRAY(SELECT id FROM changed))""",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="fulfilment_code_once"),
        ]
        indexes = [
            models.Index(
                fields=["transfer"],
                name="fulfilment_on_its_way",
                condition=Q(transfer__isnull=False),
            ),
            # Tracking numbers, searched by staff. Placing sets none, so it writes no entry.
            models.Index(
                fields=["tracking_number"],
                name="fulfilment_tracked",
                condition=~Q(tracking_number=""),
            ),
            # The list of a location's open fulfilments.
            models.Index(
                fields=["location", "state", "id"],
                name="fulfilment_to_do",
                condition=Q(state__in=UNFINISHED),
            ),
            models.Index(
                fields=["source", "state", "id"],
                name="fulfilment_to_send",
                condition=Q(state__in=UNFINISHED, source__isnull=False),
            ),
            # A location's ended fulfilments. Placing writes no entry.
            models.Index(
                fields=["location", "id"],
                name="fulfilment_done",
                condition=Q(state__in=FINISHED),
            ),
            models.Index(
                fields=["source", "id"],
                name="fulfilment_sent",
                condition=Q(state__in=FINISHED, source__isnull=False),
            ),
            models.Index(
                fields=["state", "id"],
                name="fulfilment_came_to_nothing",
                condition=Q(state__in=CAME_TO_NOTHING),
            ),
            models.Index(fields=["updated_at", "id"], name="fulfilment_updated"),
            models.Index(
                fields=["pickup_expires_at"],
                name="fulfilment_uncollected",
                condition=Q(state="ready"),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def building(self) -> Location:
        """Where its goods are picked."""
        return self.source or self.location

    @property
    def goods_at(self) -> Location:
        """Where its reserved goods are: on their way, those that have arrived are in the shop."""
        in_shop = self.state in (FulfilmentState.IN_TRANSIT, FulfilmentState.READY)
        return self.location if in_shop else self.building

    @property
    def life_cycle(self) -> str:
        return life_cycle_of(self.type, sent=self.source_id is not None)

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Of orders of its channels, with goods at its locations: one whose goods come from
        another building is seen by both."""
        rule = Q()
        if principal.channels is not None:
            rule = Q(order__channel__code__in=principal.channels)
        if principal.locations is None:
            return rule
        here = Location.objects.visible_to(principal)
        return rule & cls.is_at(list(here.values_list("pk", flat=True)))

    @staticmethod
    def is_at(ids: Collection[int]) -> Q:
        """Match what is picked or handed over at locations, by their ids.

        All states are named, because those under way are in one index by location, those done in
        another, and PostgreSQL finds neither otherwise.
        """
        return (
            Q(location__in=ids, state__in=UNFINISHED)
            | Q(location__in=ids, state__in=FINISHED)
            | Q(source__in=ids, state__in=UNFINISHED)
            | Q(source__in=ids, state__in=FINISHED)
        )


class FulfilmentLine(Visible):
    """Units of one order line at one location, bound to the reservation that holds them."""

    hangs_on = ("fulfilment",)

    id = models.BigAutoField(primary_key=True)
    fulfilment = models.ForeignKey(
        Fulfilment, on_delete=models.CASCADE, db_constraint=False, related_name="lines"
    )
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.CASCADE, db_constraint=False, related_name="fulfilment_lines"
    )
    reservation = models.OneToOneField(
        Reservation, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    # Units to fulfil: falls when units are cancelled, rejected or short.
    quantity = models.PositiveIntegerField()
    picked = models.PositiveIntegerField(default=0, db_default=0)
    # Ship-to-store: arrived at the shop, and reserved there until collected.
    arrived = models.PositiveIntegerField(default=0, db_default=0)
    # Left with the customer or with the customer's carrier.
    fulfilled = models.PositiveIntegerField(default=0, db_default=0)
    # Lost by the carrier, and not found again: of the quantity no more.
    lost = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        triggers = touches_when_changed(orders_fulfilment="SELECT fulfilment_id FROM changed")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    picked__lte=F("quantity"),
                    arrived__lte=F("quantity"),
                    fulfilled__lte=F("quantity"),
                ),
                name="fulfilment_line_within_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.order_line_id}"

    @property
    def outstanding(self) -> int:
        """Units that are still to go to the customer."""
        return self.quantity - self.fulfilled

    def shrink_to(self, quantity: int) -> None:
        """Reduce the units: those in transit are given up before those that have arrived."""
        self.quantity = quantity
        self.picked = min(self.picked, quantity)
        self.arrived = min(self.arrived, quantity)


class UnitsToPutBack(Visible):
    """Units that lie in the box, tote or bay of a fulfilment, and are promised to it no more.

    Unavailable in the pool until they are put back. A count may have settled them before.
    """

    fulfilment = models.ForeignKey(
        Fulfilment, on_delete=models.CASCADE, db_index=False, related_name="to_put_back"
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, db_index=False, related_name="+")
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    quantity = models.PositiveIntegerField()

    class Meta:
        triggers = touches(orders_fulfilment="SELECT fulfilment_id FROM changed")
        constraints = [
            models.UniqueConstraint(
                fields=["fulfilment", "sku", "location"], name="units_to_put_back_once"
            ),
        ]
        indexes = [models.Index(fields=["location", "sku"], name="units_to_put_back_at")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku_id}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """At its locations, for orders of its channels."""
        rule = through("location", cls, principal) if principal.locations is not None else Q()
        if principal.channels is not None:
            rule &= Q(fulfilment__order__channel__code__in=principal.channels)
        return rule
