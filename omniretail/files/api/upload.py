"""Uploading a file: the multipart body, its limits, and the scope that its kind needs."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser

from core.access.permissions import refuse_tied
from core.access.principal import Principal
from core.api.fields import StrictSerializer
from core.imports.accepting import ImportOptions, accept_file
from core.imports.kinds import Kind
from core.imports.models import Import
from core.imports.reading import CsvFile
from core.problems.catalogue import Forbidden, MalformedBody
from inventory.api.fields import PastMomentField, ReferenceField
from omniretail.files.kinds import KIND_NAMES, KINDS


class FormParser(MultiPartParser):
    """Parses multipart/form-data; a malformed body is a 4xx, not a 500."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RequestDataTooBig:
            raise
        except SuspiciousOperation as error:  # too many fields or files
            raise MalformedBody(f"The form cannot be read: {error}") from error
        except ParseError as error:
            raise MalformedBody(f"The form cannot be read: {error.detail}") from error


class UploadBody(StrictSerializer):
    """The form of an import."""

    kind = serializers.ChoiceField(KIND_NAMES)
    file = serializers.FileField(allow_empty_file=True, help_text="CSV, UTF-8, with a header row")
    as_of = PastMomentField(
        required=False,
        help_text="When all rows were seen that do not say so themselves: stock, counts",
    )
    dry_run = serializers.BooleanField(required=False, default=False)
    ignore_columns = serializers.BooleanField(
        required=False, default=False, help_text="Leave out columns that are not known"
    )
    reference = ReferenceField(required=False, allow_blank=True, default="")

    def validate(self, attrs: Any) -> Any:
        as_of = attrs.get("as_of")
        if as_of is not None and not KINDS[attrs["kind"]].takes_as_of:
            raise serializers.ValidationError(
                {"as_of": f"An import of {attrs['kind']} has no moment of counting."},
                code="not_taken",
            )
        return attrs


NETWORK = "network:write"


def check_scope(kind: Kind, actor: Principal) -> None:
    """Refuse a kind that the actor may not send."""
    if not actor.may(kind.scope):
        raise Forbidden(f"An import of {kind.name} needs the scope {kind.scope}.", scope=kind.scope)
    if kind.scope == NETWORK:
        refuse_tied(actor)


def opened(upload: UploadedFile[Any]) -> BinaryIO:
    """Return the uploaded file: on disk, unless it is small."""
    assert upload.file is not None
    return cast(BinaryIO, upload.file)


def accept_upload(
    *, form: dict[str, Any], content: CsvFile, upload: UploadedFile[Any], actor: Principal
) -> Import:
    """Stage the file of a validated `UploadBody`."""
    return accept_file(
        content=content,
        kind=KINDS[form["kind"]],
        options=ImportOptions(
            dry_run=form["dry_run"],
            reference=form["reference"],
            as_of=form.get("as_of"),
            file_name=upload.name or "",
        ),
        actor=actor,
    )
