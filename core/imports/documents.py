"""Imports as the API and the admin show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from core.database.updated_at import exact_text
from core.imports.models import BadRow, Change, Import


def import_document(file: Import) -> dict[str, Any]:
    """Return an import as clients see it. Rows are those of the file, its header not counted."""
    address = f"/api/v1/imports/{file.pk}"
    return {
        "id": str(file.pk),
        "kind": file.kind,
        "state": file.state,
        "dry_run": file.dry_run,
        "file_name": file.file_name,
        "reference": file.reference,
        "as_of": _moment(file.as_of),
        "rows_total": file.rows_total,
        "rows_done": file.rows_done,
        "rows_failed": file.rows_failed,
        "rows_changed": file.rows_changed,
        "failure": file.failure or None,
        "errors_url": f"{address}/errors",
        "changes_url": f"{address}/changes" if file.dry_run else None,
        "created_at": _moment(file.created_at),
        "started_at": _moment(file.started_at),
        "finished_at": _moment(file.finished_at),
        "updated_at": exact_text(file.updated_at),
    }


def bad_row_document(row: BadRow) -> dict[str, Any]:
    return {
        "line": row.line,
        "column": row.column or None,
        "code": row.code,
        "reason": row.reason,
        "row": row.row,
    }


def change_document(change: Change) -> dict[str, Any]:
    return {
        "line": change.line,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
    }


def _moment(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
