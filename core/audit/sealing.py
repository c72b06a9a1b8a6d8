"""The chain of audit records: sealing those that are new, and checking all of it.

The database does both (migration 0003): each seal has the digest of a record and that of all seals
before it, so that what is changed, removed or inserted later shows. An end that was cut off does
not, unless a digest was kept elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

LOOK_BACK = 10_000  # ids among which a record may commit late; verifying looks at all
AT_ONCE = 10_000
# Longer than any transaction lasts (CELERY_TASK_TIME_LIMIT).
LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Break:
    """A record with which something is wrong. `number` is its seal's; None where it has none."""

    number: int | None
    record: int
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: `head` is the digest of all seals, in hex; `erased` maps records that were
    erased to the records of their erasure."""

    records: int
    head: str
    breaks: list[Break]
    erased: dict[int, int]


def seal_new(*, look_back: int | None = LOOK_BACK) -> int:
    """Seal all records that are committed and not sealed yet; return how many."""
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT audit_seal_new(%s, %s)", [look_back, AT_ONCE])
            made: int = cursor.fetchone()[0]
        total += made
        if made < AT_ONCE:
            return total


def verify(*, late: timedelta = LATE) -> Verdict:
    """Seal what is new, then check every seal and its record."""
    seal_new(look_back=None)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, record, why FROM audit_breaks(make_interval(secs => %s))",
            [late.total_seconds()],
        )
        breaks = [Break(*row) for row in cursor.fetchall()]
        cursor.execute(
            """SELECT count(*), (SELECT encode(head, 'hex') FROM audit_seal
                                 ORDER BY number DESC LIMIT 1) FROM audit_seal"""
        )
        records, head = cursor.fetchone()
        cursor.execute(
            "SELECT record, erasure FROM audit_erasures() JOIN audit_auditrecord r"
            " ON r.id::text = record ORDER BY r.id"
        )
        erased = {int(record): erasure for record, erasure in cursor.fetchall()}
    return Verdict(records, head or "", breaks, erased)


def sealed_as(head: str) -> int | None:
    """Return how many records the chain had when its digest was `head`; None where it never was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM audit_seal WHERE encode(head, 'hex') = %s", [head])
        row = cursor.fetchone()
    return row[0] if row else None
