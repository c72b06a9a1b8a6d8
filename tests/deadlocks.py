"""Deadlocks of a test's database, read in the log of the embedded server.

What meets one is repeated, so a test sees nothing of it: its answers are right, only late.
"""

from __future__ import annotations

import re

from core.embedded import data_dir
from core.embedded.connection import is_database_embedded
from core.embedded.postgres import Postgres

FOUND = "ERROR:  deadlock detected"
_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d .*? \[\d+\] )", re.MULTILINE)


class ServerLog:
    """The log from the moment at which this was made. Empty where the server is not embedded."""

    def __init__(self) -> None:
        self._log = Postgres(data_dir()).log if is_database_embedded() else None
        self._start = self._log.stat().st_size if self._log else 0

    def text(self) -> str:
        """Return all that was logged since, of any database."""
        if self._log is None:
            return ""
        with self._log.open("rb") as log:
            log.seek(self._start)
            return log.read().decode(errors="replace")

    def take_deadlocks(self, database: str) -> list[str]:
        """Return what the log says of each deadlock of a database since then; go on from here."""
        if self._log is None:
            return []
        with self._log.open("rb") as log:
            log.seek(self._start)
            text = log.read().decode(errors="replace")
            self._start = log.tell()
        records = re.split(_RECORD, text)
        return [
            "".join(records[n : n + 3])  # with who waits for whom, and in which statements
            for n, record in enumerate(records)
            if FOUND in record and f"] {database} " in record
        ]
