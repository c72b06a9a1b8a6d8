"""One check of the laws at a time, shared by those who ask for it.

A check reads the whole ledger. Asked for by many at once it would keep the database and the places
of all other long reads busy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from psycopg import errors as pg

from core.problems.catalogue import Overloaded
from inventory.queries.integrity import POOL_LAWS, Report, check_laws
from orders.queries.integrity import ORDER_LAWS

PATIENCE = 2.0  # seconds to wait for a check that is under way
# A check that took longer than this is answered again for as long as it took: so however much is
# asked, the database rests half of the time.
LONG = 10.0


@dataclass(frozen=True, slots=True)
class _Done:
    report: Report
    began: float
    counts_until: float


class SharedCheck:
    """Makes reports, one at a time: in this process by its own lock, in the service by one of the
    database."""

    def __init__(self, make: Callable[[], Report]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._last: _Done | None = None

    def report(self) -> Report:
        """Return a report that was begun after this was asked, or that a long check has just left.

        Raises `Overloaded` while a check is under way that does not end soon.
        """
        asked = time.monotonic()
        if not self._lock.acquire(timeout=PATIENCE):
            raise Overloaded("A check is under way. Its result will be shared.")
        try:
            last = self._last
            if last and (last.began >= asked or time.monotonic() < last.counts_until):
                return last.report
            with transaction.atomic():
                _take_turn()
                began = time.monotonic()
                report = self._make()
            ended = time.monotonic()
            took = ended - began
            self._last = _Done(report, began, ended + took if took > LONG else ended)
            return report
        finally:
            self._lock.release()


def _take_turn() -> None:
    """Lock out other processes until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{PATIENCE}s"])
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('integrity'))")
        except OperationalError as error:
            if isinstance(error.__cause__, pg.LockNotAvailable):
                raise Overloaded("A check is under way.") from error
            raise


ALL_LAWS = SharedCheck(lambda: check_laws([*POOL_LAWS, *ORDER_LAWS]))
