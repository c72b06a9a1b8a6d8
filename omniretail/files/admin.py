"""Imports in the admin: uploading a file, its progress, its bad rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from core.access.principal import Principal
from core.admin.base import ReadOnlyAdmin, actor_of, at
from core.idempotency.execute import retry_conflicts
from core.imports.models import BadRow, Change, Import, ImportState
from core.imports.reading import CsvFile, look_into
from core.imports.retention import BAD_ROWS
from core.imports.running import UNFINISHED
from core.problems.catalogue import ValidationFailed
from omniretail.files.api.imports import seen_imports
from omniretail.files.api.upload import accept_upload, opened
from omniretail.files.kinds import KINDS
from omniretail.files.people import hides_people, shown_bad_row, shown_change
from omniretail.files.tasks import hint_at_imports

SHOWN = 100  # bad rows shown on the page; the download has all
REFRESH = 3  # seconds, while a worker applies it
COLOURS = {
    ImportState.QUEUED: "warning",
    ImportState.RUNNING: "info",
    ImportState.DONE: "success",
    ImportState.FAILED: "danger",
}


class UploadForm(forms.Form):
    """A file and the options of its import."""

    kind = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        help_text="CSV, UTF-8, comma, with a header row; up to a million rows and 200 MiB.",
    )
    dry_run = forms.BooleanField(
        required=False,
        label="Dry run",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Only say what would change.",
    )
    as_of = forms.SplitDateTimeField(
        required=False,
        label="Seen at",
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="Of stock and counts: when the figures were true. Empty: now.",
    )
    ignore_columns = forms.BooleanField(
        required=False,
        label="Leave other columns out",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Columns that are not known are ignored.",
    )
    reference = forms.CharField(
        required=False,
        max_length=128,
        widget=UnfoldAdminTextInputWidget,
        help_text="What the ledger calls it. Empty: imports/ and its number.",
    )

    def __init__(self, *args: Any, actor: Principal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = [kind for kind in KINDS.values() if actor.may(kind.scope)]
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind.name, kind.name.capitalize()) for kind in self.kinds
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind = KINDS.get(given.get("kind", ""))
        as_of = given.get("as_of")
        if as_of and kind and not kind.takes_as_of:
            self.add_error("as_of", f"An import of {kind.name} has no moment of counting.")
        elif as_of and as_of > timezone.now():
            self.add_error("as_of", "Figures were seen in the past.")
        if kind and isinstance(given.get("file"), UploadedFile) and not self.errors:
            try:
                given["content"] = look_into(
                    opened(given["file"]), kind, ignore_columns=given["ignore_columns"]
                )
            except ValidationFailed as refusal:
                self.refuse(refusal)
        return given

    def refuse(self, refusal: ValidationFailed) -> None:
        for error in refusal.data["errors"]:
            self.add_error("file", error["detail"])


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "label", "progress", "bad", "changed", "actor", "created")
    list_filter = ("state", "kind", "dry_run")
    ordering = ("-id",)
    actions_list = ("upload",)
    readonly_fields = ("progress", "downloads")
    change_form_after_template = "files/import.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        more = ("failure",) if obj and obj.failure else ()
        return (
            "progress", "downloads", *more, "kind", "state", "dry_run",
            "rows_changed", "rows_failed", "file_name", "reference", "as_of",
            "actor", "created_at", "started_at", "finished_at",
        )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Import]:
        return super().get_queryset(request) & seen_imports(actor_of(request))

    @display(description="File", ordering="id")
    def name(self, file: Import) -> str:
        return file.file_name or f"imports/{file.pk}"

    @display(description="State", label=COLOURS)
    def label(self, file: Import) -> tuple[str, str]:
        return file.state, f"{file.get_state_display()}{' (dry run)' if file.dry_run else ''}"

    @display(description="Progress")
    def progress(self, file: Import) -> SafeString:
        return format_html(
            '<progress max="{}" value="{}" aria-label="Rows done"></progress> {} of {}',
            file.rows_total,
            file.rows_done,
            f"{file.rows_done:,}",
            f"{file.rows_total:,}",
        )

    @display(description="Bad rows", ordering="rows_failed")
    def bad(self, file: Import) -> str:
        return f"{file.rows_failed:,}" if file.rows_failed else "–"

    @display(description="Changed", ordering="rows_changed")
    def changed(self, file: Import) -> str:
        return f"{file.rows_changed:,}"

    @display(description="Created", ordering="id")
    def created(self, file: Import) -> str:
        return at(file.created_at)

    @display(description="Downloads")
    def downloads(self, file: Import) -> SafeString | str:
        if BAD_ROWS.is_over(file.finished_at):
            return f"deleted {BAD_ROWS.days} days after its end"
        names = [("errors", "Bad rows")] * bool(file.rows_failed)
        names += [("changes", "What would change")] * file.dry_run
        links = [
            format_html(
                '<a class="text-link" href="/api/v1/imports/{}/{}">{} (CSV)</a>', file.pk, *each
            )
            for each in names
        ]
        return SafeString(" · ".join(links)) if links else "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        file = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if file is not None:
            hidden = hides_people(file, actor_of(request))
            context |= {
                "bad_rows": _bad_rows(file, hidden=hidden),
                "changes": _changes(file, hidden=hidden),
                "shown": SHOWN,
            }
        page = super().change_view(request, object_id, form_url, context)
        if file is not None and file.state in UNFINISHED:
            page["Refresh"] = str(REFRESH)
        answer: HttpResponse = page
        return answer

    @action(description="Send a file", url_path="upload", icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Accept a file; then redirect to its page, which shows the progress."""
        actor = actor_of(request)
        posted = request.method == "POST"
        form = UploadForm(
            request.POST if posted else None, request.FILES if posted else None, actor=actor
        )
        if not form.kinds:
            raise PermissionDenied
        if posted and form.is_valid():
            file = _accept(form, actor)
            if file is not None:
                address = reverse("admin:imports_import_change", args=[file.pk])
                return HttpResponseRedirect(address)
        context = {
            **self.admin_site.each_context(request),
            "title": "Send a file",
            "opts": self.opts,
            "form": form,
            "kinds": form.kinds,
        }
        return TemplateResponse(request, "files/upload.html", context)


def _accept(form: UploadForm, actor: Principal) -> Import | None:
    given = form.cleaned_data
    content = given["content"]
    assert isinstance(content, CsvFile)

    @transaction.atomic
    def accept() -> Import:
        file = accept_upload(form=given, content=content, upload=given["file"], actor=actor)
        transaction.on_commit(hint_at_imports)
        return file

    try:
        return retry_conflicts(accept)
    except ValidationFailed as refusal:
        form.refuse(refusal)
        return None


def _bad_rows(file: Import, *, hidden: bool) -> dict[str, Any] | None:
    found = BadRow.objects.filter(file=file).order_by("line", "id")[:SHOWN]
    rows = [
        [
            row["line"],
            row["column"] or "–",
            row["reason"],
            ", ".join(f"{n}: {v}" for n, v in row["row"].items()),
        ]
        for row in (shown_bad_row(row, file, hidden=hidden) for row in found)
    ]
    return {"headers": ["Line", "Column", "What is wrong", "Row"], "rows": rows} if rows else None


def _changes(file: Import, *, hidden: bool) -> dict[str, Any] | None:
    found = Change.objects.filter(file=file).order_by("line", "id")[:SHOWN]
    rows = [
        [change["line"], change["subject"], _written(change["before"]), _written(change["after"])]
        for change in (shown_change(change, hidden=hidden) for change in found)
    ]
    return {"headers": ["Line", "What", "From", "To"], "rows": rows} if rows else None


def _written(value: Any) -> str:
    if not isinstance(value, dict):
        return "nothing"
    return ", ".join(f"{name}: {each}" for name, each in value.items())[:300]
