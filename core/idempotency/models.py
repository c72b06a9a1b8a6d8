"""Stored answers, so that a repeated request is the same act."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class StoredAnswer(models.Model):
    """One Idempotency-Key of one client, with the answer that it got.

    Inserted and committed with the effect: a crash leaves neither.
    """

    owner = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="answer_once_per_key"),
        ]

    def __str__(self) -> str:
        return self.key
