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
from inventory.barcodes import as_kept
from inventory.models.scan import ScanRecord
from inventory.queries.barcode_owners import Label
from inventory.queries.scan import Read

L = TypeVar("L", bound=Model)

_INSERT = sql.SQL("""
    INSERT INTO {table} (scan_id, {owner}, line_id, payload, quantity, units, sku_id, lot, serial,
                         expiry, verdict, detail, scanned_at, actor)
    SELECT s.scan_id, %(owner)s, s.line_id, s.payload, s.quantity, s.units, s.sku_id, s.lot,
           s.serial, s.expiry, s.verdict, s.detail, s.at, %(actor)s
    FROM unnest(
        %(scan_id)s::uuid[], %(line_id)s::bigint[], %(payload)s::text[], %(quantity)s::int[],
        %(units)s::bigint[], %(sku_id)s::bigint[], %(lot)s::text[], %(serial)s::text[],
        %(expiry)s::date[], %(verdict)s::text[], %(detail)s::text[], %(at)s::timestamptz[]
    ) AS s(scan_id, line_id, payload, quantity, units, sku_id, lot, serial, expiry, verdict,
           detail, at)
    ON CONFLICT DO NOTHING RETURNING scan_id
""")
DETAIL_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Judged(Generic[L]):
    """A scan with its verdict, the line that it belongs to, and what its label says.

    `detail` says why it was not accepted.
    """

    read: Read
    verdict: str
    line: L | None = None
    label: Label | None = None
    detail: str = ""

    @property
    def units(self) -> int:
        """All units that were read: a case code read twice is two cases."""
        return self.read.quantity * (self.label.scanned.units if self.label else 1)

    @property
    def payload(self) -> str:
        """What is kept of the text that was read."""
        return self.read.payload if self.label else as_kept(self.read.payload)


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
        said = [one.label.scanned if one.label else None for one in rows]
        insert = _INSERT.format(
            table=sql.Identifier(self.table._meta.db_table), owner=sql.Identifier(self.owner)
        )
        with connection.cursor() as cursor:
            cursor.execute(
                insert,
                {
                    "owner": owner,
                    "actor": actor.name[:150],
                    "scan_id": [one.read.scan_id for one in rows],
                    "line_id": [one.line.pk if one.line else None for one in rows],
                    "payload": [one.payload for one in rows],
                    "quantity": [one.read.quantity for one in rows],
                    "units": [one.units for one in rows],
                    "sku_id": [one.label.sku_id if one.label else None for one in rows],
                    "lot": [(each and each.lot) or "" for each in said],
                    "serial": [(each and each.serial) or "" for each in said],
                    "expiry": [each and each.expiry for each in said],
                    "verdict": [str(one.verdict) for one in rows],
                    "detail": [one.detail[:DETAIL_LENGTH] for one in rows],
                    "at": [one.read.at for one in rows],
                },
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
        named = self._named({r.scan_id for r in reads}).select_related("sku")
        written = {scan.scan_id: scan for scan in named}
        results = []
        for read in reads:
            scan = written[read.scan_id]
            result = {"scan_id": str(read.scan_id), "result": scan.verdict}
            if fresh.get(read.scan_id) is not read:
                result |= {"result": "duplicate", "first_result": scan.verdict}
            results.append((result | said_of(scan), scan))
        return results

    def _named(self, scan_ids: Collection[UUID]) -> QuerySet[Any]:
        return self.table._default_manager.filter(scan_id__in=list(scan_ids))


def said_of(scan: ScanRecord) -> dict[str, Any]:
    """Return what a stored scan says of its goods, and why it was not accepted; nothing empty."""
    said = {
        "sku": scan.sku.code if scan.sku else None,
        "units": scan.units if scan.sku else None,
        "lot": scan.lot,
        "serial": scan.serial,
        "expiry": scan.expiry.isoformat() if scan.expiry else None,
        "detail": scan.detail,
    }
    return {name: value for name, value in said.items() if value}


def too_many(one: Judged[Any], left: int) -> str:
    """Say why units are more than are asked for."""
    assert one.label
    said = one.label.scanned
    of = f"Of {said.sku}, {left or 'no'} more {'is' if left < 2 else 'are'} asked for."
    return of if said.units == 1 else f"{of} This is {said.count(one.read.quantity)}."
