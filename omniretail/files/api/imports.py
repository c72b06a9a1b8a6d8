"""`/imports`: uploading files, their progress, their bad rows."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.csv_export import CsvRenderer, stream_csv, text
from core.api.filters import UPDATED_AT
from core.api.views import ApiView, listed
from core.imports.documents import bad_row_document, change_document, import_document
from core.imports.models import BadRow, Change, Import, ImportState
from core.imports.reading import look_into
from core.imports.retention import BAD_ROWS, CHANGES
from core.problems.catalogue import NotFound
from core.retention.rules import Rule
from omniretail.files.api.filters import ImportFilters, RowFilters
from omniretail.files.api.upload import (
    FormParser,
    UploadBody,
    accept_upload,
    check_scope,
    opened,
)
from omniretail.files.kinds import KIND_NAMES, KINDS
from omniretail.files.tasks import hint_at_imports

LAST_ID = 2**63 - 1


class ImportAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(KIND_NAMES)
    state = serializers.ChoiceField(ImportState.choices)
    dry_run = serializers.BooleanField()
    file_name = serializers.CharField()
    reference = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True)
    rows_total = serializers.IntegerField()
    rows_done = serializers.IntegerField(help_text="Looked at so far, bad ones included")
    rows_failed = serializers.IntegerField(help_text="Bad ones: see errors_url")
    rows_changed = serializers.IntegerField(help_text="In a dry run: that would change something")
    failure = serializers.CharField(allow_null=True, help_text="Why a failed one stopped")
    errors_url = serializers.CharField()
    changes_url = serializers.CharField(allow_null=True, help_text="Of a dry run")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)


class BadRowAnswer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Of the file; its header is line 1")
    column = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    reason = serializers.CharField()
    row = serializers.DictField(child=serializers.CharField())


class ChangeAnswer(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    subject = serializers.CharField(help_text="stock/A1@S1")
    before = serializers.DictField(allow_null=True, help_text="null: it would be new")
    after = serializers.DictField(allow_null=True)


def seen_imports(actor: Principal) -> QuerySet[Import]:
    """Return the imports that an actor may see: of kinds that it may send, and only its own
    where it is restricted to some channels or locations."""
    kinds = [kind.name for kind in KINDS.values() if actor.may(kind.scope)]
    return Import.objects.visible_to(actor).filter(kind__in=kinds)


class ImportsView(ApiView):
    # Which one depends on the kind; without any the list is empty.
    scopes = {"GET": None, "POST": None}
    parser_classes = [FormParser]

    filterset_class = ImportFilters

    @extend_schema(operation_id="list_imports", responses={200: listed(ImportAnswer)})
    def get(self, request: Request) -> Response:
        """List imports, the newest first."""
        return self.page(
            seen_imports(self.actor),
            render=lambda found: [import_document(file) for file in found],
        )

    @extend_schema(
        operation_id="import_file",
        request={"multipart/form-data": UploadBody},
        responses={202: ImportAnswer},
    )
    def post(self, request: Request) -> HttpResponse:
        """Take a CSV file, to be applied by a worker.

        The answer comes once the rows are stored. Good rows are applied, bad ones listed by line
        and reason under `errors_url`; the same file twice changes nothing. A `dry_run` changes
        nothing and lists the changes it would make under `changes_url`.
        """
        form = self.body(UploadBody)
        kind = KINDS[form["kind"]]
        check_scope(kind, self.actor)
        upload = form.pop("file")
        content = look_into(opened(upload), kind, ignore_columns=form["ignore_columns"])

        def effect() -> tuple[int, Any]:
            file = accept_upload(form=form, content=content, upload=upload, actor=self.actor)
            transaction.on_commit(hint_at_imports)
            return 202, import_document(file)

        said = {name: str(value) for name, value in form.items()}
        return self.act(effect, content=said | {"file": content.digest})


class OneImport(ApiView):
    """Base of the endpoints of one import."""

    def find(self, id: str) -> Import:
        if not (id.isascii() and id.isdecimal()) or int(id[:20]) > LAST_ID:
            raise NotFound()
        file = seen_imports(self.actor).filter(pk=int(id)).first()
        if file is None:
            raise NotFound()
        return file


class ImportView(OneImport):
    scopes = {"GET": None}

    @extend_schema(operation_id="get_import", responses={200: ImportAnswer})
    def get(self, request: Request, id: str) -> Response:
        """Show the progress of an import."""
        return Response(import_document(self.find(id)))


class RowsView(OneImport):
    """Rows of an import: as CSV, or in pages for clients that accept JSON."""

    scopes = {"GET": None}
    filterset_class = RowFilters
    renderer_classes = [CsvRenderer, JSONRenderer]

    def wants_csv(self, request: Request) -> bool:
        return isinstance(request.accepted_renderer, CsvRenderer)

    def find_rows(self, id: str, rule: Rule) -> Import:
        """Return the import; without its rows an empty list would say that there were none."""
        file = self.find(id)
        if rule.is_over(file.finished_at):
            raise NotFound(f"The rows of an import are deleted {rule.days} days after its end.")
        return file


class ImportErrorsView(RowsView):
    @extend_schema(
        operation_id="list_import_errors",
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/json"): listed(BadRowAnswer),
        },
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        """Download every bad row with its line and reason; with `Accept: application/json`, a
        page of them."""
        file = self.find_rows(id, BAD_ROWS)
        filters = self.filterset(BadRow.objects.filter(file=file))
        filters.check()
        if self.wants_csv(request):
            return stream_errors(file)
        return filters.page(request, render=lambda found: [bad_row_document(row) for row in found])


class ImportChangesView(RowsView):
    @extend_schema(
        operation_id="list_import_changes",
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/json"): listed(ChangeAnswer),
        },
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        """Download the changes that a dry run found; with `Accept: application/json`, a page."""
        file = self.find_rows(id, CHANGES)
        filters = self.filterset(Change.objects.filter(file=file))
        filters.check()
        if self.wants_csv(request):
            return stream_changes(file)
        return filters.page(
            request, render=lambda found: [change_document(change) for change in found]
        )


def stream_errors(file: Import) -> HttpResponseBase:
    """Answer with the bad rows of a file: line, column, code and reason, then the original
    cells.
    """
    cells = "".join(f""", {text(f"row ->> '{name}'")} AS "row.{name}" """ for name in file.columns)
    return stream_csv(
        f"""SELECT line, {text('"column"')} AS "column", code, {text("reason")} AS reason{cells}
            FROM {BadRow._meta.db_table} WHERE file_id = %s ORDER BY line, id""",
        [file.pk],
        file_name=f"import-{file.pk}-errors.csv",
    )


def stream_changes(file: Import) -> HttpResponseBase:
    return stream_csv(
        f"""SELECT line, {text("subject")} AS subject, {text("before::text")} AS before,
                   {text("after::text")} AS after
            FROM {Change._meta.db_table} WHERE file_id = %s ORDER BY line, id""",
        [file.pk],
        file_name=f"import-{file.pk}-changes.csv",
    )


urlpatterns = [
    path("imports", ImportsView.as_view()),
    path("imports/<str:id>", ImportView.as_view()),
    path("imports/<str:id>/errors", ImportErrorsView.as_view()),
    path("imports/<str:id>/changes", ImportChangesView.as_view()),
]
