"""Accepting a file: staged whole, or refused with nothing stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.access.principal import Principal
from core.audit.record import record
from core.imports.kinds import Kind
from core.imports.models import Import
from core.imports.reading import CsvFile
from core.imports.staging import stage


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import. `as_of`: when all of its figures were taken."""

    dry_run: bool = False
    reference: str = ""
    as_of: datetime | None = None
    file_name: str = ""


def accept_file(
    *, content: CsvFile, kind: Kind, options: ImportOptions, actor: Principal
) -> Import:
    """Stage a file to be applied by a worker, in the caller's transaction.

    Raises `ValidationFailed` at `/file` when it cannot be read.
    """
    file = Import.objects.create(
        kind=kind.name,
        dry_run=options.dry_run,
        reference=options.reference,
        as_of=options.as_of,
        file_name=options.file_name[:200].replace("\x00", ""),
        owner=actor.id,
        actor=actor.name[:150],
        channels=_tied(actor.channels),
        locations=_tied(actor.locations),
        columns=list(content.columns),
    )
    file.rows_total = stage(file, content, kind)
    file.save(update_fields=["rows_total"])
    record(
        actor=actor,
        action="import.accepted",
        subject=f"imports/{file.pk}",
        kind=kind.name,
        rows=file.rows_total,
        dry_run=options.dry_run,
    )
    file.refresh_from_db(fields=["created_at", "updated_at"])
    return file


def _tied(codes: frozenset[str] | None) -> Any:
    return None if codes is None else sorted(codes)
