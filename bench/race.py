"""Fifty units, two hundred buyers at once: exactly fifty may be sold.

    python bench/race.py --url http://127.0.0.1:8000 --key KEY

Standard library only. Exit code 1 when anything else than 50 sold and 150 refused comes out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import threading
import time
from collections import Counter
from typing import Any

from preparation import barcode_of
from report import percentile
from service import GivenUp, Service

BUYERS, UNITS = 200, 50
PLACES = {"RACE-1": 30, "RACE-2": 20}
LONGEST_START = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key", required=True, help="of a client with scope *")
    parser.add_argument("--processes", type=int, default=4)
    options = parser.parse_args()
    sku = f"RACE-{int(time.time()):x}".upper()
    service = Service(options.url, options.key)
    put_on_sale(service, sku)
    outcomes, seconds, complaints = race(options, sku)
    for outcome, count in outcomes.most_common():
        print(f"{count:>5} {outcome}")
    p50, p99 = (1_000 * percentile(seconds, share) for share in (0.5, 0.99))
    print(f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, over {len(seconds)} answers")
    rows = list(service.pages("stock", "read stock", sku=sku))
    left = sum(row["available"] for row in rows)
    reserved = sum(row["reserved"] for row in rows)
    print(f"stock afterwards: {reserved} reserved, {left} available")
    for text in [*complaints, *service.calls.unexpected]:
        print(f"      {text}")
    fine = outcomes == {"sold": UNITS, "refused: insufficient_stock": BUYERS - UNITS}
    fine = fine and (reserved, left) == (UNITS, 0) and not complaints
    print("ok" if fine else "FAILED")
    return 0 if fine else 1


def put_on_sale(service: Service, sku: str) -> None:
    """Put fifty units of one SKU into two locations that ship."""
    for number, code in enumerate(PLACES, start=1):
        body = {
            "name": f"Race {number}",
            "kind": "warehouse",
            "timezone": "Europe/London",
            "latitude": 51.0 + number,
            "longitude": -1.0,
            "capabilities": ["ships"],
        }
        service.put(f"locations/{code}", body, "put location")
    channel = {"name": "Race", "kind": "web", "locations": list(PLACES)}
    service.put("channels/race", channel, "put channel")
    service.put(f"skus/{sku}", {"name": "Race", "barcodes": [barcode_of(sku)]}, "put sku")
    for code, units in PLACES.items():
        body = {
            "location": code,
            "reference": f"{sku}-{code}",
            "lines": [{"sku": sku, "quantity": units}],
        }
        service.post("receipts", body, "receive")


def race(options: argparse.Namespace, sku: str) -> tuple[Counter[str], list[float], list[str]]:
    """Let all buyers press the button at the same moment."""
    context = multiprocessing.get_context("spawn")
    barrier: Any = context.Barrier(BUYERS)
    results: Any = context.Queue()
    share = -(-BUYERS // options.processes)
    numbers = [range(start, min(start + share, BUYERS)) for start in range(0, BUYERS, share)]
    processes = [
        context.Process(
            target=run_buyers, args=(options.url, options.key, sku, some, barrier, results)
        )
        for some in numbers
    ]
    for process in processes:
        process.start()
    outcomes: Counter[str] = Counter()
    seconds: list[float] = []
    complaints: list[str] = []
    for _ in range(BUYERS):
        outcome, took, said = results.get(timeout=300)
        outcomes[outcome] += 1
        seconds += took
        complaints += said
    for process in processes:
        process.join()
    return outcomes, seconds, complaints


def run_buyers(url: str, key: str, sku: str, numbers: range, barrier: Any, results: Any) -> None:
    threads = [
        threading.Thread(target=buy, args=(url, key, sku, number, barrier, results))
        for number in numbers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def buy(url: str, key: str, sku: str, number: int, barrier: Any, results: Any) -> None:
    """Connect, wait for the others, order one unit."""
    service = Service(url, key)
    line = {"line_id": "1", "sku": sku, "quantity": 1, "unit_price": "1.00"}
    body = {
        "channel": "race",
        "external_id": f"{sku}-{number}",
        "currency": "GBP",
        "ship_to": {"postal_code": "SW1A", "country": "GB"},
        "lines": [line],
    }
    try:
        service.connect()
        barrier.wait(timeout=LONGEST_START)
        status, answer = service.post("orders", body, "place", expect=("insufficient_stock",))
        outcome = "sold" if status == 201 else f"refused: {(answer or {}).get('code', status)}"
    except (GivenUp, threading.BrokenBarrierError) as error:
        outcome = type(error).__name__
    results.put((outcome, service.calls.seconds["place"], service.calls.unexpected))


if __name__ == "__main__":
    sys.exit(main())
