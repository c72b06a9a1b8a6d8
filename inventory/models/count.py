"""Counts by several people, and the results of all absolute figures."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from core.access.principal import Principal
from core.access.visibility import Visible
from core.database.updated_at import moves, touches, updated_at
from inventory.choices import CountState
from inventory.models.catalogue import Sku
from stores.models import Location, seen_work

UNITS_TO_CHECK, PERCENT_TO_CHECK = 10, 20  # a variance from which a second person must approve


class Count(Visible):
    """A blind count of some SKUs at one location, done by several people."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="counts")
    name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12, choices=CountState.choices, default=CountState.OPEN)
    threshold_units = models.PositiveIntegerField(default=UNITS_TO_CHECK)
    threshold_percent = models.PositiveIntegerField(default=PERCENT_TO_CHECK)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.CharField(max_length=150, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    updated_at = updated_at()

    class Meta:
        triggers = [moves()]
        indexes = [
            models.Index(fields=["location", "state"], name="count_at_location"),
            models.Index(fields=["updated_at", "id"], name="count_updated"),
        ]

    def __str__(self) -> str:
        return f"Count {self.pk}" + (f": {self.name}" if self.name else "")

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """At its locations."""
        return seen_work(principal, "location")


class CountLine(Visible):
    """A SKU to be counted in one bin, or in the whole location (no bin), and the figure so far."""

    hangs_on = ("count",)

    count = models.ForeignKey(Count, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    bin = models.CharField(max_length=64, blank=True)
    walk = models.PositiveIntegerField(default=0)
    # None: not counted. Updated with the entries, in their transaction.
    counted = models.PositiveIntegerField(null=True, blank=True)
    counted_by = models.CharField(max_length=150, blank=True)
    # From the first to the last entry that the figure is made of.
    counted_from = models.DateTimeField(null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["walk", "bin", "sku"]
        triggers = touches(inventory_count="SELECT count_id FROM changed")
        constraints = [
            models.UniqueConstraint(fields=["count", "sku", "bin"], name="count_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} in {self.bin}" if self.bin else str(self.sku_id)


class CountEntry(Visible):
    """A figure of one person at one time; `entry_id` was made by the device."""

    hangs_on = ("line",)

    line = models.ForeignKey(CountLine, on_delete=models.CASCADE, related_name="entries")
    entry_id = models.UUIDField()
    quantity = models.PositiveIntegerField()
    # More of the same, such as one scan; else the figure for the whole bin, from now on.
    adds = models.BooleanField(default=False)
    at = models.DateTimeField()
    counted_by = models.CharField(max_length=150)
    counter = models.CharField(max_length=64)  # the principal's id: who may not approve
    recorded_at = models.DateTimeField(auto_now_add=True)
    voided = models.BooleanField(default=False)  # to be counted again

    class Meta:
        verbose_name_plural = "count entries"
        constraints = [
            models.UniqueConstraint(fields=["entry_id", "line"], name="count_entry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d}" if self.adds else str(self.quantity)


class CountResult(Visible):
    """A SKU of a count: who approved which variance, and the result of applying it."""

    hangs_on = ("count",)

    count = models.ForeignKey(Count, on_delete=models.CASCADE, related_name="results")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    approved_variance = models.IntegerField(null=True, blank=True)
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    # Empty until the count is applied.
    recorded = models.IntegerField(null=True, blank=True)
    variance = models.IntegerField(null=True, blank=True)
    superseded = models.BooleanField(default=False)

    class Meta:
        triggers = touches(inventory_count="SELECT count_id FROM changed")
        constraints = [
            models.UniqueConstraint(fields=["count", "sku"], name="count_result_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}: {self.variance}"


class LastCount(Visible):
    """When a Stock row was last counted, by which source, and the figure.

    A count that agrees with the record leaves no movement, and still supersedes older ones.
    """

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    counted = models.PositiveIntegerField()
    source = models.CharField(max_length=32)
    reference = models.CharField(max_length=128, blank=True)
    actor = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "location"], name="last_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.counted} by {self.source}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """At its locations."""
        return seen_work(principal, "location")


class Drift(Visible):
    """An absolute figure that differed from the record, by `reported - expected` units.

    `since` is the time of the figure before it: the causes of the drift lie between.
    """

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=32)
    reference = models.CharField(max_length=128, blank=True)
    reported = models.PositiveIntegerField()
    expected = models.IntegerField()
    drift = models.IntegerField()
    as_of = models.DateTimeField()
    since = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=150)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "drift"
        constraints = [
            models.CheckConstraint(
                condition=Q(drift=F("reported") - F("expected")) & ~Q(drift=0),
                name="drift_is_a_difference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.drift:+d}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """At its locations."""
        return seen_work(principal, "location")
