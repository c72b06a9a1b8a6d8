"""What a contributor meets first is as the code is: variables, checks, navigation, versions."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *ROOT.glob("*.py"),
    *(
        path
        for app in ("core", "omniretail", "stores", "inventory", "orders")
        for path in (ROOT / app).rglob("*.py")
    ),
]
# Variables that are read, but not the service's own.
OF_OTHERS = {"PATH", "DJANGO_SETTINGS_MODULE", "PYTEST_XDIST_WORKER"}


def read(name: str) -> str:
    return (ROOT / name).read_text()


def variables_in(path: Path) -> Iterator[str]:
    """Yield X of `os.environ.get("X")`, `os.environ["X"]` and their like."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=value), args=[name, *_]) if is_environ(value):
                yield from text_of(name)
            case ast.Call(func=ast.Attribute(attr="getenv"), args=[name, *_]):
                yield from text_of(name)
            case ast.Subscript(value=value, slice=name) if is_environ(value):
                yield from text_of(name)
            case ast.Compare(left=name, comparators=[value]) if is_environ(value):
                yield from text_of(name)


def is_environ(node: ast.expr) -> bool:
    return ast.unparse(node) == "os.environ"


def text_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def example_variables() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", read(".env.example"), re.MULTILINE))


def test_the_example_lists_every_variable_and_no_other() -> None:
    code = {name for path in SOURCES for name in variables_in(path)} - OF_OTHERS
    compose = set(re.findall(r"\$\{([A-Z_]+)", read("compose.yaml")))
    assert len(code) > 10
    assert example_variables() == code | compose


def test_every_variable_of_the_example_stands_at_its_default() -> None:
    """All are commented out: copied as it is, the file changes nothing."""
    said = [line for line in read(".env.example").splitlines() if line and line[0] != "#"]
    assert said == []


def recipe(target: str) -> list[str]:
    """Return the commands of a target of the Makefile, one a line."""
    makefile = read("Makefile").replace("\\\n", " ").replace("$(BIN)", ".venv/bin")
    found = re.search(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)+)", makefile, re.MULTILINE)
    assert found, f"the Makefile has no target {target}"
    return [" ".join(line.split()) for line in found.group(1).splitlines()]


def test_a_commit_is_checked_by_what_lint_runs() -> None:
    (repository,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    hooks = repository["hooks"]
    assert [hook["entry"].removeprefix("env ") for hook in hooks] == recipe("lint")
    assert {hook["language"] for hook in hooks} == {"system"}


def pages_of(navigation: Any) -> Iterator[str]:
    if isinstance(navigation, str):
        yield navigation
    else:
        parts = navigation.values() if isinstance(navigation, dict) else navigation
        for part in parts:
            yield from pages_of(part)


def test_every_page_is_in_the_navigation_once() -> None:
    pages = sorted(str(path.relative_to(ROOT / "docs")) for path in ROOT.glob("docs/**/*.md"))
    assert sorted(pages_of(yaml.safe_load(read("properdocs.yml"))["nav"])) == pages


def test_documents_link_to_pages_of_the_site() -> None:
    """A link out of `docs/` would lead nowhere on it; `make docs` refuses them."""
    outside = [
        path.name for path in ROOT.glob("docs/*.md") if re.search(r"\]\(\.\./", path.read_text())
    ]
    assert outside == []


def test_the_version_has_its_section_in_the_changelog() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    heads = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert heads[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", heads[1])


def test_the_container_is_made_by_targets_that_exist() -> None:
    container = json.loads(read(".devcontainer/devcontainer.json"))
    makefile = read("Makefile").replace("$(VENV)", ".venv")
    targets = re.findall(r"\bmake (\S+)", container["postCreateCommand"])
    assert targets
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize(("folder", "mark"), [("concurrency", "race"), ("browser", "browser")])
def test_what_runs_long_is_marked(folder: str, mark: str) -> None:
    """`make test-fast` leaves it out by its mark."""
    files = sorted((ROOT / "tests" / folder).glob("test_*.py"))
    assert files
    assert [path.name for path in files if f"pytest.mark.{mark}" not in path.read_text()] == []
