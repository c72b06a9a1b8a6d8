"""Recording scans. The client makes each scan's id: the same id is the same scan."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet
from psycopg import sql

from core.access.principal import Principal
from inventory.queries.scan import Read

L = TypeVar("L", bound=Model)

_INSERT = sql.SQL("""
    INSERT INTO {table} (scan_id, {owner}, line_id, payload, quantity, verdict, scanned_at, actor)
    SELECT s.scan_id, %s, s.line_id, s.payload, s.quantity, s.verdict, s.at, %s
    FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::int[], %s::text[], %s::timestamptz[])
        AS s(scan_id, line_id, payload, quantity, verdict, at)
    ON CONFLICT DO NOTHING RETURNING scan_id
""")


@dataclass(frozen=True, slots=True)
class Judged(Generic[L]):
    """A scan with its verdict, and the line that it belongs to."""

    read: Read
    verdict: str
    line: L | None = None


@dataclass(frozen=True, slots=True)
class ScanBook:
    """A table of scans: `owner` is its foreign key to the scanned list."""

    table: type[Model]
    owner: str

    def unseen(self, reads: Sequence[Read]) -> list[Read]:
        """Return the scans with new ids; the first of equal ids counts."""
        first = {read.scan_id: read for read in reversed(reads)}
        stored = set(self._named(first).values_list("scan_id", flat=True))
        return [r for r in reads if first[r.scan_id] is r and r.scan_id not in stored]

    def keep(self, judged: Sequence[Judged[L]], *, owner: int, actor: Principal) -> list[Judged[L]]:
        """Store the scans; return those whose ids were new.

        An id that another transaction has stored since the check is left out.
        """
        # In one order, so that two transactions with the same ids do not deadlock.
        rows = sorted(judged, key=lambda one: one.read.scan_id)
        insert = _INSERT.format(
            table=sql.Identifier(self.table._meta.db_table), owner=sql.Identifier(self.owner)
        )
        with connection.cursor() as cursor:
            cursor.execute(
                insert,
                [
                    owner,
                    actor.name[:150],
                    [one.read.scan_id for one in rows],
                    [one.line.pk if one.line else None for one in rows],
                    [one.read.payload for one in rows],
                    [one.read.quantity for one in rows],
                    [str(one.verdict) for one in rows],
                    [one.read.at for one in rows],
                ],
            )
            new = {row[0] for row in cursor.fetchall()}
        return [one for one in judged if one.read.scan_id in new]

    def results(
        self, reads: Sequence[Read], kept: Sequence[Judged[L]]
    ) -> list[tuple[dict[str, Any], Any]]:
        """Return the result of each scan, with its scan as it is now stored.

        A scan that was not stored is a `duplicate` and carries its first result.
        """
        fresh = {one.read.scan_id: one.read for one in kept}
        written = {scan.scan_id: scan for scan in self._named({r.scan_id for r in reads})}
        results = []
        for read in reads:
            scan = written[read.scan_id]
            result = {"scan_id": str(read.scan_id), "result": scan.verdict}
            if fresh.get(read.scan_id) is not read:
                result |= {"result": "duplicate", "first_result": scan.verdict}
            results.append((result, scan))
        return results

    def _named(self, scan_ids: Collection[UUID]) -> QuerySet[Any]:
        return self.table._default_manager.filter(scan_id__in=list(scan_ids))
