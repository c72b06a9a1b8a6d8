"""The audit trail: who did what, and why."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from unfold.decorators import display

from core.admin.base import Personal, Searched, at
from core.audit.models import AuditRecord


@admin.register(AuditRecord)
class AuditRecordAdmin(Searched, Personal):
    personal = ("data",)
    list_display = ("written", "actor", "action", "subject", "reason")
    ordering = ("-id",)
    search_help_text = "Subject (orders/100001), actor or action"

    def find(self, word: str) -> Q:
        return Q(subject=word) | Q(actor=word) | Q(action=word)

    @display(description="When", ordering="id")
    def written(self, entry: AuditRecord) -> str:
        return at(entry.at)
