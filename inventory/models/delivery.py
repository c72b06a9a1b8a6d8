"""Deliveries that suppliers have announced, and the units received of them."""

from __future__ import annotations

from django.db import models
from django.db.models import ExpressionWrapper, F, Q

from core.access.principal import Principal
from core.access.visibility import Visible
from core.database.updated_at import moves, touches, updated_at
from inventory.choices import DeliveryState
from inventory.models.catalogue import Sku
from stores.models import Location, seen_work

AWAITED_STATES = ("expected", "receiving")  # as text: a migration keeps it


class ExpectedDelivery(Visible):
    """One delivery to a location, identified by the number on its delivery note."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="deliveries")
    reference = models.CharField(max_length=128)
    supplier = models.CharField(max_length=200, blank=True)
    expected_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=12, choices=DeliveryState.choices, default=DeliveryState.EXPECTED
    )
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    # When all of it was accounted for, or it was closed.
    ended_at = models.DateTimeField(null=True, blank=True)
    updated_at = updated_at()

    class Meta:
        triggers = [moves()]
        verbose_name_plural = "expected deliveries"
        constraints = [
            models.UniqueConstraint(fields=["location", "reference"], name="delivery_once"),
        ]
        indexes = [
            # The order of the admin's list: what is awaited first, the longest overdue at the top.
            models.Index(
                ExpressionWrapper(~Q(state__in=AWAITED_STATES), output_field=models.BooleanField()),
                F("expected_at").asc(nulls_last=True),
                F("id").desc(),
                name="delivery_in_order",
            ),
            # Awaited deliveries: counted at each request for the overview.
            models.Index(
                fields=["location"], name="delivery_awaited", condition=Q(state__in=AWAITED_STATES)
            ),
            models.Index(fields=["updated_at", "id"], name="delivery_updated"),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.reference}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """To its locations."""
        return seen_work(principal, "location")


class ExpectedDeliveryLine(Visible):
    """Units of one SKU: announced, and received. A line that expects none was not announced.

    `received` are all units that came, `damaged` among them too; more may come than was
    announced, again and again, hence the width.
    """

    hangs_on = ("delivery",)

    delivery = models.ForeignKey(ExpectedDelivery, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    expected = models.PositiveIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    damaged = models.PositiveBigIntegerField(default=0)

    class Meta:
        triggers = touches(inventory_expecteddelivery="SELECT delivery_id FROM changed")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "sku"], name="delivery_line_once"),
            models.CheckConstraint(
                condition=Q(damaged__lte=F("received")), name="delivery_damaged_of_received"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expected} x {self.sku_id}"

    @property
    def outstanding(self) -> int:
        return max(0, self.expected - self.received)
