"""What 1,000 orders leave in each table, and how much of it is deleted after some days.

    .venv/bin/python bench/rows.py [--orders N] [--skus N]

In an environment of its own N orders of 1 to 5 lines are placed in batches, picked with scans,
packed, shipped, and half of them delivered, all over HTTP. Sizes are those of tables with their
indexes and long values, vacuumed before and after.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
from pathlib import Path
from typing import Any

from environment import Environment
from expected_state import ExpectedState
from fulfilment_work import FulfilmentWork
from order_clients import LOCATIONS, Load, OrderClients
from report import machine
from service import Service

RESULT = Path(__file__).resolve().parent / "results" / "rows.json"
BATCHES = Load("4 clients, 100 a batch", 4, batch=100)

# Of partitioned tables, the partitions are added up.
SIZES = """
SELECT coalesce(i.inhparent::regclass, c.oid::regclass)::text,
       sum(pg_total_relation_size(c.oid))::bigint
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1
"""
# Tables whose rows are deleted, see core/retention; by the names of their periods.
DELETED = {
    "idempotency_storedanswer": "stored_answers",
    "inventory_reservation": "reservations",
    "outbox_event": "events, if set",
    "orders_scan": "scans",
    "orders_sourcingreceipt": "sourcing_receipts",
}

Figures = dict[str, tuple[int, int]]  # bytes and rows by table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=4_000)
    parser.add_argument("--skus", type=int, default=5_000)
    given = parser.parse_args()
    about = {"given": vars(given), "machine": machine()}
    with Environment() as environment:
        environment.fill(skus=given.skus, locations=LOCATIONS)
        before = measure(environment)
        clients = OrderClients(environment, BATCHES, skus=given.skus, orders=given.orders)
        clients.begin()
        placed = clients.wait().orders
        work_off(environment)
        after = measure(environment)
    report(before, after, placed, about)


def measure(environment: Environment) -> Figures:
    with environment.connect() as connection:
        connection.execute("VACUUM ANALYZE")
        sizes: dict[str, int] = dict(connection.execute(SIZES).fetchall())
        return {
            table: (size, connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # type: ignore[index]
            for table, size in sizes.items()
        }


def work_off(environment: Environment) -> None:
    """Pick and send all orders, four locations at a time."""
    places = [f"W{number}" for number in range(LOCATIONS)]

    def person(number: int) -> None:
        service = Service(environment.url, environment.key)
        work = FulfilmentWork(service, ExpectedState(), random.Random(number))
        for place in places[number::4]:
            lists = -1
            while work.expected.doings["pick lists completed"] > lists:
                lists = work.expected.doings["pick lists completed"]
                work.shift(place)

    people = [threading.Thread(target=person, args=(number,)) for number in range(4)]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()


def report(before: Figures, after: Figures, orders: int, about: dict[str, Any]) -> None:
    """Print what grew, the most first, and keep it."""
    rows = []
    for table, (size, count) in after.items():
        had_size, had_count = before.get(table, (0, 0))
        grown = {
            "table": table,
            "kB": (size - had_size) / orders,  # bytes an order are kB a thousand
            "rows": 1_000 * (count - had_count) / orders,
            "deleted": DELETED.get(table),
        }
        if grown["kB"] >= 1:
            rows.append(grown)
    rows.sort(key=lambda row: -row["kB"])
    print(f"{'a thousand orders':<34}{'kB':>10}{'rows':>10}")
    for row in rows:
        note = f"  deleted: {row['deleted']}" if row["deleted"] else ""
        print(f"{row['table']:<34}{row['kB']:>10,.0f}{row['rows']:>10,.0f}{note}")
    for what, some in (
        ("deleted in time", [row for row in rows if row["deleted"]]),
        ("for good", [row for row in rows if not row["deleted"]]),
    ):
        print(f"{what:<34}{sum(row['kB'] for row in some):>10,.0f}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(about | {"orders": orders, "tables": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
