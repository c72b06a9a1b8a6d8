"""The audit trail: who did what, and why. Rows are only added, and chained (`sealing.py`)."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now


class AuditRecord(models.Model):
    """One act of a person or a client, kept for later questions."""

    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=128)
    reason = models.TextField(blank=True, db_default="")
    data = models.JSONField(default=dict)
    # Known to its digest: a text that was erased cannot be found again by trying.
    salt = models.UUIDField(db_default=RandomUUID(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "id"], name="audit_of_subject"),
            models.Index(fields=["actor", "id"], name="audit_of_actor"),
            models.Index(fields=["action", "id"], name="audit_of_action"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.subject}"


class Seal(models.Model):
    """The place of a record in the chain, written by the database alone.

    `digest` is that of the record, `head` that of this seal and all before it. A record that is
    no longer there still has its seal, so this is no foreign key.
    """

    number = models.BigIntegerField(primary_key=True)
    record = models.BigIntegerField(unique=True)
    digest = models.BinaryField()
    head = models.BinaryField()
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.number}: record {self.record}"
