"""The audit trail: who did what, and why; and the security log, which is part of it.

Rows are only added, and chained (`sealing.py`).
"""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.access.principal import Principal
from core.access.visibility import Visible


class Kind(models.TextChoices):
    ACT = "act", "Act"
    SECURITY = "security", "Security"


class Outcome(models.TextChoices):
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"


class AuditRecord(Visible):
    """One act of a person or a client, kept for later questions.

    Records of the kind `security` are decisions about access: they say from which address, and
    whether it was allowed. None holds personal data of customers.
    """

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=16, choices=Kind, db_default=Kind.ACT)
    actor = models.CharField(max_length=150)
    actor_id = models.CharField("actor's id", max_length=64, blank=True, db_default="")
    address = models.CharField(max_length=64, blank=True, db_default="")
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=128)
    outcome = models.CharField(max_length=16, choices=Outcome, db_default=Outcome.DONE)
    reason = models.TextField(blank=True, db_default="")
    data = models.JSONField(default=dict)
    # Known to its digest: a text that was erased cannot be found again by trying.
    salt = models.UUIDField(db_default=RandomUUID(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "id"], name="audit_of_subject"),
            models.Index(fields=["actor", "id"], name="audit_of_actor"),
            models.Index(fields=["action", "id"], name="audit_of_action"),
            models.Index(fields=["at", "id"], condition=Q(kind="security"), name="audit_security"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.subject}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """All for one that is tied to nothing, else its own acts."""
        return Q(actor_id=principal.id) if principal.is_tied else Q()


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


class SecurityRecord(AuditRecord):
    """The audit records that are decisions about access."""

    class Meta:
        proxy = True
        verbose_name = "security record"
