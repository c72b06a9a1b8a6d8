"""Times as the API writes and reads them: RFC 3339, in UTC with a Z."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection


def as_text(at: datetime | None) -> str | None:
    """Write a time to the millisecond."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def database_now() -> datetime:
    """Return the database's clock, by which holds end, so that no two servers disagree."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)
    return now
