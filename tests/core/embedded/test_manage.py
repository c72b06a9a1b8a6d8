"""Management commands find the running database, or bring one for as long as they last."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core.embedded.postgres import Postgres
from core.embedded.processes import is_alive
from core.embedded.use import Use
from tests.core.embedded.conftest import REPOSITORY

TELL_SERVER = "from core.embedded import data_dir; from core.embedded.postgres import \
Postgres; print(Postgres(data_dir()).pid())"


def manage(home: Path, *arguments: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "DATA_DIR": str(home), **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_a_command_brings_the_database_and_takes_it_away(home: Path) -> None:
    pid = int(manage(home, "shell", "--verbosity", "0", "--command", TELL_SERVER))

    assert not is_alive(pid)


def test_a_command_leaves_a_running_database_alone(postgres: Postgres) -> None:
    use = Use(postgres.home, durable=False)
    use.begin()
    use.keep()  # as `serve` does
    serving = postgres.pid()

    told = int(manage(postgres.home, "shell", "--verbosity", "0", "--command", TELL_SERVER))

    assert told == serving == postgres.pid()
    use.end()


def test_with_a_database_url_nothing_is_started(home: Path) -> None:
    url = "postgres://nobody@127.0.0.1:1/none"
    shell = ("shell", "--verbosity", "0", "--command", TELL_SERVER)

    assert manage(home, *shell, DATABASE_URL=url).strip() == "None"


def test_a_command_that_needs_no_database_starts_none(home: Path) -> None:
    manage(home, "check")

    assert not (home / "servers").exists()
