"""The feed while many write: transactions that commit late, or never, and relays that compete."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from core.outbox.events import OutboxEvent, publish
from core.outbox.feed import read_feed
from core.outbox.models import Event, Gap, Relay
from core.outbox.relay import number_pending

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WRITERS, TRANSACTIONS = 6, 30


def write(writer: int) -> None:
    """Publish in many transactions; every third draws its ids in vain."""
    for turn in range(TRANSACTIONS):
        with transaction.atomic():
            publish(*(OutboxEvent("stock.changed", f"stock/{writer}", {"turn": turn}),) * 3)
            transaction.set_rollback(turn % 3 == 0)


def relay() -> None:
    for _ in range(40):
        number_pending(limit=7)


def test_each_committed_event_has_one_place_and_none_is_left_out() -> None:
    number_pending()  # lays the relay's row, where another test has emptied the tables
    start = Relay.objects.get(pk=1).last_sequence
    acts: list[Callable[[], None]] = [lambda n=n: write(n) for n in range(WRITERS)]  # type: ignore[misc]
    acts += [relay, relay]
    barrier = Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        barrier.wait(timeout=30)
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(run, acts))
    while number_pending():
        pass
    feed = read_feed(after=start, limit=10_000)
    assert [event.sequence for event in feed] == list(range(start + 1, start + 1 + len(feed)))
    assert len(feed) == WRITERS * (TRANSACTIONS - TRANSACTIONS // 3) * 3
    assert sorted(event.pk for event in feed) == list(
        Event.objects.order_by("pk").values_list("pk", flat=True)
    )
    told: dict[str, int] = {}
    for event in feed:  # of one subject in the order of its commits
        assert event.data["turn"] >= told.get(event.subject, 0)
        told[event.subject] = event.data["turn"]


def test_a_gap_is_closed_only_when_no_transaction_can_fill_it() -> None:
    with transaction.atomic():
        publish(OutboxEvent("stock.changed", "stock/1", {}))
        transaction.set_rollback(True)
    publish(OutboxEvent("stock.changed", "stock/2", {}))
    assert number_pending() == 1
    (gap,) = Gap.objects.all()
    number_pending()
    assert Gap.objects.get().horizon is None  # its owner may be about to commit
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_gap SET seen_at = seen_at - interval '2 minutes'")
    barrier = Barrier(2)

    def hold_open() -> None:
        with transaction.atomic():
            publish(OutboxEvent("stock.changed", "stock/3", {}))
            barrier.wait(timeout=30)
            barrier.wait(timeout=30)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        open_one = pool.submit(hold_open)
        barrier.wait(timeout=30)
        number_pending()
        number_pending()
        assert Gap.objects.filter(pk=gap.pk, horizon__isnull=False).exists()
        barrier.wait(timeout=30)
        open_one.result()
    assert number_pending() == 1
    # As long ago as no transaction of the server is: others may run in other databases of it.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_gap SET horizon = 3 WHERE first_id = %s", [gap.pk])
    number_pending()
    assert not Gap.objects.filter(pk=gap.pk).exists()
