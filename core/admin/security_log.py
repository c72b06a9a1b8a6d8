"""The security log: who was let in or refused, when, from where, and what it was about."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from unfold.decorators import display

from core.access.models import User
from core.admin.base import ReadOnlyAdmin, Searched, at
from core.audit.models import Kind, SecurityRecord

# What a record can be about, by the beginning of its action.
KINDS = {
    "sign": "Signing in and out",
    "second_factor.": "Second factor",
    "session": "Sessions ended",
    "user.": "Rights of people",
    "group.": "Rights of groups",
    "password.": "Passwords",
    "api_client.": "Rights of API clients",
    "api_key.": "API keys",
    "request.refused": "Refused requests",
    "personal_data.": "Personal data read",
    "export": "Exports",
    "customer.": "Customers' data",
    "identity_checked": "Identity checked",
    "wrong_pickup_code": "Wrong pickup codes",
    "security_log.": "Left out",
}


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(KINDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(action__startswith=value) if value in KINDS else queryset


def may_read(request: HttpRequest) -> bool:
    """Say whether a person reads the log: administrators, and managers of all places."""
    if not isinstance(request.user, User) or not request.user.is_active:
        return False
    principal = request.user.principal()
    return principal.may("*") and principal.locations is None


@admin.register(SecurityRecord)
class SecurityRecordAdmin(Searched, ReadOnlyAdmin):
    list_display = ("written", "outcome", "actor", "address", "action", "subject", "more")
    list_filter = (KindFilter, "outcome", "at")
    ordering = ("-at", "-id")
    search_help_text = "Person or client, address, subject (users/3), or a day (2026-11-30)"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecurityRecord]:
        rows: QuerySet[SecurityRecord] = super().get_queryset(request)
        return rows.filter(kind=Kind.SECURITY)

    def find(self, word: str) -> Q:
        try:
            day = parse_date(word)
        except ValueError:  # 2026-02-31
            day = None
        if day is not None:
            begins = timezone.make_aware(datetime.combine(day, time.min))
            return Q(at__gte=begins, at__lt=begins + timedelta(days=1))
        return Q(actor=word) | Q(actor_id=word) | Q(address=word) | Q(subject=word)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_read(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_read(request)

    @display(description="When", ordering="at")
    def written(self, entry: SecurityRecord) -> str:
        return at(entry.at)

    @display(description="More")
    def more(self, entry: SecurityRecord) -> str:
        return json.dumps(entry.data, ensure_ascii=False) if entry.data else ""
