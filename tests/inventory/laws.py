"""The laws of the stock pool, checked over the whole database."""

from __future__ import annotations

from django.db import connection

_BROKEN_LAWS = {
    "1: a balance is the sum of its movements": """
        SELECT s.sku_id, s.location_id FROM inventory_stock s LEFT JOIN (
            SELECT sku_id, location_id, sum(on_hand_delta) AS on_hand,
                   sum(reserved_delta) AS reserved, sum(unavailable_delta) AS unavailable
            FROM inventory_stockmovement GROUP BY sku_id, location_id
        ) AS m USING (sku_id, location_id)
        WHERE (s.on_hand, s.reserved, s.unavailable) IS DISTINCT FROM
              (coalesce(m.on_hand, 0), coalesce(m.reserved, 0), coalesce(m.unavailable, 0))
    """,
    "1: a movement follows from the one before": """
        SELECT id FROM (
            SELECT *, lag(on_hand_after, 1, 0) OVER w AS on_hand_before,
                   lag(reserved_after, 1, 0) OVER w AS reserved_before,
                   lag(unavailable_after, 1, 0) OVER w AS unavailable_before
            FROM inventory_stockmovement WINDOW w AS (PARTITION BY sku_id, location_id ORDER BY id)
        ) AS m
        WHERE on_hand_after <> on_hand_before + on_hand_delta
           OR reserved_after <> reserved_before + reserved_delta
           OR unavailable_after <> unavailable_before + unavailable_delta
    """,
    "2: never oversold": """
        SELECT id FROM inventory_stock
        WHERE reserved < 0 OR unavailable < 0 OR on_hand < reserved + unavailable
    """,
    "2: reserved is the sum of the live reservations": """
        SELECT s.sku_id, s.location_id FROM inventory_stock s LEFT JOIN (
            SELECT sku_id, location_id, sum(quantity) AS units FROM inventory_reservation
            WHERE state IN ('held', 'confirmed') GROUP BY sku_id, location_id
        ) AS r USING (sku_id, location_id)
        WHERE s.reserved <> coalesce(r.units, 0)
    """,
    "2: a reservation is on a row": """
        SELECT r.id FROM inventory_reservation r
        LEFT JOIN inventory_stock s USING (sku_id, location_id) WHERE s.id IS NULL
    """,
}

# In which condition a movement of `unavailable` says its units were, as docs/stock-pool.md has it.
_OVERDRAWN = """
    SELECT sku_id, location_id, condition, sum(unavailable_delta) FROM (
        SELECT *, CASE
            WHEN reason IN ('damaged', 'inspection', 'quarantine', 'missing', 'to_put_back')
                THEN reason
            WHEN unavailable_delta > 0 THEN 'quarantine'
            WHEN reason IN ('restocked', 'scrapped', 'to_vendor') THEN 'inspection'
            WHEN reason IN ('found', 'lost') THEN 'missing'
            ELSE 'quarantine' END AS condition
        FROM inventory_stockmovement WHERE unavailable_delta <> 0
    ) AS m GROUP BY sku_id, location_id, condition HAVING sum(unavailable_delta) < 0
"""
_BROKEN_LAWS["nothing leaves a condition that it was not in"] = _OVERDRAWN


def assert_pool_laws() -> None:
    """Fail with the law and the rows that break it."""
    with connection.cursor() as cursor:
        for law, query in _BROKEN_LAWS.items():
            cursor.execute(query)
            assert cursor.fetchall() == [], law
