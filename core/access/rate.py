"""How much an API client may ask, where it has a limit: so many requests a minute.

What a client has used stands in memory that all web processes of one machine share: counted by
each for itself, a client whose connections lie unevenly would be refused too early, and
counted in a table, each request would write. gunicorn's master makes it by reading this module,
before there are workers; several machines count for themselves.
"""

from __future__ import annotations

import math
import mmap
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from core.access.principal import Principal
from core.metrics.counters import REFUSED
from core.problems.catalogue import TooManyRequests

WINDOW = 60.0  # seconds, in which a client may ask all at once what it may ask
CLIENTS = 4_096  # whoever comes after so many shares with one of them
_SPENT = "omniretail.rate"

# For each client the moment at which nothing it has asked counts any more. Read and written
# without a lock: of two requests at the very same moment one may go uncounted.
_clear_at = memoryview(mmap.mmap(-1, 8 * CLIENTS)).cast("d")

GetResponse = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Spent:
    """What is left after a request; `wait`: seconds until it may be asked again, 0 if it was in."""

    limit: int
    left: int
    clear_in: int  # seconds until all of it is there again
    wait: int


def spend(client: int, limit: int) -> Spent:
    """Take one of a client's `limit` requests a minute, if there is one.

    They come back evenly, one every `WINDOW / limit` seconds.
    """
    now, slot, each = time.monotonic(), client % CLIENTS, WINDOW / limit
    ahead = max(_clear_at[slot] - now, 0.0)
    wait = ahead + each - WINDOW
    if wait > each * 1e-6:  # what rounding leaves is no wait
        return Spent(limit, 0, math.ceil(ahead), max(1, math.ceil(wait)))
    ahead += each
    _clear_at[slot] = now + ahead
    return Spent(limit, int((WINDOW - ahead) / each + 1e-6), math.ceil(ahead), 0)


def charge(request: HttpRequest, actor: Principal) -> None:
    """Count a request for its client, once; raise TooManyRequests when that is one too many."""
    if actor.requests_per_minute is None or _SPENT in request.META:
        return
    spent = spend(int(actor.id.rpartition(":")[2]), actor.requests_per_minute)
    request.META[_SPENT] = spent
    if spent.wait:
        REFUSED.labels("too_many_requests").inc()
        raise TooManyRequests(limit=spent.limit, window_seconds=int(WINDOW))


class RateLimitMiddleware:
    """Tell a client that has a limit what is left of it (draft-ietf-httpapi-ratelimit-headers)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        spent = request.META.get(_SPENT)
        if spent is not None:
            response["RateLimit-Policy"] = f'"client";q={spent.limit};w={WINDOW:.0f}'
            response["RateLimit"] = f'"client";r={spent.left};t={spent.clear_in}'
            if spent.wait:
                response["Retry-After"] = str(spent.wait)
        return response
