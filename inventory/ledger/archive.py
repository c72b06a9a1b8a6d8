"""Archiving an old partition of the ledger: all of it to a file, and what is still read stays.

Movements that laws and conditions read one by one stay as they are: goods in, transfers, units
set apart. Between two of them, the others of a Stock row become one movement, `carried_forward`,
with the sum of their deltas and the balances of the last: so every balance is still the sum of
its movements, and each movement follows from the one before.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from inventory.choices import Reason

LEDGER = "inventory_stockmovement"
LOCK_PATIENCE = "2s"  # all readers are waited for, and all writers queue meanwhile

_READ_ONE_BY_ONE = f"""(unavailable_delta <> 0 OR reason IN (
    '{Reason.RECEIPT}', '{Reason.TRANSFER_IN}', '{Reason.TRANSFER_OUT}',
    '{Reason.TRANSFER_SURPLUS}'))"""
_LAST = "(array_agg({0} ORDER BY id DESC))[1]"
# A stretch is named by the number of movements before it that stay. One alone stays as it is.
_CARRY = f"""
INSERT INTO {LEDGER}_carried
    (id, sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta,
     on_hand_after, reserved_after, unavailable_after,
     reason, reference, actor, occurred_at, recorded_at)
SELECT max(id), sku_id, location_id,
       sum(on_hand_delta), sum(reserved_delta), sum(unavailable_delta),
       {_LAST.format("on_hand_after")}, {_LAST.format("reserved_after")},
       {_LAST.format("unavailable_after")},
       CASE WHEN count(*) = 1 THEN min(reason) ELSE '{Reason.CARRIED_FORWARD}' END,
       CASE WHEN count(*) = 1 THEN min(reference) ELSE %(name)s END,
       CASE WHEN count(*) = 1 THEN min(actor) ELSE %(actor)s END,
       {_LAST.format("occurred_at")}, {_LAST.format("recorded_at")}
FROM (
    SELECT *, {_READ_ONE_BY_ONE} AS stays,
           count(*) FILTER (WHERE {_READ_ONE_BY_ONE})
               OVER (PARTITION BY sku_id, location_id ORDER BY id) AS stretch
    FROM {{partition}}
) AS m
GROUP BY sku_id, location_id, stretch, stays
"""
_SUMS = """
SELECT sku_id, location_id, sum(on_hand_delta), sum(reserved_delta), sum(unavailable_delta),
       max(id) FROM {} GROUP BY sku_id, location_id
"""
_PARTITIONS = f"""
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = '{LEDGER}'::regclass AND c.relname ~ '_p[0-9]+$'
ORDER BY length(c.relname), c.relname
"""


@dataclass(frozen=True, slots=True)
class Archived:
    """A partition that was archived: movements in the file, and those left in the database."""

    name: str
    file: Path
    sha256: str
    movements: int
    left: int
    table: str  # where they still are until it is dropped by hand


class ArchiveFailed(Exception):
    """The file or the sums do not say what the partition says; the ledger is as it was."""


def partitions_before(days: int) -> list[str]:
    """Return full partitions, all of whose movements are older, that are not archived yet."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        for name, _ in cursor.fetchall():
            cursor.execute(
                f"""SELECT max(recorded_at) < statement_timestamp() - make_interval(days => %s)
                           AND max(id) < (SELECT max(id) FROM {LEDGER})
                           AND NOT bool_or(reason = '{Reason.CARRIED_FORWARD}') FROM {name}""",
                [days],
            )
            if cursor.fetchone()[0]:
                found.append(name)
    return found


def archive_partition(name: str, *, folder: Path, actor: str) -> Archived:
    """Write a partition to `folder` as gzipped CSV, read it back, and carry its movements forward.

    The partition itself is detached and stays as a table of its own: nothing is deleted. Raises
    ArchiveFailed, FileExistsError where it was archived before, and OperationalError where the
    ledger was in use for too long; then nothing has changed in the database.
    """
    file = folder / f"{name}.csv.gz"
    movements, digest = _write(name, file)
    table = f"{LEDGER}_archived_{name.rpartition('_p')[2]}"
    with transaction.atomic(), connection.cursor() as cursor:
        # With its indexes: the exchange, for which sales wait, must not have to build them.
        cursor.execute(
            f"""CREATE TABLE {LEDGER}_carried
                (LIKE {LEDGER} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)"""
        )
        carry = _CARRY.format(partition=name)
        cursor.execute(carry, {"name": f"ledger/{name}", "actor": actor[:150]})
        left = cursor.rowcount
        _compare(name)
        cursor.execute(_PARTITIONS)
        bounds = dict(cursor.fetchall())[name]
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_PATIENCE])
        for statement in (
            f"ALTER TABLE {LEDGER} DETACH PARTITION {name}",
            f"ALTER TABLE {name} RENAME TO {table}",
            f"ALTER TABLE {LEDGER}_carried RENAME TO {name}",
            f"ALTER TABLE {LEDGER} ATTACH PARTITION {name} {bounds}",
            f"SELECT inventory_guard_ledger_partition('{name}')",
        ):
            cursor.execute(statement)
    return Archived(name, file, digest, movements, left, table)


def _write(name: str, file: Path) -> tuple[int, str]:
    """Write a partition to a file that is whole or not there; return its rows and its SHA-256."""
    if file.exists():
        raise FileExistsError(f"{file} is there already")
    unfinished = file.with_name(f"{file.name}.unfinished")
    copied = f"COPY (SELECT * FROM {name} ORDER BY id) TO STDOUT (FORMAT csv, HEADER)"
    with unfinished.open("wb") as raw:
        with (
            gzip.GzipFile(fileobj=raw, mode="wb", filename="") as packed,
            connection.cursor() as cursor,
            cursor.copy(copied) as copy,
        ):
            for piece in copy:
                packed.write(piece)
        raw.flush()
        os.fsync(raw.fileno())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(sum(id), 0) FROM {name}")
        there = cursor.fetchone()
    if _read(unfinished) != (int(there[0]), int(there[1])):
        raise ArchiveFailed(f"{unfinished} does not hold what {name} holds")
    unfinished.rename(file)
    with file.open("rb") as written:
        return int(there[0]), hashlib.file_digest(written, "sha256").hexdigest()


def _read(file: Path) -> tuple[int, int]:
    """Return how many movements a file holds, and the sum of their ids."""
    count = total = 0
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            count, total = count + 1, total + int(row["id"])
    return count, total


def _compare(name: str) -> None:
    """Raise ArchiveFailed unless both say the same sums and the same last movement a row."""
    was, carried = _SUMS.format(name), _SUMS.format(f"{LEDGER}_carried")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*) FROM (({was} EXCEPT {carried}) UNION ALL
                                      ({carried} EXCEPT {was})) AS different"""
        )
        if cursor.fetchone()[0]:
            raise ArchiveFailed(f"what {name} would be is not what it is")
