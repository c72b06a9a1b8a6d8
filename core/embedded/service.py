"""The processes of the service that `serve` starts: web, worker and beat."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from core.embedded.children import Child
from core.embedded.errors import EmbeddedError

GRACE = 20  # seconds for requests and tasks under way when all stops

_CELERY = ("-m", "celery", "--app", "omniretail")


def number_of_web_processes() -> int:
    """Raises EmbeddedError unless WEB_WORKERS is a number above nought."""
    text = os.environ.get("WEB_WORKERS") or "2"
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise EmbeddedError(f"WEB_WORKERS must be a number from 1, not {text!r}.")
    return int(text)


class Gate:
    """Holds web processes back that have loaded, until the tables are up to date.

    Loading takes longer than all the rest of a start, so it begins first.
    """

    def __init__(self) -> None:
        self.file, self._end = os.pipe()
        self._is_open = False

    def open(self) -> None:
        """Let them serve, and those that are started later too."""
        if not self._is_open:
            os.close(self._end)  # they read the end of the pipe
            self._is_open = True


def web_processes(home: Path, number: int, *, listener: socket.socket, gate: Gate) -> list[Child]:
    """Return web processes that share a socket and count into one folder."""
    files = (listener.fileno(), gate.file)
    return [
        Child(
            f"web-{each}",
            home,
            ("-m", "omniretail.web", "--fd", str(files[0]), "--wait-for", str(files[1])),
            role="web",
            grace=GRACE + 10,
            extra_environment={"PROMETHEUS_MULTIPROC_DIR": str(_metrics_folder(home))},
            handed_files=files,
        )
        for each in range(1, number + 1)
    ]


def clear_metrics(home: Path) -> None:
    """Empty the folder where web processes count: those of an earlier run count no more."""
    folder = _metrics_folder(home)
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()


def _metrics_folder(home: Path) -> Path:
    return home / "metrics"


def behind_the_web(home: Path) -> list[Child]:
    """Return beat and the worker."""
    schedule = str(home / "beat-schedule")
    return [
        Child(
            "beat",
            home,
            (*_CELERY, "beat", "--loglevel", "WARNING", "--pidfile", "", "--schedule", schedule),
            role="worker",
            grace=5,
        ),
        Child(
            "worker",
            home,
            (*_CELERY, "worker", "--loglevel", "WARNING", "--concurrency", "2",
             "--without-gossip", "--without-mingle"),
            role="worker",
            grace=GRACE,
        ),
    ]  # fmt: skip
