"""Counting requests, and timing them, by endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core.metrics.counters import REQUESTS, SECONDS

GetResponse = Callable[[HttpRequest], HttpResponse]
Series = tuple[Callable[[], None], Callable[[float], None]]

# Each name is a permanent series, so methods that clients may invent share one.
OTHER = "other"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FOLDED = ("/admin/", "/static/")


class MetricsMiddleware:
    """Count each request by method, endpoint and status.

    To look a series up by its labels costs the library more than to count, so they are kept: one
    entry for each method, endpoint and status.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._series: dict[tuple[str, str, int], Series] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in _METHODS else OTHER
        key = (method or OTHER, endpoint_of(request), response.status_code)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _series(*key)
        count, observe = series
        count()
        observe(time.perf_counter() - began)
        return response


def endpoint_of(request: HttpRequest) -> str:
    """Return the URL pattern of a request, of which there is a limited number."""
    match = request.resolver_match
    endpoint = request.path if match is None else f"/{match.route}"
    for folder in _FOLDED:
        if endpoint.startswith(folder):
            return folder
    return OTHER if match is None else endpoint


def _series(method: str, endpoint: str, status: int) -> Series:
    return (
        REQUESTS.labels(method, endpoint, str(status), endpoint).inc,
        SECONDS.labels(method, endpoint, endpoint).observe,
    )
