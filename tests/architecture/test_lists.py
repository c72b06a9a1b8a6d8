"""Every list is asked in one manner: what it does not know, takes once or cannot read is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver

from tests.architecture.test_openapi import ITSELF, routes
from tests.conftest import ApiCaller
from tests.factories import LocationFactory
from tests.omniretail.files.import_helpers import send

pytestmark = pytest.mark.django_db


def lists() -> Iterator[tuple[str, Any]]:
    for path, callback in routes(get_resolver().url_patterns):
        view = getattr(callback, "view_class", None)
        if path.startswith("/api/v1/") and path not in ITSELF and view.filterset_class:
            yield path, view.filterset_class


LISTS = dict(lists())
PARAMETERS = [
    (path, name, each.schema)
    for path, filters in LISTS.items()
    for name, each in filters.base_filters.items()
]


@pytest.fixture
def at(api: ApiCaller) -> dict[str, str]:
    """Addresses of all lists: those within a resource, of one that there is."""
    LocationFactory(code="S1")
    file = send(api, "skus", "sku,name\nA1,Mug\n", dry_run="true")
    assert file.status_code == 202, file.content
    return {path: path.format(code="S1", id=file.json()["id"]) for path in LISTS}


def malformed(schema: dict[str, Any]) -> list[str]:
    """Return values that are not of this schema."""
    if schema["type"] == "array":
        return [" ", ",", *malformed(schema["items"])]
    if "enum" in schema:
        return ["nonsense"]
    if "pattern" in schema:
        return ["a/b", "x" * 65]
    return {
        "integer": ["x", "-1", "1.5", str(2**63)],
        "boolean": ["yes", "1", "True"],
        "string": ["x" * (schema.get("maxLength", 500) + 1)],
    }[schema["type"]] + (
        ["2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"]
        if schema.get("format") == "date-time"
        else []
    )


def refused(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 400, answer.content
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_there_are_lists() -> None:
    assert len(LISTS) >= 18


@pytest.mark.parametrize("path", LISTS)
def test_what_a_list_does_not_know_is_named(api: ApiCaller, at: dict[str, str], path: str) -> None:
    assert refused(api.get(f"{at[path]}?nonsense=1")) == [("/nonsense", "unknown_field")]


@pytest.mark.parametrize(("path", "name", "schema"), PARAMETERS)
def test_what_cannot_be_read_is_named(
    api: ApiCaller, at: dict[str, str], path: str, name: str, schema: dict[str, Any]
) -> None:
    assert refused(api.get(f"{at[path]}?{name}=1&{name}=1")) == [(f"/{name}", "given_twice")]
    assert refused(api.get(at[path], **{name: ""})) == [(f"/{name}", "blank")]
    for value in malformed(schema):
        assert {pointer for pointer, _ in refused(api.get(at[path], **{name: value}))} == {
            f"/{name}"
        }, value


@pytest.mark.parametrize(
    ("path", "name", "schema"), [each for each in PARAMETERS if each[2]["type"] == "array"]
)
def test_several_values_stand_between_commas(
    api: ApiCaller, at: dict[str, str], path: str, name: str, schema: dict[str, Any]
) -> None:
    words = schema["items"].get("enum", ["order.placed", "order.cancelled"])
    answer = api.get(at[path], **{name: ",".join(words)})
    assert answer.status_code == 200, answer.content
    assert refused(api.get(at[path], **{name: ",".join(words * 101)})) == [(f"/{name}", "too_many")]
