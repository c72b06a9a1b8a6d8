"""Orders with their lines, and sourcing receipts."""

from __future__ import annotations

import pgtrigger
from django.apps import apps
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from core.access.principal import Principal
from core.access.visibility import Visible, through
from core.database.fields import DocumentField
from core.database.updated_at import moves, touches_when_changed, updated_at
from inventory.models import Sku
from orders.choices import FulfilmentType
from orders.models.customer import Customer
from stores.models import Channel, Location


class Order(Visible):
    """A customer's demand from one channel."""

    id = models.BigAutoField(primary_key=True)
    number = models.CharField(max_length=32)
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    external_id = models.CharField(max_length=128)
    # SHA-256 of the body that placed it: the same external id with another body is a conflict.
    # Empty once it is erased: then any body is the same.
    fingerprint = models.BinaryField(max_length=32)
    currency = models.CharField(max_length=3)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="orders",
    )
    ship_to = models.JSONField(null=True, blank=True)
    # The cart that held its goods: its reference is the customer's as well.
    cart = models.UUIDField(null=True, editable=False)
    payment_reference = models.CharField(max_length=128, blank=True)
    note = models.TextField(blank=True)
    allow_split = models.BooleanField(default=True)
    allow_backorder = models.BooleanField(default=False)
    allow_partial = models.BooleanField(default=False)
    exchange_of = models.ForeignKey(
        "orders.Return",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="exchanges",
    )
    placed_at = models.DateTimeField(db_default=Now())
    # Moves with its lines and its fulfilments as well.
    updated_at = updated_at()

    class Meta:
        triggers = [
            moves(),
            pgtrigger.Trigger(
                name="touches_exchanged",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.exchange_of_id IS NOT NULL"),
                func="""UPDATE orders_return SET updated_at = clock_timestamp()
                        WHERE id = NEW.exchange_of_id; RETURN NULL;""",
            ),
        ]
        constraints = [
            # Not `unique=True`, which adds an index for LIKE that every order would have to fill.
            models.UniqueConstraint(fields=["number"], name="order_number_once"),
            models.UniqueConstraint(fields=["channel", "external_id"], name="order_placed_once"),
        ]
        indexes = [
            # Times grow with the rows: a BRIN index is enough to find a day.
            BrinIndex(fields=["placed_at"], name="order_placed_at"),
            models.Index(
                fields=["exchange_of"],
                name="order_in_exchange",
                condition=Q(exchange_of__isnull=False),
            ),
            models.Index(fields=["updated_at", "id"], name="order_updated"),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Of its channels, with a fulfilment, a pickup place or a return at its locations."""
        rule = through("channel", cls, principal) if principal.channels is not None else Q()
        if principal.locations is None:
            return rule
        ids = list(Location.objects.visible_to(principal).values_list("pk", flat=True))
        work, returns = apps.get_model("orders", "Fulfilment"), apps.get_model("orders", "Return")
        return rule & (
            Q(Exists(work.objects.filter(work.is_at(ids), order=OuterRef("pk"))))
            | Q(Exists(OrderLine.objects.filter(order=OuterRef("pk"), location__in=ids)))
            | Q(Exists(returns.objects.filter(returns.is_at(ids), order=OuterRef("pk"))))
        )


class OrderLine(Visible):
    """Units of one SKU in an order. Each unit is in exactly one of the four quantities."""

    hangs_on = ("order",)

    id = models.BigAutoField(primary_key=True)
    # Placing writes an order with its lines: a foreign key check would cost more than the line.
    # Reconciliation looks for lines without an order. Indexed by `line_once_per_order`.
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="lines"
    )
    line_id = models.CharField(max_length=64)
    sku = models.ForeignKey(
        Sku, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    product_reference = models.CharField(max_length=128, blank=True)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    fulfilment_type = models.CharField(max_length=12, choices=FulfilmentType.choices)
    # Where it must be handed over (pickup, carry-out); else sourcing chooses.
    location = models.ForeignKey(
        Location,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    ordered = models.PositiveIntegerField()
    cancelled = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)
    backordered = models.PositiveIntegerField(default=0)
    fulfilled = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)

    class Meta:
        triggers = touches_when_changed(orders_order="SELECT order_id FROM changed")
        constraints = [
            models.UniqueConstraint(fields=["order", "line_id"], name="line_once_per_order"),
            models.CheckConstraint(
                condition=Q(
                    ordered=F("cancelled") + F("reserved") + F("backordered") + F("fulfilled")
                ),
                name="line_units_conserved",
            ),
            models.CheckConstraint(
                condition=Q(returned__lte=F("fulfilled")), name="line_returns_what_left"
            ),
            models.CheckConstraint(condition=Q(ordered__gt=0), name="line_of_something"),
        ]
        indexes = [
            # The queue of backorders, the oldest first.
            models.Index(fields=["sku", "id"], name="line_waiting", condition=Q(backordered__gt=0)),
            # Orders with cancelled or returned units, which are few.
            models.Index(fields=["order"], name="line_cancelled", condition=Q(cancelled__gt=0)),
            models.Index(fields=["order"], name="line_returned", condition=Q(returned__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.line_id}"


class SourcingReceipt(Visible):
    """Why these locations were chosen: every candidate, its scores, the reason. One row a
    decision.
    """

    hangs_on = ("order",)

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, db_constraint=False, related_name="sourcing_receipts"
    )
    # "placed", "rejected 100001-1", "backorder filled", …
    occasion = models.CharField(max_length=64)
    receipt = DocumentField()
    decided_at = models.DateTimeField(db_default=Now())
