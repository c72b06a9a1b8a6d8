"""How many refusals are recorded: who is refused again and again must not fill the disk."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

OF_SOURCE = 20  # records in a minute, of each process
OF_ALL = 300
MINUTE = 60


class Bound:
    """Counts refusals by source and minute; those over the bound are counted and not recorded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._minute, self._recorded = 0, Counter[str]()
        self._left_out, self._of_past_minutes = Counter[str](), Counter[str]()

    def admits(self, source: str) -> bool:
        """Count a refusal of a source; say whether it may be recorded."""
        with self._lock:
            self._begin_minute()
            all_of_them = sum(self._recorded.values())
            if self._recorded[source] < OF_SOURCE and all_of_them < OF_ALL:
                self._recorded[source] += 1
                return True
            # A flood from many addresses must not fill the memory either.
            known = source in self._left_out or len(self._left_out) < OF_ALL
            self._left_out[source if known else "others"] += 1
            return False

    def take_left_out(self) -> Counter[str]:
        """Return how many were left out by source in minutes that are over, once."""
        with self._lock:
            self._begin_minute()
            taken, self._of_past_minutes = self._of_past_minutes, Counter()
            return taken

    def _begin_minute(self) -> None:
        minute = int(self._clock() // MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._recorded.clear()
            self._of_past_minutes += self._left_out
            self._left_out.clear()


BOUND = Bound()
