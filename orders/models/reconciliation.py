"""The nightly checks of the laws, and the violations found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.access.principal import Principal
from core.access.visibility import Visible, untied


class Reconciliation(Visible):
    """One check of every law over every row."""

    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField()
    rows_checked = models.PositiveBigIntegerField(help_text="Stock rows, each with its ledger")
    # All of them; the first thousand are listed.
    violation_count = models.PositiveBigIntegerField()
    asked_by = models.CharField(max_length=150)

    class Meta:
        verbose_name = "check"
        verbose_name_plural = "checks"

    def __str__(self) -> str:
        return f"Check of {self.started_at:%Y-%m-%d %H:%M} UTC"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """All, for one that is tied to nothing: a check is of the whole pool."""
        return untied(principal)


class Violation(Visible):
    """One violation of a law. Codes are copied, because the rows may be deleted later."""

    hangs_on = ("reconciliation",)

    reconciliation = models.ForeignKey(
        Reconciliation, on_delete=models.CASCADE, related_name="violations"
    )
    law = models.CharField(max_length=64)
    sku = models.CharField(max_length=64, blank=True)
    location = models.CharField(max_length=64, blank=True)
    subject = models.TextField()
    expected = models.BigIntegerField()
    found = models.BigIntegerField()
    # Not found by the check before.
    is_new = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.law}: {self.subject}"
