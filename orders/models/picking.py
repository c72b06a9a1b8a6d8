"""Pick lists and their scans."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value

from core.access.principal import Principal
from core.access.visibility import Visible, through
from core.database.updated_at import moves, touches, updated_at
from inventory.models import Sku
from inventory.models.scan import ScanRecord
from orders.choices import PickListState, PickMode, ScanVerdict
from orders.models.fulfilment import FulfilmentLine
from stores.models import Channel, Location


class PickList(Visible):
    """Work for one person: lines of one or many orders, in walking order."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="pick_lists")
    mode = models.CharField(max_length=8, choices=PickMode.choices)
    state = models.CharField(
        max_length=12, choices=PickListState.choices, default=PickListState.OPEN
    )
    # A member of staff, or who a client of the API acts for. Empty: it is not taken yet.
    person = models.CharField(max_length=150, blank=True, default="", db_default="")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    updated_at = updated_at()

    class Meta:
        triggers = [moves()]
        indexes = [models.Index(fields=["updated_at", "id"], name="pick_list_updated")]

    def __str__(self) -> str:
        return f"Pick list {self.pk}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """At its locations, without goods for orders of other channels."""
        rule = Q()
        if principal.locations is not None:
            rule &= through("location", cls, principal)
        if principal.channels is not None:
            others = Channel.objects.exclude(code__in=principal.channels).values("pk")
            lines = PickListLine.objects.filter(pick_list=OuterRef("pk"))
            foreign = lines.filter(fulfilment_line__fulfilment__order__channel__in=others)
            rule &= ~Q(Exists(foreign))
        return rule


class PickListLine(Visible):
    """Units to fetch from one bin for one order."""

    hangs_on = ("pick_list",)

    pick_list = models.ForeignKey(PickList, on_delete=models.CASCADE, related_name="lines")
    fulfilment_line = models.ForeignKey(
        FulfilmentLine, on_delete=models.CASCADE, related_name="pick_list_lines"
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    bin = models.CharField(max_length=64, blank=True)
    position = models.PositiveIntegerField()
    tote = models.PositiveSmallIntegerField(default=1)
    # The SKU's barcodes when the list was made, with their units: one that is given to another SKU
    # meanwhile is still on these goods.
    barcodes = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # Units asked for at first, whatever was cancelled since.
    quantity = models.PositiveIntegerField()
    picked = models.PositiveIntegerField(default=0)
    short = models.PositiveIntegerField(default=0)

    # Other bins in which the SKU lies now, where it is looked up; not kept.
    also_in: Sequence[str] = ()

    class Meta:
        ordering = ["position"]
        triggers = touches(orders_picklist="SELECT pick_list_id FROM changed")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=F("picked") + F("short")), name="pick_within_quantity"
            ),
        ]

    @property
    def outstanding(self) -> int:
        return self.quantity - self.picked - self.short


class Scan(Visible, ScanRecord):
    """One scan along a pick list."""

    hangs_on = ("pick_list",)

    pick_list = models.ForeignKey(PickList, on_delete=models.CASCADE, related_name="scans")
    line = models.ForeignKey(PickListLine, on_delete=models.CASCADE, null=True, blank=True)
    # Empty: it was undone before it arrived, and counts for nothing.
    verdict = models.CharField(max_length=16, choices=ScanVerdict.choices, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True, default="", db_default="")
