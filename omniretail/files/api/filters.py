"""What the lists of files, of their bad rows and of their changes can be asked."""

from __future__ import annotations

from core.api.filters import Boolean, Choices, FilterSet, ResourceFilterSet
from core.imports.models import ImportState
from omniretail.files.kinds import KIND_NAMES


class ImportFilters(ResourceFilterSet):
    order_by = "-id"

    kind = Choices([(name, name) for name in KIND_NAMES])
    state = Choices(ImportState.choices)
    dry_run = Boolean()


class RowFilters(FilterSet):
    """Pages, where JSON is asked for: the CSV has all rows."""
