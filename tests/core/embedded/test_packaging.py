"""What is installed is pinned, hashed and explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
NAME = re.compile(r"^([A-Za-z0-9-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


@pytest.mark.parametrize("stem", ["requirements", "requirements-dev"])
def test_every_direct_dependency_is_compiled_and_explained(stem: str) -> None:
    asked = dict(NAME.findall((REPOSITORY / f"{stem}.in").read_text()))
    compiled_text = (REPOSITORY / f"{stem}.txt").read_text()
    compiled = {name: version for name, version in NAME.findall(compiled_text)}
    explained = (REPOSITORY / "docs" / "dependencies.md").read_text()

    assert asked, "requirements are there to be read"
    for name, version in asked.items():
        assert compiled[name.lower()] == version, f"run `make requirements`: {name}"
        assert name in explained, f"docs/dependencies.md does not say why {name}"


@pytest.mark.parametrize("stem", ["requirements", "requirements-dev"])
def test_compiled_requirements_are_hashed_and_know_no_machine(stem: str) -> None:
    lines = (REPOSITORY / f"{stem}.txt").read_text().splitlines()
    for place, line in enumerate(lines):
        if NAME.match(line):
            assert lines[place + 1].lstrip().startswith("--hash=sha256:"), line
        assert not line.startswith(("--index", "--extra-index", "--find-links")), line
        assert "file://" not in line, line
