"""The outbox: facts that others must hear, written in the transaction that makes them true."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Event(models.Model):
    """One fact. Its `sequence` is given at relay time, so that the feed has no gaps.

    A sequence drawn when the row is written would commit out of order, and a reader that
    remembers the last number seen would miss the late ones.
    """

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(
        default=uuid.uuid4, db_default=models.Func(function="gen_random_uuid"), editable=False
    )
    sequence = models.BigIntegerField(null=True, editable=False)
    type = models.CharField(max_length=64)
    # The resource: "fulfilments/100001-1". Deliveries keep the order per subject.
    subject = models.CharField(max_length=160)
    # What the timeline gathers by: the order number, where there is one.
    order = models.CharField(max_length=32, blank=True, db_default="")
    actor = models.CharField(max_length=150, blank=True, db_default="")
    data = models.JSONField()
    time = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sequence"], name="event_sequence_once"),
        ]
        indexes = [
            models.Index(fields=["id"], name="event_unsent", condition=Q(sequence__isnull=True)),
            models.Index(fields=["order", "id"], name="event_of_order", condition=~Q(order="")),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class Relay(models.Model):
    """The one row that counts sequence numbers; its lock makes relays take turns."""

    last_sequence = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="relay_is_one_row")]
