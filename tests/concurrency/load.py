"""Many API clients at once, in real processes and threads, on one real PostgreSQL.

`call_at_once` starts processes which send their calls at the same moment through the whole service:
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

from inventory.ledger import reservations
from tests.concurrency.process_pool import service_processes

TIMEOUT = 120  # seconds
_barrier: Any = None  # of the processes that `run_at_once` started


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
class Share:
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
    shares = [
        Share(calls[index::processes], api_key, threads, without_guard)
        for index in range(processes)
    ]
    return [answer for answers in run_at_once(send_all, shares) for answer in answers]


def send_all(share: Share) -> list[Answer]:
    """Send the calls of a share over its threads, in a process of its own."""
    if share.without_guard:
        _drop_guard()

    def send(call: Call) -> Answer:
        response = Client(raise_request_exception=False).post(
            f"/api/v1/{call.path}",
            json.dumps(call.body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {share.api_key}", "Idempotency-Key": call.key},
        )
        return Answer(response.status_code, response.json(), "Idempotency-Replayed" in response)

    with ThreadPoolExecutor(share.threads) as pool:
        list(pool.map(lambda _: connection.ensure_connection(), range(share.threads)))
        wait_for_all()
        return list(pool.map(send, share.calls))


def _drop_guard() -> None:
    """Reserve without looking: what the guard prevents must be seen to happen."""
    bare = reservations._RESERVE.replace(reservations._GUARD, "")
    assert bare != reservations._RESERVE
    reservations._RESERVE = bare


def run_at_once(act: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
    """Call `act` with each task in a process of its own; return what they return, in order.

    An act gets itself ready and calls `wait_for_all`, which returns when all of them have.
    """
    context = service_processes()
    barrier = context.Barrier(len(tasks))
    started = []
    try:
        for task in tasks:
            answers, answer = context.Pipe(duplex=False)
            process = context.Process(target=_run, args=(barrier, act, task, answer))
            process.start()
            answer.close()
            started.append((process, answers))
        return [_receive(process, answers) for process, answers in started]
    finally:
        for process, answers in started:
            process.kill()
            process.join()
            process.close()
            answers.close()


def _run(barrier: Any, act: Callable[[Any], Any], task: Any, answer: Connection) -> None:
    global _barrier
    _barrier = barrier
    answer.send(act(task))


def _receive(process: BaseProcess, answers: Connection) -> Any:
    assert answers.poll(TIMEOUT), "a process sends nothing"
    try:
        return answers.recv()
    except EOFError:
        process.join()
        raise AssertionError(f"a process ended with {process.exitcode}") from None


def wait_for_all() -> None:
    """Return when all processes of `run_at_once` have called it."""
    _barrier.wait(TIMEOUT)
