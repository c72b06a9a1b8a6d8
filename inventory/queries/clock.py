"""The database's clock beside the times that it has given to movements."""

from __future__ import annotations

from django.db import connection

# The latest movements show it: those of a row that is ahead stay ahead. To look at every row, each
# probe of the service's health would read the whole pool.
_AHEAD = """
SELECT coalesce(extract(epoch FROM max(recorded_at) - clock_timestamp()), 0)::float8
FROM (SELECT recorded_at FROM inventory_stockmovement ORDER BY id DESC LIMIT 1000) AS latest
"""


def seconds_behind_records() -> float:
    """Return by how many seconds the clock is behind the latest movements; zero or less: it is
    not."""
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD)
        (seconds,) = cursor.fetchone()
    return float(seconds)
