"""How many requests may wait for a thread: more than can be answered soon are refused at once.

A queue without an end answers everybody too late: each client gives up and asks again, and the
work goes into answers that nobody waits for. Knows no Django: gunicorn's master reads it.
"""

from __future__ import annotations

import time
from collections import deque

# So many may wait for each thread; and nobody joins those who wait, one for each thread or more,
# when the first of them has waited so long. The first rule is for orders, of which 160 take about
# a second, the second for slow requests, which would take much longer.
MOST_A_THREAD = 8
LONGEST_WAIT = 2.0  # seconds
# A thread leaves the client that it has just answered, when others have waited so long for one.
FAIR_WAIT = 0.05
# Probes are let in however many wait: a process that is busy must not be taken for a dead one.
ALWAYS_IN = tuple(
    f"{method} {address}{end}".encode()
    for method in ("GET", "HEAD")
    for address in ("/healthz", "/readyz", "/metrics")
    for end in " ?"
)


class Queue:
    """When those who wait for a thread joined. The main thread adds, other threads take."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._joined: deque[float] = deque()

    def join(self) -> None:
        self._joined.append(time.monotonic())

    def leave(self) -> None:
        """Take the first: threads are given connections in the order in which they joined."""
        self._joined.popleft()

    def __len__(self) -> int:
        return len(self._joined)

    @property
    def is_full(self) -> bool:
        count = len(self._joined)
        return count >= MOST_A_THREAD * self._threads or (
            count >= self._threads and self._has_waited(LONGEST_WAIT)
        )

    @property
    def is_impatient(self) -> bool:
        return self._has_waited(FAIR_WAIT)

    def _has_waited(self, seconds: float) -> bool:
        try:
            return time.monotonic() - self._joined[0] > seconds
        except IndexError:  # nobody waits, or a thread has just taken the last
            return False


def is_probe(beginning: bytes) -> bool:
    return beginning.startswith(ALWAYS_IN)


def is_one_whole_request(data: bytes) -> bool:
    """Say whether these bytes are one request that a body may answer, and no more, beyond doubt.

    Then the connection can be kept without anybody reading it: what is taken for the end
    of a body, and is none, would let one client write another's request behind a proxy.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    line, _, fields = head.lower().partition(b"\r\n")
    if not end or b"\n" in head.replace(b"\r\n", b""):
        return False
    if not line.endswith(b" http/1.1") or line.startswith(b"head "):
        return False
    if any(word in fields for word in _IN_DOUBT):
        return False
    lengths = [field[15:].strip() for field in fields.split(b"\r\n") if field.startswith(_LENGTH)]
    if not lengths:
        return not body and fields.count(b"content-length") == 0
    return lengths == [b"%d" % len(body)] and fields.count(b"content-length") == 1


_LENGTH = b"content-length:"
_IN_DOUBT = (b"transfer-encoding", b"connection: close", b"expect:", b"upgrade:")
