"""Base classes of the admin pages: read-only tables, and searches without counting."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BinaryField, JSONField, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from rest_framework import serializers
from unfold import admin as unfold
from unfold.decorators import action
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextareaWidget

from core.access.customers import reads_customers
from core.admin.visible import VisibleAdmin
from core.api.fields import CodeField
from core.pages.staff import actor_of

__all__ = ["actor_of"]  # from where all that the admin's pages share is imported

ROWS = 50  # of one page of a list


class ModelAdmin(VisibleAdmin, unfold.ModelAdmin):
    """Base of all tables."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return a row that the person sees; what is not seen does not exist: 404."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404(f"There is no {self.opts.verbose_name} {object_id[:32]}.")
        return row


class OnlyRead(VisibleAdmin):
    """A table that only commands change."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(OnlyRead, ModelAdmin):
    """Lists and pages without form fields; a page shows every column."""

    list_per_page = ROWS

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # Digests and fingerprints mean nothing to a person, and a key's digest is confidential.
        columns = [
            field.name for field in self.opts.concrete_fields if not isinstance(field, BinaryField)
        ]
        shown = [str(name) for name in self.readonly_fields if name not in columns]
        return columns + shown


class Personal(ReadOnlyAdmin):
    """A table with columns about customers, for those who may read them.

    Others see `masked_<column>` in its place where the page has such a method, else nothing of it.
    They cannot filter by these columns in the address either, which would confirm a guess.
    """

    personal: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self._shown(request, super().get_fields(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [
            (title, options | {"fields": self._shown(request, options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        masked = [name for name in map(self._masked, self.personal) if name]
        return [*super().get_readonly_fields(request, obj), *masked]

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._shown(request, super().get_list_display(request))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        column = lookup.partition("__")[0]
        if request and column in self.personal and not reads_customers(actor_of(request)):
            return False
        return super().lookup_allowed(lookup, value, request)

    def _shown(self, request: HttpRequest, names: Any) -> list[Any]:
        if reads_customers(actor_of(request)):
            return list(names)
        shown: list[Any] = []
        for name in names:
            if isinstance(name, (list, tuple)):
                shown.append(tuple(self._shown(request, name)))
            elif name not in self.personal:
                shown.append(name)
            elif masked := self._masked(name):
                shown.append(masked)
        return shown

    def _masked(self, name: str) -> str | None:
        masked = f"masked_{name}"
        return masked if hasattr(self, masked) else None


class ReadOnlyInline(OnlyRead, unfold.TabularInline):
    """Read-only rows of a page."""

    extra = 0
    hide_title = True
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields or ()


class Searched(ModelAdmin):
    """A table that is searched by whole words, through an index, and never counted.

    `LIKE '%word%'` and `count(*)` over ten million rows would take seconds.
    """

    list_per_page = ROWS
    paginator = InfinitePaginator
    show_full_result_count = False
    search_fields = ("pk",)  # Django shows the search box where this is not empty

    def find(self, word: str) -> Q:
        """Return the rows that match a whole word."""
        raise NotImplementedError

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        word = search_term.strip()
        return (queryset.filter(self.find(word)) if word else queryset), False


class KeptAdmin(ModelAdmin):
    """A table that others refer to permanently: rows may change, but never be deleted."""

    list_per_page = ROWS
    formfield_overrides = {JSONField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4})}}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Downloaded(ModelAdmin):
    """A table that the API also exports as a file, at `download_address`."""

    actions_list = ("download",)
    download_address = ""

    @action(description="Download as CSV", url_path="download", icon="download")
    def download(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(self.download_address)


def link(text: object, to: str, **query: str | int) -> SafeString:
    """Return a link to a list of the admin, filtered: `link("Ledger", "inventory_stock", …)`."""
    address = reverse(f"admin:{to}_changelist")
    return format_html('<a class="text-link" href="{}?{}">{}</a>', address, urlencode(query), text)


def link_to(row: Model | None, text: object = None) -> SafeString | str:
    """Return a link to the page of a row."""
    if row is None:
        return "–"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html(
        '<a class="text-link" href="{}">{}</a>', reverse(name, args=[row.pk]), text or row
    )


def at(moment: datetime | None) -> str:
    """Write a time to the second, in the time zone of the service."""
    if moment is None:
        return "–"
    return formats.date_format(timezone.localtime(moment), "j M Y H:i:s")


def check_code(code: str) -> str:
    """Return a code that is valid in a URL, or raise the form's `ValidationError`."""
    try:
        answer: str = CodeField().run_validation(code)
        return answer
    except serializers.ValidationError as error:
        raise ValidationError([str(detail) for detail in error.detail]) from error


def check_object(value: Any) -> dict[str, Any]:
    """Return a JSON object; an empty value is an empty object."""
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise ValidationError('This must be a JSON object: {"name": "value"}.')
    return value
