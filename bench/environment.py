"""The service in an environment of its own: an empty folder, a free port, a filled pool, its CPU.

Needs the repository's packages (psycopg). `Environment` starts `manage.py serve` as an operator
would, fills the tables with set-based SQL and reads from the operating system what the web
processes and PostgreSQL have used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psycopg
from program import Program, empty_folder, free_port

REPOSITORY = Path(__file__).resolve().parents[1]
PLACES = [*sys.path, str(REPOSITORY)]
sys.path[:] = PLACES

from core.embedded.places import socket_dir  # noqa: E402

# Celery has put the working directory first: `orders` would be the app, not the file beside this.
sys.path[:] = PLACES

WEB = "omniretail.web"  # in their command line
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU that the web processes, PostgreSQL and worker and beat have used so far."""

    web: float
    database: float
    behind: float = 0.0

    @property
    def sum(self) -> float:
        return self.web + self.database + self.behind

    def since(self, earlier: Cpu) -> Cpu:
        return Cpu(
            self.web - earlier.web, self.database - earlier.database, self.behind - earlier.behind
        )


class Environment:
    """Runs the service from an empty folder, as a context manager, and removes it after.

    `checkout` is the code that is run: this repository's unless given. `template` is a DATA_DIR
    to begin with, of a service that was stopped: it spares making the tables.
    """

    def __init__(
        self,
        *,
        keep: str = "",
        variables: dict[str, str] | None = None,
        checkout: Path = REPOSITORY,
        template: str = "",
    ) -> None:
        self._template = template
        self.checkout = checkout
        self.home = Path(keep).resolve() if keep else empty_folder("bench-")
        self._kept = bool(keep)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.variables = os.environ | {"DATA_DIR": str(self.home)} | (variables or {})

    def __enter__(self) -> Environment:
        self.home.mkdir(parents=True, exist_ok=True)
        if self._template:  # `cp` keeps the owners, as PostgreSQL wants them
            subprocess.run(["cp", "-a", f"{self._template}/.", str(self.home)], check=True)
        self.start()
        self.key = self.issue_key("bench")
        return self

    def start(self) -> None:
        """Start the service, and wait until it is ready."""
        self.program = Program(
            [sys.executable, "manage.py", "serve", "--port", str(self.port)],
            cwd=self.checkout, environment=self.variables, log=self.home / "bench.log",
            is_up=self.is_ready,
        )  # fmt: skip

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.program.stop()
        if not self._kept and error is None:
            shutil.rmtree(self.home, ignore_errors=True)

    def rehome(self, home: Path) -> None:
        """Go on in another folder: the service must not run just now."""
        self.home = home
        self.variables = self.variables | {"DATA_DIR": str(home)}

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.address, autocommit=True)

    @property
    def address(self) -> str:
        return f"host={socket_dir(self.home)} port=5432 dbname=omniretail user=omniretail"

    def fill(self, *, skus: int, locations: int, on_hand: int = 1_000_000) -> None:
        """Open so many SKUs (K0, …) at so many shipping warehouses (W0, …), each row stocked."""
        with self.connect() as connection:
            for text in _FILL:
                connection.execute(text, {"skus": skus, "locations": locations, "on_hand": on_hand})

    def cpu(self) -> Cpu:
        return cpu_of(self.home)

    def web_processes(self) -> list[int]:
        table = process_table()
        return sorted(p for p, row in table.items() if WEB in row.command and is_of(p, self.home))

    def wal(self) -> int:
        """Return the bytes of write-ahead log written so far."""
        with self.connect() as connection:
            row = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
        return int(row[0]) if row else 0

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def issue_key(self, name: str, scopes: str = "*") -> str:
        """Return a key of an API client with this name and these scopes, with commas between."""
        out = subprocess.run(
            [sys.executable, "manage.py", "issue_api_key", name, "--scopes", scopes],
            cwd=self.checkout, env=self.variables, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return out.stdout.strip().splitlines()[-1]


def cpu_of(home: Path) -> Cpu:
    """Add up the CPU used in `home`, ended backends of PostgreSQL included, the broker left out."""
    table = process_table()
    folder = next(socket_dir(home).parent.glob("postgres-*"))
    postmaster = int((folder / "postmaster.pid").read_text().split()[0])
    database = table[postmaster].ended + sum(
        p.used for pid, p in table.items() if pid == postmaster or p.parent == postmaster
    )
    mine = [p for pid, p in table.items() if is_of(pid, home)]
    web = sum(p.used for p in mine if WEB in p.command)
    behind = sum(p.used for p in mine) - web
    return Cpu(web / TICK, database / TICK, behind / TICK)


def cpu_of_machine() -> float:
    """Return the seconds of CPU that everything on this machine has used."""
    line = Path("/proc/stat").read_text().split("\n", 1)[0]
    user, nice, system, _, _, interrupts, soft, *_ = map(int, line.split()[1:])
    return (user + nice + system + interrupts + soft) / TICK


def is_of(pid: int, home: Path) -> bool:
    """Whether a process was started with this folder as its DATA_DIR."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"DATA_DIR={home}".encode() in environment


@dataclass(frozen=True)
class Process:
    parent: int
    used: int  # ticks, user and system
    ended: int  # ticks of its children that have ended
    command: str


def process_table() -> dict[int, Process]:
    table = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        used, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        table[int(entry.name)] = Process(int(fields[1]), used, ended, command)
    return table


_FILL = (
    """INSERT INTO stores_channel (code, name, kind, all_locations, version)
       VALUES ('web', 'Web', 'web', true, 1) ON CONFLICT DO NOTHING""",
    """INSERT INTO stores_location
           (code, name, kind, timezone, latitude, longitude, address, ships, pickup, returns,
            same_day, priority, hours, exceptions, version)
       SELECT 'W' || n, 'Warehouse ' || n, 'warehouse', 'Europe/London', 50 + n * 0.2,
              -2 + n * 0.1, '{}', true, true, true, false, 100, '{}', '{}', 1
       FROM generate_series(0, %(locations)s - 1) AS n ON CONFLICT DO NOTHING""",
    """INSERT INTO inventory_sku (code, name, attributes, version)
       SELECT 'K' || n, 'Item ' || n, '{}', 1
       FROM generate_series(0, %(skus)s - 1) AS n ON CONFLICT DO NOTHING""",
    """INSERT INTO inventory_stock (sku_id, location_id)
       SELECT k.id, l.id FROM inventory_sku k CROSS JOIN stores_location l
       ORDER BY 1, 2 ON CONFLICT DO NOTHING""",
    """WITH changed AS (
           UPDATE inventory_stock SET on_hand = %(on_hand)s, version = 1 WHERE version = 0
           RETURNING sku_id, location_id)
       INSERT INTO inventory_stockmovement
           (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta,
            on_hand_after, reserved_after, unavailable_after, reason, reference, actor, occurred_at)
       SELECT sku_id, location_id, %(on_hand)s, 0, 0, %(on_hand)s, 0, 0, 'opening_balance',
              'bench', 'bench', statement_timestamp() FROM changed""",
    "VACUUM ANALYZE",
)
