"""What gives files of any length has places of its own, so that slow readers keep no thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from core.api.csv_export import CsvRenderer
from core.server.overload import HEAVY
from orders.api.integrity import IntegrityView


def _addresses(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, Any]]:
    for each in resolver.url_patterns:
        address = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _addresses(each, address)
        elif isinstance(each, URLPattern):
            yield address, getattr(each.callback, "cls", None)


def test_every_file_and_every_check_is_answered_in_places_of_its_own() -> None:
    long = {
        address
        for address, view in _addresses(get_resolver())
        if view is not None
        and (CsvRenderer in view.renderer_classes or issubclass(view, IntegrityView))
    }
    assert len(long) >= 7
    for address in long:
        assert HEAVY.fullmatch("GET " + re.sub(r"<[^>]+>", "x", address)), address
