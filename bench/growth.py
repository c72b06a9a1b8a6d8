"""Whether orders and reads cost the same in a large pool as in a small one.

    .venv/bin/python bench/growth.py [--skus N] [--movements N] [--past-orders N] [--rounds N]

Runs the service in two environments side by side: a small one, 10,000 stock rows that have had
their opening movement and nothing else; and a large one, N SKUs at 20 locations whose ledger has
been filled up to N movements, with so many orders behind it, sent and delivered. Orders of 1 to 5
lines over HTTP and reads take turns on both; the figure is the CPU of web and database for each,
its ratio large to small. The large environment takes minutes and some gigabytes to fill.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

from environment import REPOSITORY, Environment
from order_clients import LOCATIONS, Load
from report import machine

from orders import measure

RESULT = Path(__file__).resolve().parent / "results" / "growth.json"
SMALL_SKUS, CLIENTS = 500, Load("8 clients", 8)

# A unit is reserved and let go again, row after row: history as thick everywhere.
HISTORY = """
INSERT INTO inventory_stockmovement
    (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta, on_hand_after,
     reserved_after, unavailable_after, reason, reference, actor, occurred_at)
SELECT sku_id, location_id, 0, %(delta)s, 0, on_hand, (%(delta)s + 1) / 2, 0,
       CASE WHEN %(delta)s > 0 THEN 'reserved' ELSE 'released' END, 'H%(turn)s-' || id / 3, 'bench',
       statement_timestamp()
FROM inventory_stock ORDER BY id LIMIT %(limit)s
"""
PAST = (
    """INSERT INTO orders_order
           (number, channel_id, external_id, fingerprint, currency, payment_reference, note,
            allow_split, allow_backorder, allow_partial)
       SELECT 'H' || n, c.id, 'H' || n, '', 'GBP', '', '', true, false, false
       FROM generate_series(1, %(orders)s) AS n CROSS JOIN stores_channel c""",
    """INSERT INTO orders_orderline
           (order_id, line_id, sku_id, product_reference, unit_price, fulfilment_type, ordered,
            cancelled, reserved, backordered, fulfilled, returned)
       SELECT id, '1', (SELECT min(id) FROM inventory_sku) + id %% %(skus)s, '', 1, 'ship',
              1, 0, 0, 0, 1, 0
       FROM orders_order WHERE number LIKE 'H%%'""",
    """INSERT INTO inventory_reservation (sku_id, location_id, quantity, state, reference)
       SELECT l.sku_id, (SELECT min(id) FROM stores_location) + l.id %% %(locations)s, 1,
              'consumed', o.number
       FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id ORDER BY o.id""",
    """INSERT INTO orders_fulfilment
           (code, order_id, location_id, type, state, accepted_by, bay, carrier, tracking_number,
            wrong_codes, finished_at)
       SELECT o.number || '-1', o.id, r.location_id, 'ship', 'delivered', '', '', '', '', 0, now()
       FROM orders_order o JOIN inventory_reservation r ON r.reference = o.number""",
    """INSERT INTO orders_fulfilmentline
           (fulfilment_id, order_line_id, reservation_id, quantity, picked)
       SELECT f.id, l.id, r.id, 1, 1
       FROM orders_fulfilment f JOIN orders_order o ON o.id = f.order_id
       JOIN orders_orderline l ON l.order_id = o.id
       JOIN inventory_reservation r ON r.reference = o.number""",
    """INSERT INTO outbox_event (type, subject, "order", data)
       SELECT 'order.placed', 'orders/' || number, number, '{}' FROM orders_order
       WHERE number LIKE 'H%%'""",
    # Frozen, as in years: else autovacuum does it meanwhile, and is counted with the orders.
    "VACUUM (FREEZE, ANALYZE)",
    "CHECKPOINT",
)
STAFF = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from core.access.models import User
user, _ = User.objects.get_or_create(
    username="bench", defaults={"is_staff": True, "is_superuser": True})
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--movements", type=int, default=10_000_000)
    parser.add_argument("--past-orders", type=int, default=500_000)
    parser.add_argument("--orders", type=int, default=1_600, help="an environment and round")
    parser.add_argument(
        "--reads", type=int, default=200, help="of each kind, an environment and round"
    )
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    about = {"given": vars(given), "machine": machine()}
    with Environment() as small, Environment() as large:
        small.fill(skus=SMALL_SKUS, locations=LOCATIONS)
        large.fill(skus=given.skus, locations=LOCATIONS)
        age(large, given)
        about |= {"rows": {"small": count(small), "large": count(large)}}
        print(json.dumps(about, indent=1), flush=True)
        skus = {small: SMALL_SKUS, large: given.skus}
        names = {small: "small", large: "large"}
        cookies = {environment: sign_in(environment) for environment in skus}
        for environment, known in skus.items():  # warms caches and plans
            measure(environment, CLIENTS, known, given.orders)
        runs: dict[str, dict[str, list[float]]] = {}
        for _ in range(given.rounds):
            for environment, known in skus.items():
                placed = measure(environment, CLIENTS, known, given.orders)
                costs = {"place an order": placed["web_ms"] + placed["database_ms"]}
                costs |= read_all(environment, cookies[environment], known, given.reads)
                for what, cost in costs.items():
                    runs.setdefault(what, {}).setdefault(names[environment], []).append(cost)
    report(runs, about | {"load_after": machine()["load_average"]})


def age(environment: Environment, given: argparse.Namespace) -> None:
    """Give the ledger its past, and so many orders that are done."""
    missing, turn = given.movements - given.skus * LOCATIONS, 0
    with environment.connect() as connection:
        while missing > 0:
            # Both halves of a turn, so that every row ends with nothing reserved.
            rows = min(given.skus * LOCATIONS, max(missing // 2, 1))
            for delta in (1, -1):
                connection.execute(HISTORY, {"delta": delta, "turn": turn, "limit": rows})
            missing, turn = missing - 2 * rows, turn + 1
        asked = {"orders": given.past_orders, "skus": given.skus, "locations": LOCATIONS}
        for text in PAST:
            connection.execute(text, asked if "%(" in text else None)


def count(environment: Environment) -> dict[str, int]:
    tables = ("inventory_stock", "inventory_stockmovement", "orders_order")
    with environment.connect() as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # type: ignore[index]
            for table in tables
        }


def sign_in(environment: Environment) -> str:
    """Return the session of a member of staff."""
    out = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", STAFF],
        cwd=REPOSITORY, env=environment.variables, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return out.stdout.strip().splitlines()[-1]


def read_all(environment: Environment, cookie: str, skus: int, times: int) -> dict[str, float]:
    """Return the CPU of each kind of read, milliseconds of web and database."""
    with environment.connect() as connection:
        newest = connection.execute("SELECT number FROM orders_order ORDER BY id DESC LIMIT 500")
        numbers = [number for (number,) in newest]
    shelf = "sku=K{sku}&location=W{place}"
    kinds = {
        # As many as a SKU has had in either environment: the same answer, out of a longer history.
        "movements of a SKU": "/api/v1/stock/movements?sku=K{sku}&limit=20",
        "movements of a shelf": "/api/v1/stock/movements?" + shelf,
        "a shelf as of then": f"/api/v1/stock/as-of?{shelf}&at=2030-01-01T00:00:00Z&around=1",
        "stock of a SKU": "/api/v1/stock?sku=K{sku}",
        "one order": "/api/v1/orders/{number}",
        "timeline of an order": "/api/v1/orders/{number}/timeline",
        "open orders of the API": "/api/v1/orders?state=open",
        "desk: orders": "/admin/orders/order/",
        "desk: open fulfilments": "/admin/orders/fulfilment/?state=open",
    }
    costs = {}
    for what, path in kinds.items():
        wanted = times if path.startswith("/api") else max(times // 4, 1)
        cpu = environment.cpu()
        for _ in range(wanted):
            address = path.format(
                sku=random.randrange(skus),
                place=random.randrange(LOCATIONS),
                number=random.choice(numbers),
            )
            get(environment, address, cookie)
        used = environment.cpu().since(cpu)
        costs[what] = 1_000 * (used.web + used.database) / wanted
    return costs


def get(environment: Environment, address: str, cookie: str) -> None:
    head = {"Cookie": f"sessionid={cookie}"}
    if address.startswith("/api"):
        head = {"Authorization": f"Bearer {environment.key}"}
    request = urllib.request.Request(environment.url + address, headers=head)
    with urllib.request.urlopen(request) as answer:
        assert "login" not in answer.url, "the desk is locked"
        answer.read()


def report(runs: dict[str, dict[str, list[float]]], about: dict[str, Any]) -> None:
    """Print the medians and their ratio, and keep every round."""
    print(f"{'ms of CPU':<26}{'small':>10}{'large':>10}{'ratio':>8}")
    for what, cost in runs.items():
        small, large = median(cost["small"]), median(cost["large"])
        print(f"{what:<26}{small:>10.2f}{large:>10.2f}{large / small:>8.2f}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(about | {"runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
