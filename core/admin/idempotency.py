"""Stored answers, which repeated requests get."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from unfold.decorators import display

from core.admin.base import Personal, Searched, at
from core.idempotency.models import StoredAnswer


class StatusFilter(admin.SimpleListFilter):
    """Three kinds of answer: a list of all statuses would read the whole table."""

    title = "answer"
    parameter_name = "answer"
    rules = {
        "accepted": Q(status__lt=400),
        "refused": Q(status__gte=400),
        "running": Q(status__isnull=True),
    }

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(rule, rule.capitalize()) for rule in self.rules]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rule = self.rules.get(self.value() or "")
        return queryset.filter(rule) if rule else queryset


@admin.register(StoredAnswer)
class StoredAnswerAdmin(Searched, Personal):
    personal = ("body",)
    list_display = ("key", "owner", "status", "created")
    list_filter = (StatusFilter,)
    ordering = ("-id",)
    search_help_text = "The whole key"

    def find(self, word: str) -> Q:
        return Q(key=word)

    @display(description="Created", ordering="id")
    def created(self, answer: StoredAnswer) -> str:
        return at(answer.created_at)
