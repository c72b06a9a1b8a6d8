"""Whether a request is still on its way: no thread waits for a phone at the end of the yard.

A thread that reads a body waits as long as the body takes. Forty scans over a bad line, and every
thread of two web processes would be waiting. Knows no Django: gunicorn's master reads it.
"""

from __future__ import annotations

import re
from enum import Enum

SMALL = 65_536  # bytes of a request that are waited for without a thread
LONGEST_ARRIVAL = 30.0  # seconds from a request's first bytes to its last

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?=\r\n|\Z)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*(?=\r\n|\Z)", re.IGNORECASE)
_LONGEST_LINE = 4_096  # bytes that say how long a chunk is
_MOST_CHUNKS = 256
_EXPECTS = re.compile(rb"\r\nexpect:", re.IGNORECASE)


class Arrival(Enum):
    """How much of a request is there."""

    WHOLE = "all of it, or so much that what is wrong with it can be said"
    COMING = "the beginning of a small one, whose rest will come"
    LONG = "the beginning of one that a thread must read as it comes"


def arrival_of(data: bytes) -> Arrival:
    """Say what these bytes are. It is a guess that costs no more than time: gunicorn's parser
    reads all of them, and waits for what is not there."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return Arrival.COMING if len(data) < SMALL else Arrival.WHOLE
    lengths = _LENGTH.findall(head)
    if _CHUNKED.search(head):
        size = len(data)
        arrival = Arrival.WHOLE if lengths else _arrival_in_chunks(body)
    else:
        size = len(head) + (int(lengths[0]) if len(lengths) == 1 else 0)
        arrival = Arrival.WHOLE if len(head) + len(body) >= size else Arrival.COMING
    if arrival is Arrival.COMING and (size > SMALL or _EXPECTS.search(head)):
        return Arrival.LONG
    return arrival


def _arrival_in_chunks(body: bytes) -> Arrival:
    """Look for the last chunk, or for one that nobody can read. To count very many at each byte
    that comes would keep the others waiting."""
    at = 0
    for _ in range(_MOST_CHUNKS):
        end = body.find(b"\r\n", at)
        if end < 0:
            return Arrival.WHOLE if len(body) - at > _LONGEST_LINE else Arrival.COMING
        try:
            size = int(body[at:end].partition(b";")[0], 16)
        except ValueError:
            return Arrival.WHOLE
        if size <= 0:  # what may follow the last one ends with an empty line
            ends = size < 0 or body.find(b"\r\n\r\n", end) >= 0
            return Arrival.WHOLE if ends else Arrival.COMING
        at = end + 2 + size + 2
    return Arrival.LONG
