"""Ring fences and keep rules."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from core.access.principal import Principal
from core.access.visibility import Visible, through
from core.database.updated_at import moves, updated_at
from inventory.choices import AbcClass, KeepKind
from inventory.models.catalogue import Sku
from stores.models import Channel, Location


def of_ties(principal: Principal) -> Q:
    """Match what is for the channels, and at the locations, that a principal is tied to."""
    rule = Q()
    if principal.locations is not None:
        rule &= through("location", RingFence, principal)
    if principal.channels is not None:
        rule &= through("channel", RingFence, principal)
    return rule


class RingFence(Visible):
    """Units of a SKU at a location that are kept for one channel alone."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="ring_fences")
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="ring_fences")
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="ring_fences")
    quantity = models.PositiveIntegerField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "location", "channel"], name="ring_fence_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="ring_fence_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for {self.channel_id}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Of locations and channels that it is tied to."""
        return of_ties(principal)


class KeepRule(Visible):
    """Keeps units from sale on every Stock row that it matches: an empty condition matches all."""

    code = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=KeepKind.choices)
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, null=True, blank=True, related_name="keep_rules"
    )
    quantity = models.PositiveIntegerField()
    sku = models.ForeignKey(
        Sku, on_delete=models.CASCADE, null=True, blank=True, related_name="keep_rules"
    )
    category = models.CharField(max_length=100, blank=True, default="")
    abc_class = models.CharField(
        "ABC class", max_length=1, choices=AbcClass.choices, blank=True, default=""
    )
    location = models.ForeignKey(
        Location, on_delete=models.CASCADE, null=True, blank=True, related_name="keep_rules"
    )
    starts_at = models.DateTimeField("from", null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = updated_at()

    class Meta:
        ordering = ["code"]
        indexes = [models.Index(fields=["updated_at", "id"], name="keep_rule_updated")]
        triggers = [moves()]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="keep_rule_of_something"),
            models.CheckConstraint(
                condition=Q(kind=KeepKind.RING_FENCE, channel__isnull=False)
                | Q(kind=KeepKind.SAFETY_STOCK, channel__isnull=True),
                name="keep_rule_for_a_channel_or_for_none",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(until__isnull=True)
                | Q(until__gt=F("starts_at")),
                name="keep_rule_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def skus_kept(self) -> dict[str, Any]:
        """The rule's conditions on SKUs, as columns of the SKU."""
        asked = {"pk": self.sku_id, "category": self.category, "abc_class": self.abc_class}
        return {name: value for name, value in asked.items() if value}

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Of locations and channels that it is tied to."""
        return of_ties(principal)
