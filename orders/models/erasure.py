"""Erasures whose late copies have not been looked for yet."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Erasure(models.Model):
    """A note that some customers and orders were erased, until no act is left that may have read
    them before. It holds ids of ours, no data of the person."""

    id = models.BigAutoField(primary_key=True)
    customers = ArrayField(models.BigIntegerField(), default=list)
    orders = ArrayField(models.BigIntegerField(), default=list)
    made_at = models.DateTimeField(db_default=Now())
    # A time at which the erasure was known to be committed.
    seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"erasure of {len(self.orders)} orders"
