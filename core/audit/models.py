"""The audit trail: who did what, and why."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.access.principal import Principal
from core.access.visibility import Visible


class AuditRecord(Visible):
    """One act of a person or a client, kept for later questions."""

    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=128)
    reason = models.TextField(blank=True, db_default="")
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "id"], name="audit_of_subject"),
            models.Index(fields=["actor", "id"], name="audit_of_actor"),
            models.Index(fields=["action", "id"], name="audit_of_action"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.subject}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """All for one that is tied to nothing, else its own acts."""
        return Q(actor=principal.name) if principal.is_tied else Q()
