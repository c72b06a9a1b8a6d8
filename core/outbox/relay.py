"""Giving events their sequence numbers, without gaps and without skipping late commits.

A number drawn when the event is written would be drawn in one order and committed in another, and
a reader that stores the last number would miss the late ones. So numbers are given here, to
committed events, in the order of ids; an event that commits later gets a later number. Events of
one subject stay in order, because each writer locks the subject's row until it commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction

AT_ONCE = 5_000
LONGEST_RUN = 10_000  # keeps the search within a run short

# Events without a number, in one query: new ids, and for each gap the ids now committed in it
# (a look into the index for each; joined, the planner would read all events), whether it is closed
# and whether it is ripe.
#
# A gap is closed when no transaction can fill it any more. Its ids were drawn by statements that
# ran when it was seen; a minute later, when it is ripe, they have their transaction numbers (they
# draw the two within microseconds). Once all transactions up to then have ended, an event is there
# or never will be.
_LOOK = """
SELECT ARRAY(SELECT id FROM outbox_event WHERE id > %s ORDER BY id LIMIT %s), (
    SELECT coalesce(json_agg(json_build_array(
        g.first_id, g.last_id,
        ARRAY(SELECT id FROM outbox_event WHERE id BETWEEN g.first_id AND g.last_id ORDER BY id),
        coalesce(horizon <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint, false),
        horizon IS NULL AND seen_at < statement_timestamp() - interval '1 minute'
    ) ORDER BY g.first_id), '[]')
    FROM outbox_gap g)
"""

Range = tuple[int, int]  # first and last id


def number_pending(*, limit: int = AT_ONCE) -> int:
    """Number events that have no sequence number, up to `limit`; return how many. Relays take
    turns.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        last_sequence, last_id = _lock_relay(cursor)
        cursor.execute(_LOOK, [last_id, limit])
        new, gaps = cursor.fetchone()
        late = _fill_gaps(cursor, gaps)
        if new:
            _note_gaps(cursor, _missing(last_id, new))
            last_id = new[-1]
        count = len(late) + len(new)
        if count:
            _append(cursor, last_sequence, [*late, *new])
            cursor.execute(
                "UPDATE outbox_relay SET last_sequence = %s, last_id = %s WHERE id = 1",
                [last_sequence + count, last_id],
            )
    return count


def _lock_relay(cursor: Any) -> tuple[int, int]:
    """Lock the relay's one row, inserted again if tables were emptied; return how far it has
    come.
    """
    for _ in range(2):
        cursor.execute("SELECT last_sequence, last_id FROM outbox_relay WHERE id = 1 FOR UPDATE")
        row = cursor.fetchone()
        if row is not None:
            return row[0], row[1]
        cursor.execute(
            """INSERT INTO outbox_relay (id, last_sequence, last_id)
               SELECT 1, coalesce(max(first_sequence + length), 1) - 1,
                      coalesce(max(first_id + length), 1) - 1
               FROM outbox_run ON CONFLICT DO NOTHING"""
        )
    raise AssertionError("unreachable: the row was laid")


def _fill_gaps(cursor: Any, gaps: Sequence[tuple[int, int, list[int], bool, bool]]) -> list[int]:
    """Return the ids now committed in gaps; delete gaps that cannot be filled any more."""
    for first, last, late, closed, _ in gaps:
        if late and not closed:
            rest = list(_missing(first - 1, [*late, last + 1]))
            cursor.execute(
                """WITH whole AS (DELETE FROM outbox_gap WHERE first_id = %s RETURNING *)
                   INSERT INTO outbox_gap (first_id, last_id, seen_at, horizon)
                   SELECT r.first_id, r.last_id, whole.seen_at, whole.horizon
                   FROM whole, unnest(%s::bigint[], %s::bigint[]) AS r(first_id, last_id)""",
                [first, [a for a, _ in rest], [b for _, b in rest]],
            )
    closed_gaps = [first for first, _, _, closed, _ in gaps if closed]
    if closed_gaps:
        cursor.execute("DELETE FROM outbox_gap WHERE first_id = ANY(%s::bigint[])", [closed_gaps])
    if any(ripe for *_, ripe in gaps):
        cursor.execute(
            """UPDATE outbox_gap SET horizon = pg_current_xact_id()::text::bigint
               WHERE horizon IS NULL AND seen_at < statement_timestamp() - interval '1 minute'"""
        )
    return [identity for _, _, late, _, _ in gaps for identity in late]


def _missing(before: int, seen: Iterable[int]) -> Iterator[Range]:
    """Yield the ranges of ids between `before` and the ids seen, in order."""
    for identity in seen:
        if identity > before + 1:
            yield before + 1, identity - 1
        before = identity


def _note_gaps(cursor: Any, ranges: Iterable[Range]) -> None:
    cursor.executemany("INSERT INTO outbox_gap (first_id, last_id) VALUES (%s, %s)", list(ranges))


def _append(cursor: Any, last_sequence: int, ids: Sequence[int]) -> None:
    """Give ids the next sequence numbers in their order: extend the last run, or begin new ones."""
    cursor.execute(
        """SELECT first_sequence, first_id, length FROM outbox_run
           ORDER BY first_sequence DESC LIMIT 1"""
    )
    row = cursor.fetchone()
    runs: list[list[int]] = [list(row)] if row else []
    old = len(runs)
    for sequence, identity in enumerate(ids, start=last_sequence + 1):
        if runs and identity == runs[-1][1] + runs[-1][2] and runs[-1][2] < LONGEST_RUN:
            runs[-1][2] += 1
        else:
            runs.append([sequence, identity, 1])
    if row and runs[0][2] > row[2]:
        cursor.execute(
            "UPDATE outbox_run SET length = %s WHERE first_sequence = %s", [runs[0][2], row[0]]
        )
    cursor.execute(
        """INSERT INTO outbox_run (first_sequence, first_id, length)
           SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])""",
        [[run[column] for run in runs[old:]] for column in range(3)],
    )
