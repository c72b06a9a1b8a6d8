"""Goods that come back, through any channel, at any location."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from core.access.principal import Principal
from core.access.visibility import Visible
from core.database.updated_at import moves, touches, updated_at
from inventory.models import Sku
from orders.choices import Disposition, DropOff, Resolution, ReturnState
from orders.models.order import Order, OrderLine
from stores.models import Channel, Location


class Return(Visible):
    """A return: goods that a customer gives back, from announcement to closing."""

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="returns"
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="returns")
    state = models.CharField(max_length=12, choices=ReturnState.choices)
    resolution = models.CharField(max_length=16, choices=Resolution.choices)
    drop_off = models.CharField(max_length=8, choices=DropOff.choices)
    drop_off_location = models.ForeignKey(
        Location, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Came without being announced.
    blind = models.BooleanField(default=False)
    overridden_by = models.CharField(max_length=150, blank=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    updated_at = updated_at()

    class Meta:
        triggers = [moves()]
        indexes = [models.Index(fields=["updated_at", "id"], name="return_updated")]

    def __str__(self) -> str:
        return f"Return {self.pk}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Through its channels or of orders from them; dropped off or received at its locations,
        or of an order that concerns them."""
        rule = Q()
        if principal.channels is not None:
            mine = principal.channels
            rule = Q(channel__code__in=mine) | Q(order__channel__code__in=mine)
        if principal.locations is None:
            return rule
        here = Location.objects.visible_to(principal)
        orders = Order.objects.filter(pk=OuterRef("order")).visible_to(principal)
        return rule & (cls.is_at(list(here.values_list("pk", flat=True))) | Q(Exists(orders)))

    @staticmethod
    def is_at(ids: Collection[int]) -> Q:
        """Match what is to be dropped off, or has been received, at locations, by their ids."""
        received = ReturnReceiptLine.objects.filter(line__ret=OuterRef("pk"), location__in=ids)
        return Q(drop_off_location__in=ids) | Q(Exists(received))


class ReturnLine(Visible):
    """Units announced, and how many of them have come."""

    hangs_on = ("ret",)

    ret = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="return_lines"
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    reason = models.CharField(max_length=64, blank=True)
    received = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)

    class Meta:
        triggers = touches(orders_return="SELECT ret_id FROM changed")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=F("received") + F("missing")),
                name="return_receives_what_was_announced",
            ),
        ]


class ReturnReceiptLine(Visible):
    """Units that came back at one location in one disposition."""

    hangs_on = ("line",)

    line = models.ForeignKey(ReturnLine, on_delete=models.CASCADE, related_name="receipts")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    disposition = models.CharField(max_length=12, choices=Disposition.choices)
    # Units of an inspection that have since been decided on.
    moved_on = models.PositiveIntegerField(default=0)
    # The units that an inspection's decision came from.
    decided_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    actor = models.CharField(max_length=150)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = touches(
            orders_return="""SELECT ret_id FROM orders_returnline
                             WHERE id = ANY(ARRAY(SELECT line_id FROM changed))"""
        )
        constraints = [
            models.CheckConstraint(
                condition=Q(moved_on__lte=F("quantity")), name="inspection_within_quantity"
            ),
        ]
        indexes = [
            models.Index(
                fields=["location"],
                name="inspection_undecided",
                condition=Q(disposition="inspect", moved_on__lt=F("quantity")),
            ),
        ]
