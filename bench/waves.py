"""A wave of 10,000 order lines to sorted pick lists: one set-based pass beside an ORM loop.

    .venv/bin/python bench/waves.py [--lines N] [--rounds N]

In an environment of its own, a warehouse with bins has open fulfilments of two lines each. The
product's command and a plain loop over Django's models write the same: the lists with their lines
in walking order, the fulfilments under way, an event for each. Both in this process, in a
transaction that is rolled back, so that each begins with the same rows. CPU is that of this
process and of PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from environment import Environment
from report import machine

RESULT = Path(__file__).resolve().parent / "results" / "waves.json"
SKUS, BINS, SIZE = 2_000, 400, 12

FILL = (
    """INSERT INTO stores_bin (location_id, code, walk)
       SELECT l.id, 'B' || n, n FROM stores_location l, generate_series(1, %(bins)s) AS n""",
    """INSERT INTO inventory_placement (sku_id, bin_id)
       SELECT k.id, b.id FROM inventory_sku k
       JOIN stores_bin b ON b.code = 'B' || (k.id * 7 %% %(bins)s + 1)""",
    """INSERT INTO orders_order
           (number, channel_id, external_id, fingerprint, currency, payment_reference, note,
            allow_split, allow_backorder, allow_partial)
       SELECT 'H' || n, c.id, 'H' || n, '', 'GBP', '', '', true, false, false
       FROM generate_series(1, %(orders)s) AS n CROSS JOIN stores_channel c""",
    """INSERT INTO orders_orderline
           (order_id, line_id, sku_id, product_reference, unit_price, fulfilment_type, ordered,
            cancelled, reserved, backordered, fulfilled, returned)
       SELECT o.id, n::text, (SELECT min(id) FROM inventory_sku) + (o.id * 31 + n * 17) %% %(skus)s,
              '', 1, 'ship', 1, 0, 1, 0, 0, 0 FROM orders_order o, generate_series(1, 2) AS n""",
    """INSERT INTO inventory_reservation (sku_id, location_id, quantity, state, reference)
       SELECT sku_id, (SELECT min(id) FROM stores_location), 1, 'confirmed', id::text
       FROM orders_orderline""",
    """INSERT INTO orders_fulfilment
           (code, order_id, location_id, type, state, promise, accepted_by, bay, carrier,
            tracking_number, wrong_codes)
       SELECT number || '-1', id, (SELECT min(id) FROM stores_location), 'ship', 'open',
              '{"deliver_by": "2030-01-01T00:00:00Z"}', '', '', '', '', 0 FROM orders_order""",
    """INSERT INTO orders_fulfilmentline (fulfilment_id, order_line_id, reservation_id, quantity)
       SELECT f.id, l.id, r.id, 1 FROM orders_fulfilment f
       JOIN orders_orderline l ON l.order_id = f.order_id
       JOIN inventory_reservation r ON r.reference = l.id::text""",
    "VACUUM ANALYZE",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    about = {"given": vars(given), "machine": machine()}
    with Environment() as environment:
        environment.fill(skus=SKUS, locations=1)
        asked = {"skus": SKUS, "bins": BINS, "orders": given.lines // 2}
        with environment.connect() as connection:
            for text in FILL:
                connection.execute(text, asked if "%(" in text else None)
        os.environ |= {"DATA_DIR": str(environment.home), "OMNIRETAIL_ROLE": "web"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "omniretail.settings"
        sys.path.remove(str(Path(__file__).resolve().parent))  # `orders` is the app from here on
        import django

        django.setup()
        ways = {"one pass": one_pass, "ORM loop": orm_loop}
        wave(environment, one_pass, 0)  # connects, imports, plans
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        for _ in range(given.rounds):
            for name, way in ways.items():
                runs[name].append(wave(environment, way, given.lines))
    report(runs, about)


def wave(environment: Environment, way: Callable[[], None], lines: int) -> dict[str, float]:
    """Write a wave in one way, and undo it; return seconds of CPU and of the clock."""
    from django.db import transaction

    from core.outbox.models import Event
    from orders.models import PickListLine

    with transaction.atomic():
        cpu, mine, began = environment.cpu(), time.process_time(), time.perf_counter()
        way()
        took, client = time.perf_counter() - began, time.process_time() - mine
        used = environment.cpu().since(cpu)
        if lines:
            assert PickListLine.objects.count() == lines
            assert Event.objects.filter(type="fulfilment.picking").count() == lines // 2
        transaction.set_rollback(True)
    return {"seconds": took, "python": client, "database": used.database}


def one_pass() -> None:
    from core.access.principal import SYSTEM
    from orders.commands.picking.pick_lists import start_wave
    from stores.models import Location

    start_wave(location=Location.objects.get(), size=SIZE, max_orders=10_000, actor=SYSTEM)


def orm_loop() -> None:
    """Write the same rows as one would at first: object by object."""
    from core.outbox.models import Event
    from inventory.models import Placement
    from orders.models import Fulfilment, PickList, PickListLine
    from orders.queries.documents import fulfilment_document
    from stores.models import Location

    location = Location.objects.get()
    waiting = list(Fulfilment.objects.filter(location=location, state="open").order_by("id"))
    for start in range(0, len(waiting), SIZE):
        part = waiting[start : start + SIZE]
        pick_list = PickList.objects.create(location=location, mode="batch", created_by="bench")
        found = []
        for tote, fulfilment in enumerate(part, start=1):
            for line in fulfilment.lines.select_related("order_line__sku"):
                sku = line.order_line.sku
                placement = (
                    Placement.objects.filter(sku=sku, bin__location=location)
                    .select_related("bin")
                    .order_by("bin__walk", "bin__code")
                    .first()
                )
                assert placement
                found.append((placement.bin.walk, placement.bin.code, sku.code, tote, line))
        ordered = sorted(found, key=lambda each: each[:4])
        for position, (_, code, _, tote, line) in enumerate(ordered, start=1):
            PickListLine.objects.create(
                pick_list=pick_list,
                fulfilment_line=line,
                sku=line.order_line.sku,
                bin=code,
                position=position,
                tote=tote,
                quantity=line.quantity,
            )
        for fulfilment in part:
            fulfilment.state = "picking"
            fulfilment.version += 1
            fulfilment.save(update_fields=["state", "version"])
            Event.objects.create(
                type="fulfilment.picking",
                subject=f"fulfilments/{fulfilment.code}",
                order=fulfilment.order.number,
                actor="bench",
                data=fulfilment_document(fulfilment),
            )


def report(runs: dict[str, list[dict[str, float]]], about: dict[str, Any]) -> None:
    """Print the medians, and keep every round."""
    columns = ("seconds", "python", "database")
    print(f"{'':<10}" + "".join(f"{name:>12}" for name in columns))
    medians = {}
    for name, rounds in runs.items():
        figures = [median(each[column] for each in rounds) for column in columns]
        medians[name] = figures
        print(f"{name:<10}" + "".join(f"{figure:>12.2f}" for figure in figures))
    loop, once = medians["ORM loop"], medians["one pass"]
    print(f"the loop takes {loop[0] / once[0]:.1f}x the time,", end=" ")
    print(f"{sum(loop[1:]) / sum(once[1:]):.1f}x the CPU")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(about | {"runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
