"""A peer in an environment of its own: its environment, its database server, its gunicorn."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from environment import REPOSITORY, Cpu, cpu_of
from program import Program, empty_folder, free_port

from core.embedded.connection import DATABASE_NAME
from core.embedded.use import Use

HERE = Path(__file__).resolve().parent
CACHE = REPOSITORY / "var" / "compare"
# As gunicorn.conf.py has it for the service.
WORKERS, THREADS = os.environ.get("WEB_WORKERS", "2"), "20"


@dataclass(frozen=True)
class Peer:
    """`site` is a folder beside this file with `requirements.txt`, `wsgi.py` and `fill.py`.

    `environment` is made of the folder to run in and the address of the database, `migrate` is
    the command that makes the tables, `stock` asks the database for the units of a SKU on hand,
    promised, and in orders.
    """

    name: str
    site: str
    path: str  # takes an order
    environment: Callable[[Path, str], dict[str, str]]
    migrate: tuple[str, ...]
    stock: str
    one_in: int = 1  # of the orders of the others; a slow one's round must end too

    @property
    def programs(self) -> Path:
        return CACHE / self.site / "bin"

    def install(self) -> None:
        """Install the pinned packages once; a stamp tells which pins are there."""
        requirements = HERE / self.site / "requirements.txt"
        stamp = CACHE / self.site / "installed.txt"
        if stamp.exists() and stamp.read_text() == requirements.read_text():
            return
        print("Installing", self.name, "in", stamp.parent, flush=True)
        # Without pip: Debian keeps ensurepip in another package, and ours can install for it.
        venv.create(stamp.parent, clear=True, with_pip=False, symlinks=True)
        subprocess.run(
            [
                sys.executable, "-m", "pip", "--python", str(self.programs / "python"), "install",
                "--quiet", "--disable-pip-version-check", "-r", str(requirements),
            ],
            check=True,
        )  # fmt: skip
        stamp.write_text(requirements.read_text())


class PeerEnvironment:
    """Runs a peer from an empty folder, as a context manager, and removes it after.

    PostgreSQL is of the same programs and settings as the service's, a server of its own.
    """

    def __init__(self, peer: Peer, *, products: int, races: int, units: int) -> None:
        self.peer = peer
        self.home = empty_folder(f"bench-{peer.site}-")
        self.size = [str(number) for number in (products, races, units)]
        self.server = Use(self.home)
        self.address = self.server.postgres.address(DATABASE_NAME)
        self.port = free_port()

    def __enter__(self) -> PeerEnvironment:
        self.server.begin()
        # DATA_DIR is the mark by which its CPU is known.
        self.variables = os.environ | {"DATA_DIR": str(self.home)}
        self.variables |= self.peer.environment(self.home, self.address)
        self._run(*self.peer.migrate)
        self._run("python", "-m", f"{self.peer.site}.fill", *self.size)
        self.web = Program(
            [
                str(self.peer.programs / "python"), "-m", "gunicorn", f"{self.peer.site}.wsgi",
                "--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread",
                "--workers", WORKERS, "--threads", THREADS,
                "--keep-alive", "15", "--timeout", "120", "--no-control-socket",
            ],
            cwd=HERE, environment=self.variables, log=self.home / "gunicorn.log",
            is_up=self._listens,
        )  # fmt: skip
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.web.stop()
        self.server.end()
        if error is None:
            shutil.rmtree(self.home, ignore_errors=True)

    def cpu(self) -> Cpu:
        return cpu_of(self.home)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.peer.programs / program), *arguments],
            cwd=HERE, env=self.variables, check=True,
        )  # fmt: skip

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
