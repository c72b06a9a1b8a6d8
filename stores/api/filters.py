"""What the lists of locations and channels can be asked, and filters by location."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from core.api.filters import Choices, Codes, ResourceFilterSet, Search
from stores.choices import CAPABILITIES, LocationKind
from stores.queries.network import location_ids


class Locations(Codes):
    """Rows of these locations, by a column that refers to them."""

    def filter(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return rows
        return rows.filter(**{f"{self.field_name}__in": location_ids(value)})


class LocationFilters(ResourceFilterSet):
    order_by = "code"

    q = Search("code", "name", help_text="Part of code or name")
    kind = Choices(LocationKind.choices)
    capability = Choices([(name, name) for name in CAPABILITIES], method="with_any")

    def with_any(self, rows: QuerySet[Any], _: str, names: list[str]) -> QuerySet[Any]:
        wanted = Q()
        for name in names:
            wanted |= Q(**{name: True})
        return rows.filter(wanted)


class ChannelFilters(ResourceFilterSet):
    order_by = "code"
