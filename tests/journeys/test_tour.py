"""The five-minute tour of the README, run as a reader runs it: bash, curl, a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from core.embedded.connection import is_database_embedded
from core.roles.names import EMBEDDED

ROOT = Path(__file__).resolve().parents[2]
SECTION = re.compile(r"^## A tour in five minutes$(.*?)^## ", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^```bash\n(.*?)^```\n(?:\n?^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
AFTER_STEP = "---- the step ends here ----"

# What a reader has at hand, and what the test has instead.
SITE, PYTHON = "http://localhost:8000", ".venv/bin/python"


def read_tour() -> list[tuple[str, str]]:
    """Return the commands of each step, and what the README says that they print."""
    section = SECTION.search((ROOT / "README.md").read_text())
    assert section, "README.md has no tour"
    return [(commands, printed or "") for commands, printed in STEP.findall(section.group(1))]


def as_pattern(printed: str) -> str:
    """Return a pattern in which `…` stands for whatever differs from day to day."""
    return re.escape(printed).replace("…", ".+?")


def run_tour(steps: list[tuple[str, str]], *, site: str) -> list[str]:
    """Run every step in one shell; return what each printed."""
    settings = connection.settings_dict
    host, port = quote(str(settings["HOST"]), safe=""), settings["PORT"]
    user = quote(EMBEDDED.run if is_database_embedded() else settings["USER"], safe="")
    password = f":{quote(settings['PASSWORD'], safe='')}" if settings["PASSWORD"] else ""
    database = f"postgresql://{user}{password}@/{settings['NAME']}?host={host}&port={port}"
    script = "set -euo pipefail\n" + f"echo '{AFTER_STEP}'\n".join(step for step, _ in steps)
    # The tour's python3 is ours: that of the system may be a script that first looks for one.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script.replace(SITE, site).replace(PYTHON, sys.executable)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.split(f"{AFTER_STEP}\n")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.django_db(transaction=True)
def test_the_tour_prints_what_the_readme_says(live_server: Any) -> None:
    steps = read_tour()
    assert len(steps) >= 8
    printed = run_tour(steps, site=live_server.url)
    assert len(printed) == len(steps)
    for (commands, expected), found in zip(steps, printed, strict=True):
        assert re.fullmatch(as_pattern(expected), found), f"{commands}\nprinted\n{found}"
