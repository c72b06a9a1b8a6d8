"""The laws of the stock pool, checked live: one statement, so one snapshot, while sales go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

SHOWN = 100  # violations listed; all are counted
CLOCK_SLACK = 5  # seconds that records may be ahead of the clock
PATIENCE = "5min"  # a long ledger takes longer to read than a request may take otherwise


@dataclass(frozen=True, slots=True)
class Law:
    """An invariant, and the SELECT that finds its violations.

    Its columns: sku_id, location_id (either may be null), subject (which balance or thing),
    expected and found in units. The text comes from the code, never from a request.

    `also` are further laws that the same reading of the ledger finds broken: then the SELECT
    begins with a column that names the law.
    """

    name: str
    broken: str
    also: tuple[str, ...] = ()

    @property
    def violations(self) -> str:
        """Return a SELECT whose first column is the name of the law."""
        law = "" if self.also else f"'{self.name}' AS law, "
        return f"SELECT {law}broken.* FROM ({self.broken}) AS broken"


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check: how many Stock rows it covered, and the first of all violations."""

    checked_at: datetime
    rows_checked: int
    count: int
    violations: list[dict[str, Any]]


def _balances(expected: str, found: str) -> str:
    """Compare three balances: `…{}…` is filled with each balance's name."""
    rows = ", ".join(
        f"('{name}', ({expected.format(name)})::bigint, ({found.format(name)})::bigint)"
        for name in ("on_hand", "reserved", "unavailable")
    )
    return f"""
        CROSS JOIN LATERAL (VALUES {rows}) AS balance(subject, expected, found)
        WHERE expected <> found
    """


def _chained(name: str) -> str:
    """Compare a balance with that of the movement before."""
    return f"""('movement_follows_the_one_before', '{name}',
                ({name}_before + {name}_delta)::bigint, {name}_after::bigint)"""


POOL_LAWS = (
    Law(
        "balance_is_the_sum_of_its_movements",
        """SELECT sku_id, location_id, subject, expected, found
           FROM inventory_stock s
           FULL JOIN (
               SELECT sku_id, location_id, sum(on_hand_delta) AS on_hand,
                      sum(reserved_delta) AS reserved, sum(unavailable_delta) AS unavailable
               FROM inventory_stockmovement GROUP BY sku_id, location_id
           ) m USING (sku_id, location_id)"""
        + _balances("coalesce(m.{}, 0)", "coalesce(s.{}, 0)"),
    ),
    Law(
        "movement_follows_the_one_before",
        # Most movements do: comparing them whole first halves what this costs. Times in seconds;
        # those of movements from before the ledger was dated by its rows may go back.
        f"""SELECT law, sku_id, location_id, subject || ' after movement ' || id, expected, found
            FROM (
                SELECT *, lag(on_hand_after, 1, 0) OVER w AS on_hand_before,
                       lag(reserved_after, 1, 0) OVER w AS reserved_before,
                       lag(unavailable_after, 1, 0) OVER w AS unavailable_before,
                       lag(recorded_at, 1, '-infinity') OVER w AS recorded_before,
                       lead(id) OVER w IS NULL
                       AND recorded_at > statement_timestamp() + interval '{CLOCK_SLACK} seconds'
                       AS is_ahead
                FROM inventory_stockmovement
                WINDOW w AS (PARTITION BY sku_id, location_id ORDER BY id)
            ) m CROSS JOIN LATERAL (VALUES
                {_chained("on_hand")}, {_chained("reserved")}, {_chained("unavailable")},
                ('records_follow_in_time', 'seconds back', 0,
                 CASE WHEN recorded_at < recorded_before AND id > inventory_dated_from()
                      THEN ceil(extract(epoch FROM recorded_before - recorded_at))::bigint
                      ELSE 0 END),
                ('clock_is_not_behind_the_records', 'seconds ahead', 0,
                 CASE WHEN is_ahead
                      THEN ceil(extract(epoch FROM recorded_at - statement_timestamp()))::bigint
                      ELSE 0 END)
            ) AS compared(law, subject, expected, found)
            WHERE (on_hand_before + on_hand_delta <> on_hand_after
                   OR reserved_before + reserved_delta <> reserved_after
                   OR unavailable_before + unavailable_delta <> unavailable_after
                   OR recorded_at < recorded_before OR is_ahead) AND expected <> found""",
        also=("records_follow_in_time", "clock_is_not_behind_the_records"),
    ),
    Law(
        "balance_is_what_the_last_movement_left",
        """SELECT sku_id, location_id, subject, expected, found
           FROM inventory_stock s
           FULL JOIN (
               SELECT DISTINCT ON (sku_id, location_id) sku_id, location_id,
                      on_hand_after, reserved_after, unavailable_after
               FROM inventory_stockmovement ORDER BY sku_id, location_id, id DESC
           ) m USING (sku_id, location_id)"""
        + _balances("coalesce(m.{}_after, 0)", "coalesce(s.{}, 0)"),
    ),
    Law(
        "reserved_is_the_sum_of_live_claims",
        """SELECT sku_id, location_id, 'reserved', coalesce(c.units, 0)::bigint,
                  coalesce(s.reserved, 0)::bigint
           FROM inventory_stock s
           FULL JOIN (
               SELECT sku_id, location_id, sum(quantity) AS units FROM inventory_reservation
               WHERE state IN ('held', 'confirmed') GROUP BY sku_id, location_id
           ) c USING (sku_id, location_id)
           WHERE coalesce(c.units, 0) <> coalesce(s.reserved, 0)""",
    ),
    Law(
        "transfer_moves_what_it_says",
        """SELECT l.sku_id, w.location_id, 'transfer ' || t.id || ', ' || w.reason, w.expected,
                  coalesce(m.found, 0)
           FROM inventory_transferline l
           JOIN inventory_transfer t ON t.id = l.transfer_id
           CROSS JOIN LATERAL (VALUES
               (t.source_id, 'transfer_out',
                CASE WHEN t.state IN ('in_transit', 'received') THEN -l.quantity::bigint
                     ELSE 0 END),
               (t.destination_id, 'transfer_in', l.received::bigint),
               (t.destination_id, 'transfer_surplus', l.surplus::bigint)
           ) AS w(location_id, reason, expected)
           LEFT JOIN LATERAL (
               SELECT sum(on_hand_delta) AS found FROM inventory_stockmovement
               WHERE reference = 'transfers/' || t.id AND sku_id = l.sku_id
                 AND location_id = w.location_id AND reason = w.reason
           ) AS m ON true
           WHERE w.expected <> coalesce(m.found, 0)""",
    ),
    Law(
        "delivery_counts_what_came_in",  # more may have come before it was announced
        """SELECT l.sku_id, d.location_id, 'delivery ' || d.id, l.received, coalesce(m.found, 0)
           FROM inventory_expecteddeliveryline l
           JOIN inventory_expecteddelivery d ON d.id = l.delivery_id
           LEFT JOIN LATERAL (
               SELECT sum(on_hand_delta) AS found FROM inventory_stockmovement
               WHERE reference = d.reference AND sku_id = l.sku_id
                 AND location_id = d.location_id AND reason = 'receipt'
           ) AS m ON true
           WHERE coalesce(m.found, 0) < l.received""",
    ),
    Law(
        # A file that its sender named may share the name with others: then only what was recorded
        # for this client while the file was applied is its own.
        "file_changes_a_row_once",
        """SELECT m.sku_id, m.location_id, 'import ' || f.id, 1::bigint, count(*)
           FROM imports_import f
           JOIN inventory_stockmovement m
               ON m.reference = coalesce(nullif(f.reference, ''), 'imports/' || f.id)
              AND (f.reference = '' OR m.actor = f.actor AND m.recorded_at
                   BETWEEN f.started_at AND coalesce(f.finished_at, 'infinity'))
           WHERE f.kind IN ('stock', 'counts') AND NOT f.dry_run
             AND m.reason = 'cycle_count' AND m.on_hand_delta <> 0
           GROUP BY f.id, m.sku_id, m.location_id HAVING count(*) > 1""",
    ),
    Law(
        "file_changes_no_more_rows_than_it_has",
        """SELECT NULL::bigint, NULL::bigint, 'import ' || id, rows_total::bigint,
                  rows_changed::bigint
           FROM imports_import WHERE rows_changed > rows_total""",
    ),
    Law(
        "never_oversold",
        """SELECT sku_id, location_id, subject, 0::bigint, found
           FROM inventory_stock
           CROSS JOIN LATERAL (VALUES
               ('reserved', reserved::bigint), ('unavailable', unavailable::bigint),
               ('available', on_hand::bigint - reserved - unavailable)
           ) AS least(subject, found)
           WHERE found < 0""",
    ),
    Law(
        "ledger_has_its_partitions",
        """SELECT NULL::bigint, NULL::bigint, 'movements in the default partition', 0::bigint,
                  (SELECT count(*) FROM inventory_stockmovement_default)
           WHERE EXISTS (SELECT FROM inventory_stockmovement_default)""",
    ),
    Law(
        "guards_stand",  # refused by the database for any client
        """SELECT NULL::bigint, NULL::bigint, guard, 1::bigint, there
           FROM (
               SELECT guard, (SELECT count(*) FROM pg_constraint
                              WHERE conname = guard AND convalidated
                                AND conrelid = 'inventory_stock'::regclass) AS there
               FROM unnest(ARRAY['stock_once', 'stock_reserved_positive',
                                 'stock_unavailable_positive', 'stock_never_oversold']) AS guard
               UNION ALL
               SELECT guard, (SELECT count(*) FROM pg_trigger
                              WHERE tgname LIKE '%' || guard || '%' AND tgenabled = 'O'
                                AND tgrelid = relation::regclass)
               FROM (VALUES
                   ('ledger_is_immutable', 'inventory_stockmovement'),
                   ('balance_follows_ledger', 'inventory_stock'),
                   ('opened_empty', 'inventory_stock'), ('closed_empty', 'inventory_stock')
               ) AS triggers(guard, relation)
           ) AS guards WHERE there <> 1""",
    ),
)


def check_laws(
    laws: Sequence[Law] = POOL_LAWS, *, shown: int = SHOWN, patience: str = PATIENCE
) -> Report:
    """Check laws over every row. One statement reads one snapshot: sales in flight never look
    like violations. `shown` of them are listed, all are counted."""
    clauses = " UNION ALL ".join(law.violations.replace("%", "%%") for law in laws)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [patience])
        cursor.execute(
            f"""
            WITH violation(law, sku_id, location_id, subject, expected, found) AS MATERIALIZED (
                {clauses}
            )
            SELECT statement_timestamp(), (SELECT count(*) FROM inventory_stock),
                   (SELECT count(*) FROM violation),
                   (SELECT coalesce(jsonb_agg(to_jsonb(shown)), '[]') FROM (
                       SELECT v.law, k.code AS sku, l.code AS location, v.subject, v.expected,
                              v.found
                       FROM violation v
                       LEFT JOIN inventory_sku k ON k.id = v.sku_id
                       LEFT JOIN stores_location l ON l.id = v.location_id
                       ORDER BY v.law, k.code, l.code, v.subject LIMIT %s
                   ) AS shown)
            """,
            [shown],
        )
        checked_at, rows_checked, count, violations = cursor.fetchone()
    return Report(checked_at, rows_checked, count, json.loads(violations))
