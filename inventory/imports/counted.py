"""Files of absolute figures, stock and counts: reading rows, and finding those that differ."""

from __future__ import annotations

from typing import Any

from django.db import connection

from core.imports.findings import (
    good_rows,
    note_duplicates,
    note_found_errors,
    note_misshapen,
    trimmed,
)
from core.imports.kinds import Chunk, Progress, actor_of, file_table, work_table
from core.imports.models import Import
from core.imports.numbers import whole
from core.imports.staging import lay_out_work
from inventory.imports.spelling import spell_skus
from inventory.ledger import BALANCE_LIMIT, preview_query

# A row that agrees with the record now is done without a look at its Stock row later, unless
# units of it are unavailable (a count settles those that were missed), or it says when it was
# seen: then it supersedes older figures. It is compared as text: most rows of most files
# agree, and reading a number costs more than the comparison. Columns that could not be read are
# NULL: such rows are reported. What is left lies in the order of the Stock rows, so that a chunk
# of it changes neighbours, in the table and in its indexes, and goes to them by their `place`.
_WORK = """
SELECT f.line, k.id AS sku_id, l.id AS location_id,
       CASE WHEN f.on_hand ~ '^ *[0-9]{{1,10}} *$' THEN f.on_hand::bigint END AS on_hand,
       {as_of} AS as_of, s.id AS stock_id, s.ctid AS place, s.on_hand AS before
FROM {file} f
LEFT JOIN inventory_sku k ON k.code = {sku}
LEFT JOIN stores_location l
    ON l.code = {location}
   AND (%(locations)s::text[] IS NULL OR l.code = ANY(%(locations)s::text[]))
LEFT JOIN inventory_stock s ON s.sku_id = k.id AND s.location_id = l.id
{moments}
WHERE f.fault IS NULL AND {good}
  AND (s.id IS NULL OR f.on_hand <> s.on_hand::text OR s.unavailable > 0 OR {dated})
ORDER BY k.id, l.id
"""

# Each time is parsed once, however many rows have it.
_MOMENTS = """
LEFT JOIN (
    SELECT text, imports_moment(text) AS at
    FROM (SELECT DISTINCT btrim({column}) AS text FROM {file} WHERE {column} <> '') AS t
) AS moment ON moment.text = btrim(f.{column})
"""
_FAULTS = f"""
SELECT w.line, e."column", e.code, e.reason
FROM (SELECT *{{early}} FROM {{work}} w
      WHERE sku_id IS NULL OR location_id IS NULL OR on_hand IS NULL
         OR on_hand > {BALANCE_LIMIT} {{moment_suspects}}) AS w
JOIN {{file}} f USING (line), LATERAL (VALUES
    ('sku', 'unknown_sku', 'There is no SKU ' || left(btrim(f.sku), 64) || '.',
     w.sku_id IS NULL),
    ('location', 'unknown_location', 'There is no location ' || left(btrim(f.location), 64) || '.',
     w.location_id IS NULL),
    ('on_hand', 'invalid_number',
     'Write whole units, from 0 to {BALANCE_LIMIT}: goods are kept in pieces.',
     w.on_hand IS NULL OR w.on_hand > {BALANCE_LIMIT}),
    {{moment_errors}}
    ('', '', '', false)
) AS e("column", code, reason, holds)
WHERE e.holds
"""
# As BEGAN in since.py, but not by its function, of which each call takes 6 us; in its place the
# statement is forbidden to sort.
_EARLY = """w.as_of < (
    SELECT CASE WHEN least(first.occurred_at, first.recorded_at) <= statement_timestamp()
                THEN first.occurred_at END
    FROM inventory_stockmovement first
    WHERE first.sku_id = w.sku_id AND first.location_id = w.location_id
    ORDER BY first.id LIMIT 1)"""
_MOMENT_SUSPECTS = (
    f"OR as_of IS NULL OR as_of > statement_timestamp() OR as_of < '2000-01-01Z' OR {_EARLY}"
)
_MOMENT_ERRORS = """
    ('{column}', 'invalid_moment',
     'Write a time with its zone, such as 2026-03-29T14:00:00Z.',
     w.as_of IS NULL AND (%(as_of)s::timestamptz IS NULL OR f.{column} <> '') AND {needed}),
    ('{column}', 'not_in_the_past', 'A count was taken in the past, and after 2000.',
     w.as_of > statement_timestamp() OR w.as_of < '2000-01-01Z'),
    ('{column}', 'counted_too_early',
     'A count is from before the pool''s first record of what was counted.', w.is_early),
"""


def prepare_counted(file: Import, *, moment: str, needed: bool = False) -> Progress:
    """Lay out the figures of a file; list the rows that give none.

    `moment` is the column of the time of counting; `needed`: a row without one is bad,
    unless the import gives one for all.
    """
    spell_skus(file)
    _read_numbers(file)
    misshapen = note_misshapen(file)
    duplicates = note_duplicates(file, ("sku", "location"))
    dated = is_dated(file, moment)
    table = file_table(file)
    as_of = "NULL::timestamptz"
    if dated:
        as_of = f"CASE WHEN f.{moment} <> '' THEN moment.at ELSE %(as_of)s::timestamptz END"
    actor = actor_of(file)
    parameters = {
        "locations": None if actor.places is None else sorted(actor.places),
        "as_of": file.as_of,
    }
    sku, location = trimmed(file, ("sku", "location"))
    lay_out_work(
        file,
        _WORK.format(
            file=table,
            sku=sku,
            location=location,
            as_of=as_of,
            good=good_rows(file) if misshapen + duplicates else "true",
            moments=_MOMENTS.format(column=moment, file=table) if dated else "",
            dated="true" if dated else "false",
        ),
        parameters,
    )
    bad = _note_bad_figures(file, parameters, moment=moment, dated=dated or needed, needed=needed)
    return Progress(
        done=file.rows_total - _keep_good(file),
        changed=0,
        failed=misshapen + duplicates + bad,
    )


def _read_numbers(file: Import) -> None:
    """Write figures that are whole numbers in another form as digits: `10.0000`, ` 8`, `+4`."""
    table = file_table(file)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT on_hand FROM {table} WHERE on_hand !~ '^ *[0-9]+ *$'")
        others = [(text, whole(text)) for (text,) in cursor.fetchall()]
        read = {text: digits for text, digits in others if text != digits}
        if read:
            cursor.execute(
                f"""UPDATE {table} f SET on_hand = n.digits
                    FROM unnest(%s::text[], %s::text[]) AS n(text, digits)
                    WHERE f.on_hand = n.text""",
                [list(read), list(read.values())],
            )


def _note_bad_figures(
    file: Import, parameters: dict[str, Any], *, moment: str, dated: bool, needed: bool
) -> int:
    """List the rows of the work table that give no figure; return how many."""
    errors = _MOMENT_ERRORS.format(column=moment, needed="true" if needed else f"f.{moment} <> ''")
    query = _FAULTS.format(
        work=work_table(file),
        file=file_table(file),
        early=f", {_EARLY} AS is_early" if dated else "",
        moment_suspects=_MOMENT_SUSPECTS if dated else "",
        moment_errors=errors if dated else "",
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")
        bad = note_found_errors(file, query, parameters)
        cursor.execute("SET LOCAL enable_sort = on")
    return bad


def is_dated(file: Import, moment: str) -> bool:
    """Say whether any row of a file was seen before now."""
    return file.as_of is not None or moment in file.columns


def _keep_good(file: Import) -> int:
    """Take the bad rows out of the work; return how many rows are left to apply."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""DELETE FROM {work_table(file)} w USING imports_badrow b
                WHERE b.file_id = %s AND b.line = w.line""",
            [file.pk],
        )
        cursor.execute(f"SELECT count(*) FROM {work_table(file)}")
        return int(cursor.fetchone()[0])


def note_changes(chunk: Chunk, *, dated: bool) -> Progress:
    """Record the changes that the figures of a chunk would make, for a dry run."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH figure AS (
                    SELECT line, sku_id, location_id, on_hand, as_of
                    FROM {chunk.work} WHERE {chunk.within}
                ), noted AS (
                    INSERT INTO imports_change (file_id, line, subject, before, after)
                    SELECT %(file)s, n.line, 'stock/' || k.code || '@' || l.code,
                           jsonb_build_object('on_hand', n.before),
                           jsonb_build_object('on_hand', n.now)
                    FROM ({preview_query("SELECT * FROM figure", dated=dated)}) AS n
                    JOIN inventory_sku k ON k.id = n.sku_id
                    JOIN stores_location l ON l.id = n.location_id
                    ORDER BY n.line
                    RETURNING 1
                )
                SELECT (SELECT count(*) FROM figure), (SELECT count(*) FROM noted)""",
            {"file": chunk.file.pk},
        )
        rows, changed = cursor.fetchone()
    return Progress(done=rows, changed=changed)
