"""Many API clients at once, in real processes and threads, on one real PostgreSQL.

`call_at_once` starts processes which send their calls at the same moment through the whole door:
authentication, idempotency, command, ledger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from django.db import connection
from django.test import Client

from inventory.ledger import claims
from tests.concurrency.nursery import open_nursery

PATIENCE = 120  # seconds
_meeting: Any = None  # of the processes that `run_at_once` started


@dataclass(frozen=True)
class Call:
    """One POST; `key` is its Idempotency-Key."""

    path: str
    body: Any
    key: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    replayed: bool

    @property
    def code(self) -> str | None:
        return self.body.get("code") if self.status >= 400 else None


@dataclass(frozen=True)
class Order:
    """What one process is to do."""

    calls: Sequence[Call]
    api_key: str
    threads: int
    without_guard: bool


def call_at_once(
    calls: Sequence[Call],
    *,
    api_key: str,
    processes: int = 4,
    threads: int = 8,
    without_guard: bool = False,
) -> list[Answer]:
    """Send the calls, dealt out over processes, all starting together; answers in any order."""
    orders = [
        Order(calls[index::processes], api_key, threads, without_guard)
        for index in range(processes)
    ]
    return [answer for answers in run_at_once(send_all, orders) for answer in answers]


def send_all(order: Order) -> list[Answer]:
    """Send the calls of an order over its threads, in a process of its own."""
    if order.without_guard:
        _drop_guard()

    def send(call: Call) -> Answer:
        response = Client(raise_request_exception=False).post(
            f"/api/v1/{call.path}",
            json.dumps(call.body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {order.api_key}", "Idempotency-Key": call.key},
        )
        return Answer(response.status_code, response.json(), "Idempotency-Replayed" in response)

    with ThreadPoolExecutor(order.threads) as pool:
        list(pool.map(lambda _: connection.ensure_connection(), range(order.threads)))
        meet()
        return list(pool.map(send, order.calls))


def _drop_guard() -> None:
    """Reserve without looking: what the guard prevents must be seen to happen."""
    bare = claims._RESERVE.replace(claims._GUARD, "")
    assert bare != claims._RESERVE
    claims._RESERVE = bare


def run_at_once(act: Callable[[Any], Any], orders: Sequence[Any]) -> list[Any]:
    """Call `act` with each order in a process of its own; return what they return, in order.

    An act gets itself ready and calls `meet`, which returns when all of them have.
    """
    nursery = open_nursery()
    meeting = nursery.Barrier(len(orders))
    crowd = []
    try:
        for order in orders:
            answers, answer = nursery.Pipe(duplex=False)
            process = nursery.Process(target=_join, args=(meeting, act, order, answer))
            process.start()
            answer.close()
            crowd.append((process, answers))
        return [_hear(process, answers) for process, answers in crowd]
    finally:
        for process, answers in crowd:
            process.kill()
            process.join()
            process.close()
            answers.close()


def _join(meeting: Any, act: Callable[[Any], Any], order: Any, answer: Connection) -> None:
    global _meeting
    _meeting = meeting
    answer.send(act(order))


def _hear(process: BaseProcess, answers: Connection) -> Any:
    assert answers.poll(PATIENCE), "a process says nothing"
    try:
        return answers.recv()
    except EOFError:
        process.join()
        raise AssertionError(f"a process ended with {process.exitcode}") from None


def meet() -> None:
    """Return when all processes of `run_at_once` have called it."""
    _meeting.wait(PATIENCE)
