"""Which rows are deleted some days after they have served, and deleting them in batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of one table, and when they have served. `settings.RETENTION_RULES` names them all.

    `walk` selects (key, made_at, served_at) of at most `%(limit)s` rows after `%(after)s`, in an
    order in which `made_at` grows; `served_at` is null while a row is in use. It is walked from
    the oldest row to the first that is too young, so it must use an index. `delete` deletes what
    belongs to `%(keys)s`, at most `batch` keys in one transaction. The days are those of `period`
    in `settings.RETENTION_DAYS`; 0: for ever.
    """

    period: str
    walk: str
    delete: str
    batch: int = 5_000

    @property
    def days(self) -> int:
        return max(0, settings.RETENTION_DAYS[self.period])  # a slip must not delete today's rows

    def is_over(self, served_at: datetime | None) -> bool:
        """Say whether rows that served at that time are deleted, or will be by the next run."""
        return bool(self.days) and served_at is not None and served_at < _before(self.days)


def delete_served(rule: Rule) -> int:
    """Delete the rows of a rule that have served long enough; return how many.

    Each batch is a transaction of its own: an end half way leaves the rest to the next run.
    """
    if not rule.days:
        return 0
    before, after, total = _before(rule.days), 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(rule.walk, {"after": after, "limit": rule.batch})
            rows = cursor.fetchall()
            keys = [key for key, _, served_at in rows if served_at and served_at < before]
            if keys:
                cursor.execute(rule.delete, {"keys": keys})
                total += cursor.rowcount
        if len(rows) < rule.batch or rows[-1][1] >= before:
            return total
        after = rows[-1][0]


def _before(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)
