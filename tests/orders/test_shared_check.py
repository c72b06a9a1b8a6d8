"""One check of the laws at a time, shared by those who ask for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from core.problems.catalogue import Overloaded
from inventory.queries.integrity import Report
from orders.queries import shared_check
from orders.queries.shared_check import LONG, SharedCheck
from tests.concurrency.threads import wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """Stands still, unless it is set; says how often it was looked at."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looks = threading.Semaphore(0)

    def monotonic(self) -> float:
        self.looks.release()
        self.now += 0.001  # no two looks are one
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(shared_check, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def a_report(number: int) -> Report:
    return Report(datetime.now(UTC), number, 0, [])


class Checks:
    """Counts the checks that were made; the first waits until `go` is set, and takes `seconds`."""

    def __init__(self, clock: Clock, *, seconds: float = 0) -> None:
        self.clock, self.seconds, self.made = clock, seconds, 0
        self.begun, self.go = threading.Event(), threading.Event()
        self.shared = SharedCheck(self.make)

    def make(self) -> Report:
        self.made += 1
        self.begun.set()
        assert self.go.wait(60)
        self.clock.now += self.seconds
        return a_report(self.made)

    def ask(self) -> int:
        try:
            return self.shared.report().rows_checked
        finally:
            connection.close()


def test_who_asked_during_a_check_gets_the_next_one_all_of_them(
    clock: Clock, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That one would not show them what happened before they asked."""
    monkeypatch.setattr(shared_check, "PATIENCE", 60.0)
    checks = Checks(clock)
    first = pool.submit(checks.ask)
    assert checks.begun.wait(60)
    later = [pool.submit(checks.ask) for _ in range(3)]
    for _ in range(2 + 3):  # each looks at the clock as it asks, the first also as it begins
        assert clock.looks.acquire(timeout=60)
    checks.go.set()
    assert first.result() == 1
    assert [each.result() for each in later] == [2, 2, 2]
    assert checks.made == 2


def test_what_is_quick_is_checked_each_time(clock: Clock) -> None:
    checks = Checks(clock)
    checks.go.set()
    assert [checks.ask(), checks.ask()] == [1, 2]


def test_what_took_long_counts_for_as_long(clock: Clock) -> None:
    checks = Checks(clock, seconds=2 * LONG)
    checks.go.set()
    assert [checks.ask(), checks.ask()] == [1, 1]
    clock.now += 1.9 * LONG
    assert checks.ask() == 1
    clock.now += 0.2 * LONG
    assert checks.ask() == 2


def test_no_one_waits_for_a_long_check(
    clock: Clock, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_check, "PATIENCE", 0.01)
    checks = Checks(clock)
    first = pool.submit(checks.ask)
    assert checks.begun.wait(60)
    with pytest.raises(Overloaded):
        checks.ask()
    checks.go.set()
    assert (first.result(), checks.made) == (1, 1)


def test_one_at_a_time_in_all_processes(
    clock: Clock, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_check, "PATIENCE", 60.0)
    checks = Checks(clock)
    checks.go.set()
    with transaction.atomic():
        shared_check._take_turn()  # as another process does
        waits = pool.submit(checks.ask)
        wait_until_blocked()
        assert checks.made == 0
    assert waits.result() == 1
    monkeypatch.setattr(shared_check, "PATIENCE", 0.01)
    with transaction.atomic():
        shared_check._take_turn()
        with pytest.raises(Overloaded):
            pool.submit(checks.ask).result()
    assert checks.ask() == 2
