"""Import a million stock rows beside a bare COPY and beside Django's bulk_create.

    .venv/bin/python bench/imports.py [--rows N] [--rounds N]

Makes a database of its own on the embedded server, and drops it. All three take the same file, by
turns, each row with a new figure: the product stages it, checks it, changes balances under the
guards of the pool, writes the ledger and tells of it; COPY fills an empty table of three columns;
bulk_create(update_conflicts=True) upserts a copy of the Stock table that has no triggers, and
writes no ledger. Then the product takes the file again that it has just taken. Every measured run
is a process of its own. Rates depend on the machine; look at the ratios. CPU is that of the
process and of all of PostgreSQL.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "bench" / "results" / "imports.json"
sys.path.insert(0, str(ROOT))
LOCATIONS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--measure", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        set_up_django()
        began, used = time.perf_counter(), time.process_time()
        parts = WAYS[given.measure](given.file)
        parts["seconds"] = time.perf_counter() - began
        parts["client_cpu"] = round(time.process_time() - used, 2)
        parts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(parts))
        return
    run_all(given.rows, given.rounds)


def set_up_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omniretail.settings")
    os.environ.setdefault("CELERY_BROKER_URL", "memory://")
    django.setup()


def run_all(rows: int, rounds: int) -> None:
    os.environ["DATA_DIR"] = str(ROOT / "var" / "bench")
    os.environ["OMNIRETAIL_ROLE"] = "worker"
    os.environ["CELERY_BROKER_URL"] = "memory://"
    from core.embedded import data_dir
    from core.embedded.use import Use

    use = Use(data_dir())
    use.begin()
    name = f"bench_imports_{os.getpid()}"
    os.environ["DATABASE_URL"] = address = use.postgres.address(name)
    import psycopg

    with psycopg.connect(use.postgres.address("postgres"), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            measure_all(rows, rounds, address)
        finally:
            from django.db import connections

            connections.close_all()
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            use.end()


def measure_all(rows: int, rounds: int, address: str) -> None:
    set_up_django()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    lay_out(rows)
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in ("first", *WAYS, "unchanged")}
    with tempfile.TemporaryDirectory() as folder:
        files = [write_file(Path(folder) / f"{n}.csv", rows, n) for n in range(rounds + 1)]
        runs["first"].append(measured("product", files[0]))
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_stock (LIKE inventory_stock INCLUDING ALL)")
            cursor.execute("INSERT INTO bench_stock SELECT * FROM inventory_stock")
            cursor.execute("VACUUM ANALYZE")
        for file in files[1:]:
            for way in WAYS:
                runs[way].append(measured(way, file))
                print(f"{file.stem} {way}: {runs[way][-1]}", flush=True)
            runs["unchanged"].append(measured("product", file))
            print(f"{file.stem} unchanged: {runs['unchanged'][-1]}", flush=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM inventory_stockmovement")
            movements = cursor.fetchone()[0]
    report(rows, runs, movements)


def measured(way: str, file: Path) -> dict[str, Any]:
    """Run one way in a process of its own; return its seconds and its peak memory."""
    before = database_cpu()
    done = subprocess.run(
        [sys.executable, __file__, "--measure", way, "--file", str(file)],
        check=True,
        capture_output=True,
        text=True,
    )
    run = json.loads(done.stdout.splitlines()[-1])
    return run | {
        "database_cpu": round(database_cpu() - before, 2),
        "load_average": os.getloadavg()[0],
    }


def database_cpu() -> float:
    """Return the seconds of CPU that all of PostgreSQL has used so far."""
    from core.embedded import data_dir
    from core.embedded.postgres import Postgres

    postmaster = Postgres(data_dir()).pid()
    ticks = 0
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == postmaster:
            ticks += int(fields[11]) + int(fields[12])
        elif entry.name == str(postmaster):
            ticks += sum(map(int, fields[11:15]))  # with its children that have ended
    return ticks / os.sysconf("SC_CLK_TCK")


def lay_out(rows: int) -> None:
    """Make the SKUs and the buildings."""
    from inventory.models import Sku
    from stores.models import Location

    Location.objects.bulk_create(
        Location(code=f"S{n}", name=f"S{n}", kind="store", timezone="UTC") for n in range(LOCATIONS)
    )
    Sku.objects.bulk_create(
        (Sku(code=f"SKU-{n:06}", name=f"Article {n}") for n in range(-(-rows // LOCATIONS))),
        batch_size=5_000,
    )


def write_file(path: Path, rows: int, turn: int) -> Path:
    """Write figures that differ from those of the turn before in every row."""
    chance = random.Random(1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("sku", "location", "on_hand"))
        for n in range(rows):
            figure = chance.randrange(200) * 10 + turn
            writer.writerow((f"SKU-{n // LOCATIONS:06}", f"S{n % LOCATIONS}", figure))
    return path


def through_the_product(path: Path) -> dict[str, Any]:
    """Stage and apply, as the endpoint and the worker do."""
    from django.db import transaction

    from core.access.principal import SYSTEM
    from core.imports.accepting import ImportOptions, accept_file
    from core.imports.models import Import
    from core.imports.reading import look_into
    from core.imports.running import run
    from omniretail.files.kinds import KINDS

    began = time.perf_counter()
    kind = KINDS["stock"]
    with path.open("rb") as content, transaction.atomic():
        file = accept_file(
            content=look_into(content, kind), kind=kind, options=ImportOptions(), actor=SYSTEM
        )
    staged = time.perf_counter() - began
    run(file.pk, kind)
    done = Import.objects.get(pk=file.pk)
    assert (done.state, done.rows_done, done.rows_failed) == ("done", done.rows_total, 0), done
    return {"changed": done.rows_changed, "stage_seconds": staged}


def bare_copy(path: Path) -> dict[str, Any]:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_copy")
        cursor.execute("CREATE TABLE bench_copy (sku text, location text, on_hand int)")
        statement = "COPY bench_copy FROM STDIN WITH (FORMAT csv, HEADER true)"
        with path.open("rb") as content, cursor.copy(statement) as copy:
            while piece := content.read(1024 * 1024):
                copy.write(piece)
    return {}


def bulk_create(path: Path) -> dict[str, Any]:
    from django.db import models, transaction

    from inventory.models import Sku
    from stores.models import Location

    class BenchStock(models.Model):
        sku_id = models.BigIntegerField()
        location_id = models.BigIntegerField()
        on_hand = models.IntegerField()

        class Meta:
            app_label = "bench"
            managed = False
            db_table = "bench_stock"

    skus = dict(Sku.objects.values_list("code", "pk"))
    places = dict(Location.objects.values_list("code", "pk"))

    def stock() -> Iterator[BenchStock]:
        with path.open(newline="") as content:
            for row in csv.DictReader(content):
                yield BenchStock(
                    sku_id=skus[row["sku"]],
                    location_id=places[row["location"]],
                    on_hand=int(row["on_hand"]),
                )

    with transaction.atomic():
        BenchStock.objects.bulk_create(
            stock(),
            batch_size=10_000,
            update_conflicts=True,
            unique_fields=["sku_id", "location_id"],
            update_fields=["on_hand"],
        )
    return {}


WAYS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "product": through_the_product,
    "copy": bare_copy,
    "bulk_create": bulk_create,
}
NAMES = {
    "first": "import, every Stock row new",
    "product": "import, every row changed, with ledger and events",
    "unchanged": "import of the same file again",
    "copy": "bare COPY into an empty table",
    "bulk_create": "bulk_create(update_conflicts), no ledger",
}


def report(rows: int, runs: dict[str, list[dict[str, Any]]], movements: int) -> None:
    from report import machine

    seconds = {way: median(run["seconds"] for run in each) for way, each in runs.items()}
    cpu = {
        way: median(run["client_cpu"] + run["database_cpu"] for run in each)
        for way, each in runs.items()
    }
    summary = {
        "machine": machine(),
        "rows": rows,
        "movements_written": movements,
        "product_beside_bulk_create": seconds["bulk_create"] / seconds["product"],
        "product_beside_copy": seconds["copy"] / seconds["product"],
        "unchanged_beside_copy": seconds["copy"] / seconds["unchanged"],
        "product_beside_bulk_create_cpu": cpu["bulk_create"] / cpu["product"],
        "unchanged_beside_copy_cpu": cpu["copy"] / cpu["unchanged"],
        "peak_mb": max(run["peak_mb"] for way in ("first", "product") for run in runs[way]),
    }
    print(f"\n{'way':<52}{'seconds':>10}{'CPU s':>9}{'rows/s':>12}{'peak MB':>10}")
    for way, name in NAMES.items():
        peak = max(run["peak_mb"] for run in runs[way])
        figures = f"{seconds[way]:>10.2f}{cpu[way]:>9.2f}{rows / seconds[way]:>12,.0f}{peak:>10.0f}"
        print(f"{name:<52}{figures}")
    for key in ("product_beside_bulk_create", "unchanged_beside_copy"):
        by = f"by time {summary[key]:.3f}, by CPU {summary[f'{key}_cpu']:.3f}"
        print(f"{key.replace('_', ' ')}: {by}")
    print(f"import beside bare COPY: {summary['product_beside_copy']:.3f}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**summary, "runs": runs}, indent=2) + "\n")


if __name__ == "__main__":
    main()
