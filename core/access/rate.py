"""How much may be asked by whom: of an API client with a limit so many requests a minute.

What was used is counted in the broker's Redis, for all web processes of all machines.
Without one (RabbitMQ, tests), or while it is away, each process counts for itself.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.access.principal import Principal
from core.metrics.counters import REFUSED
from core.problems.catalogue import TooManyRequests

log = logging.getLogger("omniretail.rate")

WINDOW = 60.0  # seconds, in which a client may ask all at once what it may ask
MOST_NAMES = 10_000  # kept in memory before those that count no more are dropped
REDIS_PATIENCE = 0.25  # seconds for an answer
REDIS_REST = 5.0  # seconds in which one that did not answer is not asked again
_SPENT = "omniretail.rate"

GetResponse = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Spent:
    """What is left after a request; `wait`: seconds until it may be asked again, 0 if it was in."""

    limit: int
    left: int
    clear_in: int  # seconds until all of it is there again
    wait: int


class Counts(Protocol):
    """By name the moment at which nothing that was asked counts any more.

    Requests come back evenly, one every `each` seconds: a token bucket in one value.
    """

    def add(self, name: str, each: float, window: float) -> float:
        """Count a request, unless that moment would be more than `window` seconds ahead.

        A negative `each` takes one back. Return how many seconds ahead it is with this request.
        """


class MemoryCounts:
    """Of this process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear_at: dict[str, float] = {}

    def add(self, name: str, each: float, window: float) -> float:
        now = time.monotonic()
        with self._lock:
            ahead = max(self._clear_at.get(name, 0.0) - now, 0.0) + each
            if not _is_over(ahead, each, window):
                self._clear_at[name] = now + ahead
            if len(self._clear_at) > MOST_NAMES:
                self._clear_at = {one: at for one, at in self._clear_at.items() if at > now}
        return ahead


class RedisCounts:
    """Of all processes that use this Redis, by its clock."""

    # Microseconds: whole numbers that Lua's doubles hold.
    SCRIPT = """
    local time, each, window = redis.call('TIME'), tonumber(ARGV[1]), tonumber(ARGV[2])
    local now = time[1] * 1000000 + time[2]
    local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) - now, 0) + each
    if ahead <= 0 then
        redis.call('DEL', KEYS[1])
    elseif ahead <= window then
        local clear_at = string.format('%.0f', now + ahead)
        redis.call('SET', KEYS[1], clear_at, 'PX', math.ceil(ahead / 1000))
    end
    return ahead
    """

    def __init__(self, url: str) -> None:
        self._otherwise = MemoryCounts()
        self._rests_until = 0.0
        self._script = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_PATIENCE,
            socket_connect_timeout=REDIS_PATIENCE,
            retry=Retry(NoBackoff(), retries=0),
        ).register_script(self.SCRIPT)

    def add(self, name: str, each: float, window: float) -> float:
        if time.monotonic() >= self._rests_until:
            try:
                times = [int(each * 1e6), int(window * 1e6)]
                ahead = cast(int, self._script([f"omniretail:rate:{name}"], times))
                return ahead / 1e6
            except redis.RedisError as error:
                self._rests_until = time.monotonic() + REDIS_REST
                log.warning("limits are counted by each process: %s", error)
        return self._otherwise.add(name, each, window)


@cache
def counts() -> Counts:
    """Return where this process counts: by the broker's address."""
    url = settings.CELERY_BROKER_URL
    if url.startswith("redis+socket://"):  # as Celery writes it
        return RedisCounts(url.replace("redis+socket", "unix", 1).replace("virtual_host", "db"))
    return RedisCounts(url) if url.startswith(("redis://", "rediss://")) else MemoryCounts()


def spend(name: str, limit: int, *, window: float = WINDOW) -> Spent:
    """Take one of the `limit` requests in `window` seconds that are counted by a name."""
    each = window / limit
    ahead = counts().add(name, each, window)
    if _is_over(ahead, each, window):
        wait = max(1, math.ceil(ahead - window))
        return Spent(limit, 0, math.ceil(ahead - each), wait)
    return Spent(limit, int((window - ahead) / each + 1e-6), math.ceil(ahead), 0)


def give_back(name: str, limit: int, *, window: float = WINDOW) -> None:
    """Let a request that was taken count no more."""
    counts().add(name, -window / limit, window)


def _is_over(ahead: float, each: float, window: float) -> bool:
    return ahead - window > abs(each) * 1e-6  # what rounding leaves is not over


def charge(request: HttpRequest | Request, actor: Principal) -> None:
    """Count a request for its client, once; raise TooManyRequests when that is one too many."""
    if actor.requests_per_minute is None or _SPENT in request.META:
        return
    spent = spend(actor.id, actor.requests_per_minute)
    request.META[_SPENT] = spent
    if spent.wait:
        REFUSED.labels("too_many_requests").inc()
        raise TooManyRequests(limit=spent.limit, window_seconds=int(WINDOW))


class ClientThrottle(BaseThrottle):
    """DRF's throttle. Raises the refusal itself, which says more than that it is one."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, Principal):
            charge(request, request.user)
        return True


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
