"""Beside every story: what a reader of the lists saw change says that it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.api.filters import ResourceFilterSet
from tests.architecture.test_lists import LISTS
from tests.conftest import ApiCaller, make_caller

RESOURCES = [path for path, filters in LISTS.items() if issubclass(filters, ResourceFilterSet)]
NAMES = ("number", "id", "sku", "code")


def read_all(reader: ApiCaller) -> dict[tuple[str, str], dict[str, Any]]:
    """Return every resource that is listed, by its list and its name."""
    found = {}
    for path in RESOURCES:
        for document in reader.get(path, limit=200).json()["results"]:
            name = next(document[name] for name in NAMES if name in document)
            found[path, name] = document
    return found


@pytest.fixture(autouse=True)
def changes_show(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    reader = make_caller(["*"])
    seen = read_all(reader)
    silent = []

    def watched(write: Any) -> Any:
        def act(caller: ApiCaller, path: str, *given: Any, **named: Any) -> Any:
            answer = write(caller, path, *given, **named)
            now = read_all(reader)
            silent.extend(
                (path, resource)
                for resource in seen.keys() & now.keys()
                if seen[resource] != now[resource]
                and seen[resource]["updated_at"] >= now[resource]["updated_at"]
            )
            seen.clear()
            seen.update(now)
            return answer

        return act

    for method in ("post", "put", "delete"):
        monkeypatch.setattr(ApiCaller, method, watched(getattr(ApiCaller, method)))
    yield
    assert silent == []
