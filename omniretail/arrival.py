"""Whether a request is still on its way: no thread waits for a phone at the end of the yard.

A thread that reads a body waits as long as the body takes. Forty scans over a bad line, and every
thread of two web processes would be waiting. Knows no Django: gunicorn's master reads it.
"""

from __future__ import annotations

import re

SMALL = 65_536  # bytes of a request that are waited for without a thread
LONGEST_ARRIVAL = 30.0  # seconds from a request's first bytes to its last

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,7})[ \t]*(?=\r\n|\Z)", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:", re.IGNORECASE)


def is_still_coming(data: bytes) -> bool:
    """Say whether these bytes are the beginning of a small request whose rest will come.

    False for what is there whole, and for all that is unusual: a long request, one in chunks, one
    that waits for leave to send its body, one that is broken. A thread reads these, as they come.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return len(data) < SMALL
    lengths = _LENGTH.findall(head)
    if len(lengths) != 1 or len(head) + int(lengths[0]) > SMALL:
        return False
    return len(body) < int(lengths[0]) and not _EXPECTS.search(head)
