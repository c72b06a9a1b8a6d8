"""When a resource last changed: kept by the database, so that every writer moves it.

A column of the row itself, moved by a trigger with each change of the row, and by triggers on the
tables of which its document shows rows as well.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pgtrigger
from django.db import models


class WriteTime(models.Func):
    """The clock, read once the transaction has its number.

    By that number `settled_until` knows of the transaction: a time that was read before would
    appear after readers have gone past it.
    """

    template = "(CASE WHEN pg_current_xact_id() IS NOT NULL THEN clock_timestamp() END)"
    output_field = models.DateTimeField()


def updated_at() -> models.DateTimeField[Any, Any]:
    return models.DateTimeField(db_default=WriteTime(), editable=False)


def exact_text(at: datetime) -> str:
    """Write such a time whole: by a part of it, `updated_after` would find the same row again."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moves(*, holds_json: bool = False) -> pgtrigger.Trigger:
    """Move the column with every change of its row. `holds_json`: of one with a `json` column,
    which has no equality, so that rows are compared byte by byte."""
    return pgtrigger.Trigger(
        name="updated_at_moves",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(
            "OLD *<> NEW" if holds_json else "OLD.* IS DISTINCT FROM NEW.*"
        ),
        # The row is locked by now, and the transaction has its number.
        func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
    )


def touches(**rows: str) -> list[pgtrigger.Trigger]:
    """Move the column of other tables' rows when rows of this one come, change or go: by table,
    the query for their ids, in which `changed` are this table's rows."""
    return [
        *_touching(rows, "inserted", pgtrigger.Insert, pgtrigger.Referencing(new="changed")),
        *touches_when_changed(**rows),
        *_touching(rows, "deleted", pgtrigger.Delete, pgtrigger.Referencing(old="changed")),
    ]


def touches_when_changed(**rows: str) -> list[pgtrigger.Trigger]:
    """Do as `touches` does, but leave rows that come alone: who adds one changes another too."""
    return _touching(rows, "updated", pgtrigger.Update, pgtrigger.Referencing(new="changed"))


def _touching(rows: dict[str, str], how: str, operation: Any, seen: Any) -> list[pgtrigger.Trigger]:
    return [
        pgtrigger.Trigger(
            name=f"touches_{how}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=seen,
            # An array: the rows are found by index, however many came with the statement for which
            # the plan was made.
            func=" ".join(
                f"UPDATE {table} SET updated_at = clock_timestamp() WHERE id = ANY(ARRAY({ids}));"
                for table, ids in rows.items()
            )
            + " RETURN NULL;",
        )
    ]
