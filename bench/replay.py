"""Replay a retailer's invoices against a running service, and settle accounts with it.

    python bench/replay.py --url http://127.0.0.1:8000 --key KEY --invoices 5000 --clients 8 \\
        --data online_retail.csv.gz

Standard library only. Exit code 1 when anything does not reconcile. See README.md beside this.
"""

from __future__ import annotations

import argparse
import multiprocessing
import queue
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from zlib import crc32

from expected_state import ExpectedState
from invoices import SHIPPED, Invoice, Oddities, names_of, read
from plan import deliveries, demand, is_short
from preparation import Preparation
from progress import Progress
from reconcile import InitialState, reconcile
from report import print_calls, print_doings
from service import Calls, GivenUp, Service
from worker import Job, WorkerResult, work


def main() -> int:
    options = parse()
    run = options.run or f"R{int(time.time()):x}".upper()
    oddities = Oddities()
    invoices = list(read(options.data, options.invoices, oddities))
    met = ", ".join(f"{count:,} {what}" for what, count in oddities.met.items() if count)
    events = Counter(invoice.event for invoice in invoices)
    print(f"Run {run}: {dict(events)} from {options.data.name}; {met}")
    service = Service(options.url, options.key)
    try:
        expected, calls, later, initial = prepare(options, run, invoices, service)
        results, seconds = replay_invoices(options, run, invoices, later)
        for result in results:
            expected.add(result.expected)
            calls.add(result.calls)
        print_summary(calls, expected, seconds)
        failures = [result.failure for result in results if result.failure]
        return settle(service, run, expected, initial, calls, failures)
    except GivenUp as error:
        print(f"FAILED: {error}")
        for text in service.calls.unexpected:
            print(f"  {text}")
        return 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key", required=True, help="of a client with scope *")
    parser.add_argument("--invoices", type=int, default=5_000, help="sales to replay")
    parser.add_argument("--clients", type=int, default=8, help="worker processes")
    parser.add_argument("--share", type=float, default=0.6, help="of web orders to pick")
    parser.add_argument("--run", help="prefix of external ids; a new one unless given")
    parser.add_argument(
        "--data",
        type=Path,
        default=SHIPPED / "invoices.csv.gz",
        help="Online Retail as csv.gz; without it, the demo's cut of about 1,000 sales",
    )
    return parser.parse_args()


def prepare(
    options: argparse.Namespace, run: str, invoices: list[Invoice], service: Service
) -> tuple[ExpectedState, Calls, Counter[Any], InitialState]:
    """Put buildings, SKUs and stock in place; return what was there before the stock came."""
    skus = sorted({line.sku for invoice in invoices for line in invoice.lines})
    first, later = deliveries(*demand(invoices))
    preparation = Preparation(options.url, options.key, options.clients, run)
    preparation.prepare(names_of(options.data), skus)
    initial = InitialState.read(service, run)
    preparation.receive(first, "first")
    short = sum(map(is_short, skus))
    print(f"{len(skus):,} SKUs, {short:,} of them short; {sum(first.values()):,} units received")
    calls = Calls()
    for each in preparation.services:
        calls.add(each.calls)
    return preparation.expected, calls, later, initial


def replay_invoices(
    options: argparse.Namespace, run: str, invoices: list[Invoice], later: Counter[Any]
) -> tuple[list[WorkerResult], float]:
    """Let the workers replay; all invoices of a customer are one worker's, in order."""
    shares: list[list[Invoice]] = [[] for _ in range(options.clients)]
    for invoice in invoices:
        name = invoice.customer or invoice.number
        shares[crc32(name.encode()) % options.clients].append(invoice)
    context = multiprocessing.get_context("spawn")
    ticks: Any = context.Value("i", 0)
    results: Any = context.Queue()
    sales = sum(invoice.event == "sale" for invoice in invoices)
    progress = Progress("invoices", sales)
    began = time.monotonic()
    workers = [
        context.Process(
            target=work,
            args=(
                Job(
                    number=number,
                    url=options.url,
                    key=options.key,
                    run=run,
                    invoices=share,
                    share=options.share,
                    later=dict(later) if number == 0 else {},
                ),
                ticks,
                results,
            ),
        )
        for number, share in enumerate(shares)
    ]
    for worker in workers:
        worker.start()
    done: list[WorkerResult] = []
    while len(done) < len(workers):
        try:
            done.append(results.get(timeout=0.5))
        except queue.Empty:
            if all(worker.exitcode is not None for worker in workers) and results.empty():
                break
        progress.show(ticks.value)
    seconds = time.monotonic() - began
    progress.end()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            done.append(
                WorkerResult(Calls(), ExpectedState(), f"a worker ended with {worker.exitcode}")
            )
    return done, seconds


def print_summary(calls: Calls, expected: ExpectedState, seconds: float) -> None:
    orders = len(expected.accepted) + len(expected.refused)
    total = sum(map(len, calls.seconds.values()))
    print(
        f"\n{orders:,} orders in {seconds:.1f} s: {orders / seconds:.1f} orders/s, with all that "
        f"goes with them; {total:,} calls"
    )
    print_calls(calls)
    print_doings(expected)


def settle(
    service: Service,
    run: str,
    expected: ExpectedState,
    initial: InitialState,
    calls: Calls,
    failures: list[str],
) -> int:
    """Print the reconciliation; return the exit code."""
    print("\nReconciliation")
    fine = True
    for verdict in reconcile(service, run, expected, initial):
        fine &= verdict.ok
        print(f"  {'ok  ' if verdict.ok else 'FAIL'} {verdict.text}")
        for detail in verdict.details:
            print(f"         {detail}")
    calls.add(service.calls)
    fine &= not calls.unexpected_count and not failures
    print(f"  {'FAIL' if calls.unexpected_count else 'ok  '} "
          f"{calls.unexpected_count:,} unexpected answers")  # fmt: skip
    for text in (*calls.unexpected[:20], *failures):
        print(f"         {text}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
