"""Documents fail like code: what they name exists, and what exists is named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.test import Client

import omniretail.urls  # noqa: F401  imports every endpoint, and with them every problem
from core.problems.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])
PACKAGES = ("core", "omniretail", "stores", "inventory", "orders")

EVENT = re.compile(
    r"(?:stock|reservation|order|fulfilment|return|refund|transfer|delivery|count|customer|integrity)\.[a-z_]+"
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
TARGET = re.compile(r"\bmake ([a-z-]+)")
PATH = re.compile(r"`((?:core|omniretail|stores|inventory|orders|tests|docs|bench)/[\w/.-]*)`")

# What publishes: `OutboxEvent` itself, and the functions that make one of the type they are given.
PUBLISHERS = {
    "OutboxEvent",
    "tell",
    "_tell",
    "hand_out",
    "publish_carts",
    "publish_fulfilments",
    "publish_transfer",
    "publish_deliveries",
    "return_event",
}
GIVEN_AS = {"type", "event"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(params=DOCUMENTS, ids=named)
def document(request: pytest.FixtureRequest) -> Path:
    return request.param


def code_in(document: Path) -> str:
    """Return what a document shows as code: words of the text may look like commands."""
    return "\n".join(CODE.findall(document.read_text()))


def sources() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ast.parse(path.read_text())


@cache  # every document asks, and all the code is read for it
def published_types() -> frozenset[str]:
    """Return the event types that the code publishes.

    A fact is published where its type is given to one of `PUBLISHERS`, or stands in an INSERT
    into the outbox. The sentences of the timeline and the actions of the audit log look alike.
    """
    types: set[str] = set()
    for module in sources():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and called(node) in PUBLISHERS:
                given = [*node.args[:1], *(k.value for k in node.keywords if k.arg in GIVEN_AS)]
                types |= {word for value in given for word in words_of(value)}
            elif isinstance(node, ast.Constant) and "INTO outbox_event" in str(node.value):
                types |= set(re.findall(rf"'({EVENT.pattern})'", str(node.value)))
    return frozenset(word for word in types if EVENT.fullmatch(word))


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def words_of(value: ast.expr) -> list[str]:
    """Return the texts in an expression: also both of `"a" if x else "b"`."""
    constants = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)]
    return [text for text in constants if isinstance(text, str)]


def listed_types() -> set[str]:
    """Return the types that the catalogue of events explains, one a row."""
    rows = (ROOT / "docs" / "events.md").read_text()
    return set(re.findall(rf"^\| `({EVENT.pattern})` \|", rows, re.MULTILINE))


def test_the_catalogue_lists_every_event_and_no_other() -> None:
    published = published_types()
    assert len(published) > 20
    assert listed_types() == published


def test_documents_name_only_events_that_are_told(document: Path) -> None:
    quoted = re.findall(rf"`({EVENT.pattern})`", document.read_text())
    assert set(quoted) <= published_types()


def test_commands_exist(document: Path) -> None:
    assert set(COMMAND.findall(code_in(document))) <= get_commands().keys()


def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(TARGET.findall(code_in(document))) <= targets


def test_links_lead_somewhere(document: Path) -> None:
    relative = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    lost = [link for link in relative if not (document.parent / link.split("#")[0]).exists()]
    assert lost == []


def test_files_that_are_named_exist(document: Path) -> None:
    paths = PATH.findall(document.read_text())
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_document_can_be_found() -> None:
    """Each page is linked from another one, beginning with the README."""
    linked = {
        (document.parent / link.split("#")[0]).resolve()
        for document in DOCUMENTS
        for link in LINK.findall(document.read_text())
        if "://" not in link
    }
    pages = [document for document in DOCUMENTS if document.is_relative_to(ROOT / "docs")]
    assert [named(page) for page in pages if page.resolve() not in linked] == []


def test_decisions_are_numbered_without_gaps_and_short() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [path.name for path in decisions if len(path.read_text().split()) > 180] == []


def test_every_problem_says_what_it_means() -> None:
    """In a docstring of its own, which is its page."""
    assert [code for code, kind in catalogue().items() if not kind.__dict__.get("__doc__")] == []


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_problem_has_its_page(code: str) -> None:
    answer = Client().get(f"/problems/{code}")
    assert answer.status_code == 200
    assert catalogue()[code].title in answer.content.decode().replace("&#x27;", "'")


def test_problems_that_documents_name_exist(document: Path) -> None:
    text = document.read_text()
    quoted = set(re.findall(r"\b(?:4\d\d|503) `([a-z_]+)`", text))
    assert quoted <= catalogue().keys()
