"""The outbox: events, written in the transaction of the change that they report."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.database.fields import DocumentField

CARTS = "reservations/"  # what subjects of events about carts begin with


class Event(models.Model):
    """One event, written once; only the erasure of a customer changes it."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(
        default=uuid.uuid4, db_default=models.Func(function="outbox_event_id"), editable=False
    )
    type = models.CharField(max_length=64)
    # The resource: "fulfilments/100001-1". Deliveries keep the order per subject.
    subject = models.CharField(max_length=160)
    # Groups events into a timeline: the order number, where there is one.
    order = models.CharField(max_length=32, blank=True, db_default="")
    actor = models.CharField(max_length=150, blank=True, db_default="")
    data = DocumentField()
    time = models.DateTimeField(db_default=Now())

    sequence: int  # its sequence number, set by reading the feed; not a column

    class Meta:
        indexes = [
            models.Index(fields=["order", "id"], name="event_of_order", condition=~Q(order="")),
            models.Index(
                fields=["subject"],
                name="event_of_cart",
                condition=Q(order="", subject__startswith=CARTS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class Run(models.Model):
    """Events with consecutive ids and consecutive sequence numbers.

    Sequence numbers are stored by runs, a row for thousands of events: a number in each
    event's own row would mean writing each event twice.
    """

    first_sequence = models.BigIntegerField(primary_key=True)
    first_id = models.BigIntegerField()
    length = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(length__gt=0), name="run_of_something")]

    def __str__(self) -> str:
        return f"{self.length} from {self.first_sequence}"


class Gap(models.Model):
    """Ids that were drawn but not seen: their transactions still run, or were rolled back."""

    first_id = models.BigIntegerField(primary_key=True)
    last_id = models.BigIntegerField()
    seen_at = models.DateTimeField(db_default=Now())
    # Every transaction that might own these ids is older than this one; null: not known yet.
    horizon = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.first_id} to {self.last_id}"


class Relay(models.Model):
    """The one row that says how far the feed has come; its lock makes relays take turns."""

    last_sequence = models.BigIntegerField(default=0)
    last_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="relay_is_one_row")]
