"""The embedded PostgreSQL of one DATA_DIR: start it, find it running, stop it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from core.embedded import processes
from core.embedded.account import Account, account_for_servers
from core.embedded.binaries import PostgresBinaries, find_postgres
from core.embedded.connection import DATABASE_NAME, SOCKET_PORT
from core.embedded.errors import EmbeddedError
from core.embedded.folders import make_folder, make_servers_folder
from core.embedded.logs import open_log, tail
from core.embedded.places import log_dir, servers_dir, socket_dir
from core.roles import setting_up
from core.roles.names import EMBEDDED, OWNER

LONGEST_RECOVERY = 600  # seconds; replaying the log after a crash of a busy server takes a while
LONGEST_SHUTDOWN = 60
ORPHANS_GRACE = 5

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than any statement here takes
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    # A new service plans its statements on empty tables, and keeps reading them whole until they
    # are analysed: for its first minute an order cost 4 to 9 ms of CPU here instead of 1 to 3.
    "autovacuum_naptime": "5s",
    # At a tenth more rows, the default, a service that fills up is analysed all the time.
    "autovacuum_analyze_scale_factor": "0.4",
    "max_locks_per_transaction": "256",  # partitions count one each
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d %a ",
    "logging_collector": "off",
}
# A failed statement and its detail hold values of rows: names and addresses of people.
DISCREET = {"log_min_error_statement": "panic", "log_error_verbosity": "terse"}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
# For tests: data lost in a power cut is made again by the next run, and no one is real.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

Report = Callable[[str], None]


class Postgres:
    """The server of one DATA_DIR. Callers that start or stop hold `start.lock` (see `use`)."""

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        report: Report = lambda line: None,
        is_unwanted: Callable[[], bool] = lambda: False,
    ) -> None:
        """`report` is called with long steps; `is_unwanted` may end the wait for a recovery."""
        self.home = home
        self.durable = durable
        self.report = report
        self.is_unwanted = is_unwanted

    @property
    def log(self) -> Path:
        return log_dir(self.home) / "postgres.log"

    @property
    def sockets(self) -> Path:
        return socket_dir(self.home)

    def pid(self) -> int | None:
        """The pid of this DATA_DIR's running postmaster, whichever process started it."""
        for folder in self._clusters().values():
            pid = _first_number(folder / "postmaster.pid")
            if pid is not None and _is_postmaster(pid, folder):
                return pid
        return None

    def is_ready(self) -> bool:
        """Whether it accepts connections now."""
        return self.pid() is not None and self._answers("postgres")

    def start(self) -> bool:
        """Make sure that it runs and answers; True when this call started it.

        A server left by a killed process is adopted; files left by a power cut are removed.
        Raises EmbeddedError with the end of the server's log when it cannot run.
        """
        pid = self.pid()
        if pid is not None:
            self._wait_until_ready(pid)
            self._prepare()  # it may be that of a version before
            return False
        make_servers_folder(self.home)
        account = account_for_servers(servers_dir(self.home))
        clusters = self._clusters()
        binaries = find_postgres(existing_majors=set(clusters)).runnable_by(account)
        cluster = servers_dir(self.home) / f"postgres-{binaries.major}"
        make_folder(self.sockets, owner=account, mode=0o700)
        if binaries.major not in clusters:
            self._create(cluster, binaries, account)
        _clear_leftovers(cluster, self.sockets)
        self._wait_until_ready(self._launch(cluster, binaries, account))
        self._prepare()
        return True

    def stop(self) -> None:
        """Stop it: running statements are rolled back, what was committed is written down."""
        pid = self.pid()
        if pid is None:
            return
        processes.send(pid, signal.SIGINT)  # "fast": clients are sent away
        if not processes.wait_until_gone(pid, seconds=LONGEST_SHUTDOWN):
            self.report("PostgreSQL does not stop, ending it; it recovers at the next start")
            processes.send(pid, signal.SIGQUIT)
            processes.wait_until_gone(pid, seconds=LONGEST_SHUTDOWN)

    def _clusters(self) -> dict[int, Path]:
        """The data folders there are, by major version. Half-made ones do not count."""
        found = {}
        for folder in servers_dir(self.home).glob("postgres-*"):
            number = folder.name.removeprefix("postgres-")
            if number.isdigit():
                found[int(number)] = folder
        return found

    def _create(self, cluster: Path, binaries: PostgresBinaries, account: Account) -> None:
        self.report("Making an empty PostgreSQL database")
        # Made beside and renamed when complete: a power cut half-way leaves no broken folder.
        unfinished = cluster.with_name(f"{cluster.name}.unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        make_folder(unfinished, owner=account, mode=0o700)
        command = [
            str(binaries.bin / "initdb"), "-D", str(unfinished), "-U", OWNER,
            "--encoding=UTF8", "--auth=trust",  # its folder's mode limits access
            "--no-instructions",
        ]  # fmt: skip
        if not self.durable:
            command.append("--no-sync")
        if binaries.major is not None and binaries.major >= 17:
            command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            command += ["--locale=C.UTF-8"]
        made = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=server_environment(),
            cwd="/",
            **account.popen_arguments,
        )
        if made.returncode != 0:
            raise EmbeddedError(f"initdb failed: {(made.stderr or made.stdout).strip()}")
        unfinished.rename(cluster)

    def _launch(self, cluster: Path, binaries: PostgresBinaries, account: Account) -> int:
        settings = {
            **SERVER_SETTINGS,
            **(DURABLE | DISCREET if self.durable else FORGETFUL),
            "unix_socket_directories": f'"{self.sockets}"',
            "port": SOCKET_PORT,
        }
        command = [str(binaries.bin / "postgres"), "-D", str(cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with open_log(self.log) as output:
            return processes.launch(
                command, output=output, environment=server_environment(), account=account
            )

    def _wait_until_ready(self, pid: int) -> None:
        deadline = time.monotonic() + LONGEST_RECOVERY
        news = time.monotonic() + 5
        while not self._answers("postgres"):
            if not processes.is_alive(pid):
                raise EmbeddedError(f"PostgreSQL did not start; {self.log} ends:\n{tail(self.log)}")
            if self.is_unwanted():
                raise EmbeddedError("stopped while PostgreSQL was starting")
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL does not answer after {LONGEST_RECOVERY} s: see {self.log}"
                )
            if time.monotonic() > news:
                news += 15
                self.report("PostgreSQL is not ready yet (recovering after a crash?)")
            time.sleep(0.02)

    def _answers(self, name: str) -> bool:
        import psycopg

        if not (self.sockets / f".s.PGSQL.{SOCKET_PORT}").exists():
            return False
        try:
            psycopg.connect(self.address(name), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare(self) -> None:
        """Make the database and its roles where they are missing: some ms where they are not."""
        import psycopg

        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]
            ).fetchone()
            if known is None:
                connection.execute(f'CREATE DATABASE "{DATABASE_NAME}"')
            connection.execute(setting_up.for_server(EMBEDDED))
        with psycopg.connect(self.address(DATABASE_NAME), autocommit=True) as connection:
            connection.execute(setting_up.for_database(EMBEDDED))

    def address(self, name: str, *, user: str = OWNER) -> str:
        """What psycopg.connect takes to reach the database `name`, as its owner unless said."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(host=str(self.sockets), port=SOCKET_PORT, user=user, dbname=name)


def _first_number(path: Path) -> int | None:
    """The pid on the first line of a lock file of PostgreSQL's."""
    try:
        first = path.read_text().split("\n", 1)[0].strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return int(first) if first.isdigit() else None


def _is_postmaster(pid: int, cluster: Path) -> bool:
    """Whether the running process `pid` serves `cluster`, and is no later one with its number."""
    return processes.is_alive(pid) and f"-D {cluster} " in processes.command_line(pid)


def _clear_leftovers(cluster: Path, sockets: Path) -> None:
    """Remove what a dead postmaster left, so that a new one can start.

    A dead postmaster's children may still write for a moment; starting beside them would ruin
    the data, so they go first. PostgreSQL clears its own lock files, except where their number
    now belongs to another process, or where a power cut left them empty.
    """
    deadline = time.monotonic() + ORPHANS_GRACE
    while orphans := processes.working_in(cluster, programs=("postgres",)):
        if time.monotonic() > deadline:
            for orphan in orphans:
                processes.send(orphan, signal.SIGKILL)
        time.sleep(0.05)
    for leftover in (cluster / "postmaster.pid", sockets / f".s.PGSQL.{SOCKET_PORT}.lock"):
        pid = _first_number(leftover)
        if pid is None or processes.is_number_taken(pid):
            leftover.unlink(missing_ok=True)


def server_environment() -> dict[str, str]:
    """Only PATH is inherited: PGDATA or PGOPTIONS in a shell must not affect the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
