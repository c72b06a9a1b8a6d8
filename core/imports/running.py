"""Applying a file: checked once, then chunk by chunk, each a transaction with its progress.

A worker that dies leaves the last committed chunk, and the next worker continues after it. The
import's own row is the lock, so that no two workers apply the same chunk.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from core.idempotency.execute import retry_conflicts
from core.imports.kinds import Chunk, Kind, Progress, work_table
from core.imports.models import Import, ImportState
from core.imports.staging import drop_tables
from core.problems.handler import as_problem

log = logging.getLogger("core.imports")
UNFINISHED = (ImportState.QUEUED, ImportState.RUNNING)


def run_unfinished(kinds: Mapping[str, Kind]) -> int:
    """Apply every file that waits or was left half way, the oldest first; return how many."""
    waiting = Import.objects.filter(state__in=UNFINISHED).order_by("id").values_list("id", "kind")
    return sum(run(identity, kinds[kind]) for identity, kind in waiting)


def run(identity: int, kind: Kind) -> bool:
    """Apply a file to its end; False when another worker is applying it.

    Errors in rows are stored. An error that stops the whole file ends it as `failed`,
    and what was applied so far stays.
    """
    try:
        while True:
            more = retry_conflicts(lambda: _step(identity, kind))
            if more is not True:
                return more is False
    except Exception as error:
        _fail(identity, error)
        return True


@transaction.atomic
def _step(identity: int, kind: Kind) -> bool | None:
    """Check the file or apply one chunk. True: there is more; None: another worker has it."""
    file = (
        Import.objects.select_for_update(skip_locked=True)
        .filter(pk=identity, state__in=UNFINISHED)
        .first()
    )
    if file is None:
        return None
    if file.next_block is None:
        _let_the_disk_follow()
        _advance(file, kind.prepare(file), next_block=0)
        return True
    end = file.next_block + kind.blocks
    blocks = _blocks_of(file)
    if file.next_block < blocks:
        _write_whole_pages()
        if end < blocks:
            _let_the_disk_follow()
        done = kind.apply(Chunk(file, file.next_block, end))
        _advance(file, done, next_block=file.next_block if done.again else end)
        if done.again:
            return True
    if end < blocks:
        return True
    Import.objects.filter(pk=identity).update(state=ImportState.DONE, finished_at=Now())
    drop_tables(file)
    return False


def _let_the_disk_follow() -> None:
    """Commit this step without waiting for the disk: 25 ms of a chunk of 800 on a quiet disk,
    seconds of a check on a busy one.

    After a crash of the database the last steps may be lost, each as a whole, and are repeated.
    Any later commit, such as an order, writes these to disk before itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _write_whole_pages() -> None:
    """Leave pages uncompressed in the log where we may: most are written for the first time since
    the last checkpoint, and packing them took a fifth of what a file of changed figures cost
    PostgreSQL, to save a tenth of the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT set_config('wal_compression', 'off', true)
               WHERE has_parameter_privilege('wal_compression', 'SET')"""
        )


def _advance(file: Import, progress: Progress, *, next_block: int) -> None:
    Import.objects.filter(pk=file.pk).update(
        state=ImportState.RUNNING,
        started_at=file.started_at or Now(),
        next_block=next_block,
        rows_done=F("rows_done") + progress.done,
        rows_changed=F("rows_changed") + progress.changed,
        rows_failed=F("rows_failed") + progress.failed,
    )


def _blocks_of(file: Import) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int",
            [work_table(file)],
        )
        return int(cursor.fetchone()[0])


def _fail(identity: int, error: Exception) -> None:
    """End a file that cannot continue. When the database is unreachable, the next round
    continues instead."""
    problem = as_problem(error)
    if problem.status == 503:
        return
    log.error("import %s stopped", identity, exc_info=error)
    with transaction.atomic():
        file = Import.objects.select_for_update().get(pk=identity)
        Import.objects.filter(pk=identity, state__in=UNFINISHED).update(
            state=ImportState.FAILED, finished_at=Now(), failure=problem.detail[:500]
        )
        drop_tables(file)
