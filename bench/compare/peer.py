"""django-oscar on a ground of its own: its environment, its database server, its gunicorn."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from types import TracebackType

from ground import REPOSITORY, Cpu, cpu_of

from omniretail.embedded.connection import DATABASE_NAME
from omniretail.embedded.use import Use

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "oscar_site" / "requirements.txt"
ENVIRONMENT = REPOSITORY / "var" / "compare" / "oscar"
PYTHON = ENVIRONMENT / "bin" / "python"
# As gunicorn.conf.py has it for the service.
WORKERS, THREADS = os.environ.get("WEB_WORKERS", "2"), "16"
LONGEST_START = 60.0


def make_environment() -> None:
    """Install the pinned packages once; a stamp tells which pins are there."""
    stamp = ENVIRONMENT / "installed.txt"
    if stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text():
        return
    print("Installing django-oscar in", ENVIRONMENT, flush=True)
    # Without pip: Debian keeps ensurepip in another package, and ours can install for it.
    venv.create(ENVIRONMENT, clear=True, with_pip=False, symlinks=True)
    subprocess.run(
        [
            sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet",
            "--disable-pip-version-check", "-r", str(REQUIREMENTS),
        ],
        check=True,
    )  # fmt: skip
    stamp.write_text(REQUIREMENTS.read_text())


class OscarShop:
    """`with OscarShop(...) as shop:` runs it from an empty folder and removes it after.

    PostgreSQL is of the same programs and settings as the service's, a server of its own.
    """

    def __init__(self, *, products: int, races: int, units: int) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="bench-oscar-", dir="/tmp")).resolve()
        self.home.chmod(0o755)  # else root's database would go to a shelter that nobody clears
        self.size = [str(number) for number in (products, races, units)]
        self.server = Use(self.home)
        self.address = self.server.postgres.address(DATABASE_NAME)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def __enter__(self) -> OscarShop:
        self.server.begin()
        self.environment = os.environ | {
            "DATA_DIR": str(self.home),  # the mark by which its CPU is known
            "DJANGO_SETTINGS_MODULE": "oscar_site.settings",
            "OSCAR_DATABASE": self.address,
        }
        self._run("-m", "django", "migrate", "--verbosity", "0")
        self._run("-m", "oscar_site.fill", *self.size)
        self.log = (self.home / "gunicorn.log").open("ab")
        self.web = subprocess.Popen(
            [
                str(PYTHON), "-m", "gunicorn", "oscar_site.wsgi",
                "--bind", f"127.0.0.1:{self.port}",
                "--worker-class", "gthread", "--workers", WORKERS, "--threads", THREADS,
                "--keep-alive", "15", "--no-control-socket",
            ],
            cwd=HERE, env=self.environment, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        deadline = time.monotonic() + LONGEST_START
        while not self._listens():
            if self.web.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"django-oscar did not start: see {self.log.name}")
            time.sleep(0.1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.web.send_signal(signal.SIGTERM)
        self.web.wait(60)
        self.log.close()
        self.server.end()
        if error is None:
            shutil.rmtree(self.home, ignore_errors=True)

    def cpu(self) -> Cpu:
        return cpu_of(self.home)

    def _run(self, *arguments: str) -> None:
        subprocess.run([str(PYTHON), *arguments], cwd=HERE, env=self.environment, check=True)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
