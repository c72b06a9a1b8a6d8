"""What a person sees in the admin: each list, page, choice and filter reads through the rules.

The rules themselves stand beside the models (`core.access.visibility`).
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.filters import FieldListFilter, RelatedFieldListFilter
from django.contrib.admin.options import BaseModelAdmin
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest

from core.access.visibility import Visible
from core.pages.staff import actor_of

# What Django's filters, and the links of our pages, add to the name of a column in an address.
LOOKUPS = ("", "__exact", "__in", "__id__exact", "__id__in", "__isnull", "__gte", "__lt")


def seen(rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    """Return those of the rows that this person sees; all of a model without a rule."""
    if not issubclass(rows.model, Visible):
        return rows
    return rows.filter(rows.model.visibility(actor_of(request)))


class VisibleAdmin(BaseModelAdmin):  # type: ignore[type-arg]
    """Base of every table and inline: rows of other places do not exist for a person.

    `concerns_all`: the rows concern no place, as the catalogue does, and all may look at them. Of
    other models without a rule, such as accounts and keys, people who are tied to places see none.
    `scope_to_change`: what a role must have besides Django's permission to change a row.
    `changed_by_tied`: people tied to places change the rows of these. Else they change none, since
    what is configured concerns others too.
    `linked_by`: look-ups by which pages link to the list, besides its filters.
    """

    concerns_all: bool = False
    scope_to_change: str = "*"
    changed_by_tied: bool = False
    linked_by: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return seen(super().get_queryset(request), request)

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any] | None:
        """Offer as a foreign key only what the person sees, and take nothing else."""
        rows = super().get_field_queryset(db, db_field, request)
        model = db_field.remote_field.model
        if rows is None and issubclass(model, Visible):
            rows = model._default_manager.using(db).all()
        return rows if rows is None else seen(rows, request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Take from an address what the list's filters and our links ask, and nothing more.

        Django would take any column of the table: `?ship_to__line1__startswith=1` tells by the
        number of rows what a person may not read.
        """
        assert request is not None
        names = [_name_of(each) for each in self.get_list_filter(request)]  # type: ignore[attr-defined]
        declared = {f"{name}{suffix}" for name in names for suffix in LOOKUPS}
        return lookup in declared or lookup in self.linked_by

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        has_rule = self.concerns_all or issubclass(self.model, Visible)
        sees = has_rule or not actor_of(request).is_tied
        return sees and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.may_change(request) and super().has_add_permission(request, *args)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change(request) and super().has_delete_permission(request, obj)

    def may_change(self, request: HttpRequest) -> bool:
        """Say whether role and ties let a person change rows, besides Django's permission."""
        actor = actor_of(request)
        return actor.may(self.scope_to_change) and (self.changed_by_tied or not actor.is_tied)


def _name_of(filter: Any) -> str:
    """Return what a filter is called in the address, but for `LOOKUPS`."""
    if isinstance(filter, (list, tuple)):
        filter = filter[0]
    return filter if isinstance(filter, str) else str(filter.parameter_name)


class VisibleChoices(RelatedFieldListFilter):
    """Offers as a filter the places and channels that a person sees."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[str, Any]]:
        model = field.remote_field.model
        answer: list[tuple[str, Any]] = field.get_choices(
            include_blank=False,
            ordering=self.field_admin_ordering(field, request, model_admin),
            limit_choices_to=model.visibility(actor_of(request)),
        )
        return answer

    def has_output(self) -> bool:
        """Apply what the address asks also where there is one choice: Django would drop it."""
        return self.lookup_val is not None or super().has_output()


def _is_to_visible(field: Field[Any, Any]) -> bool:
    other = field.remote_field
    return bool(other and isinstance(other.model, type) and issubclass(other.model, Visible))


FieldListFilter.register(_is_to_visible, VisibleChoices, take_priority=True)
