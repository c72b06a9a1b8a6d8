"""Stock on its way between two locations."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from core.access.principal import Principal
from core.access.visibility import Visible
from core.database.updated_at import moves, touches, updated_at
from inventory.choices import TRANSFERABLE, TransferState, TransferVerdict
from inventory.models.catalogue import Sku
from inventory.models.scan import ScanRecord
from stores.models import Location, seen_work


class Transfer(Visible):
    """Goods that are sent from one location to another."""

    source = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="transfers_out")
    destination = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="transfers_in")
    state = models.CharField(
        max_length=12, choices=TransferState.choices, default=TransferState.DRAFT
    )
    # The fulfilment that the goods are for, as opaque text; empty: for stock.
    reference = models.CharField(max_length=128, blank=True, default="", db_default="")
    # Of units that may not be sold, which arrive as they left; empty: they may.
    condition = models.CharField(
        max_length=12,
        choices=[(each.value, each.label) for each in TRANSFERABLE],
        blank=True,
        default="",
        db_default="",
    )
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    updated_at = updated_at()

    class Meta:
        triggers = [moves()]
        constraints = [
            models.CheckConstraint(
                condition=~Q(source=F("destination")), name="transfer_goes_somewhere"
            ),
        ]
        indexes = [
            models.Index(
                fields=["destination"],
                name="transfer_under_way",
                condition=Q(state="in_transit"),
            ),
            # Transfers of fulfilments; most are for stock.
            models.Index(fields=["reference"], name="transfer_for", condition=~Q(reference="")),
            models.Index(fields=["updated_at", "id"], name="transfer_updated"),
        ]

    def __str__(self) -> str:
        return f"Transfer {self.pk}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """That leave or reach one of its locations."""
        return seen_work(principal, "source", "destination")


class TransferLine(Visible):
    """Units of one SKU on a transfer."""

    hangs_on = ("transfer",)

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    # Drafted, and from dispatch on the units that left.
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    # Settled as lost on the way when the transfer was closed.
    lost = models.PositiveIntegerField(default=0)
    # Drafted, but not loaded when the transfer was dispatched as scanned.
    left_behind = models.PositiveIntegerField(default=0, db_default=0)
    # Taken in beyond what was sent.
    surplus = models.PositiveIntegerField(default=0, db_default=0)
    # Of what arrived: kept apart as damaged.
    damaged = models.PositiveIntegerField(default=0, db_default=0)
    # Scanned as loaded, and scanned as unloaded but not received yet.
    loaded = models.PositiveIntegerField(default=0, db_default=0)
    unloaded = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        triggers = touches(inventory_transfer="SELECT transfer_id FROM changed")
        constraints = [
            models.UniqueConstraint(fields=["transfer", "sku"], name="transfer_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | Q(left_behind__gt=0) | Q(surplus__gt=0),
                name="transfer_of_something",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("received") + F("lost")),
                name="transfer_receives_what_left",
            ),
            models.CheckConstraint(
                condition=Q(damaged__lte=F("received") + F("surplus")),
                name="transfer_damages_what_arrived",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku_id}"

    @property
    def on_its_way(self) -> int:
        return self.quantity - self.received - self.lost


class TransferScan(Visible, ScanRecord):
    """One scan of a barcode while loading or unloading."""

    hangs_on = ("transfer",)

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="scans")
    line = models.ForeignKey(TransferLine, on_delete=models.CASCADE, null=True, blank=True)
    verdict = models.CharField(max_length=16, choices=TransferVerdict.choices)
