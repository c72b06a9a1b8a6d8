"""Group commit: requests that arrive while a set is being committed form the next set.

No timer: a lone request goes straight through. A set of one client's requests commits once,
which is what a hot row is limited by. Each answer goes to its own caller; when a set fails,
its requests are run one by one, so that a bad one never spoils its neighbours.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import OperationalError
from psycopg import errors as pg

from core.access.principal import Principal
from core.database.errors import is_database_away
from core.idempotency.answers import Answer, IdempotencyKey
from core.idempotency.execute import (
    Outcome,
    RetryWithSavepoints,
    execute_set,
    retry_conflicts,
)
from core.metrics.counters import GROUP_COMMIT_SIZE, PLACED_TOGETHER
from core.problems.catalogue import DomainError

MOST_AT_ONCE = 64
# Database errors that say something about one request, not about the database.
_OF_ONE = (pg.LockNotAvailable, pg.QueryCanceled, pg.DeadlockDetected, pg.SerializationFailure)

J = TypeVar("J")
Effect = Callable[[Sequence[J], Principal], Sequence[Outcome]]


class PendingRequest(Generic[J]):
    """A request that waits for its answer, or for its turn to commit the next set."""

    def __init__(self, key: IdempotencyKey, job: J) -> None:
        self.key = key
        self.job = job
        self.woken = threading.Event()
        self.answer: Answer | DomainError | None = None
        self.error: Exception | None = None

    @property
    def is_settled(self) -> bool:
        return self.answer is not None or self.error is not None


class GroupCommit(Generic[J]):
    """Runs the jobs of many request threads as sets, one set at a time for each client.

    `first_try`, where there is one, is tried before `effect`: it may do without savepoints and
    raise `RetryWithSavepoints`.
    """

    def __init__(self, effect: Effect[J], *, first_try: Effect[J] | None = None) -> None:
        self._effect = effect
        self._first_try = first_try or effect
        self._lock = threading.Lock()
        # The requests of each client; for a client with an entry a thread is committing.
        self._waiting: dict[str, deque[PendingRequest[J]]] = {}

    def execute(self, key: IdempotencyKey, job: J, actor: Principal) -> Answer | DomainError:
        """Run a job, alone or with others, and return its answer; raise what failed it."""
        request = PendingRequest(key, job)
        with self._lock:
            queue = self._waiting.get(actor.id)
            if queue is None:
                self._waiting[actor.id] = deque()
                mine = [request]
            else:
                queue.append(request)
                mine = []
        if not mine:
            request.woken.wait()
            if not request.is_settled:
                mine = [request, *self._take(actor.id)]
        if mine:
            try:
                self._run(mine, actor)
            finally:
                self._wake_next(actor.id)
        if request.error is not None:
            raise request.error
        assert request.answer is not None
        return request.answer

    def _take(self, owner: str) -> list[PendingRequest[J]]:
        """Return the requests that arrived since the last set began, at most a set of them."""
        with self._lock:
            queue = self._waiting[owner]
            return [queue.popleft() for _ in range(min(len(queue), MOST_AT_ONCE - 1))]

    def _wake_next(self, owner: str) -> None:
        """Let the first pending request commit the next set; without one, forget the client."""
        with self._lock:
            queue = self._waiting[owner]
            if queue:
                queue.popleft().woken.set()
            else:
                del self._waiting[owner]

    def _run(self, requests: list[PendingRequest[J]], actor: Principal) -> None:
        """Give every request an answer or an error, whatever happens."""
        try:
            self._run_set(requests, actor)
        except Exception as error:
            if len(requests) == 1 or _is_about_the_database(error):
                for request in requests:
                    request.error = error
            else:
                for request in requests:
                    self._run([request], actor)
        finally:
            for request in requests[1:]:
                if not request.is_settled:  # the thread itself is being ended
                    request.error = OperationalError("the set was abandoned")
                request.woken.set()

    def _run_set(self, requests: list[PendingRequest[J]], actor: Principal) -> None:
        try:
            answers = _answers(self._first_try, requests, actor)
        except RetryWithSavepoints:
            answers = _answers(self._effect, requests, actor)
        GROUP_COMMIT_SIZE.observe(len(requests))
        PLACED_TOGETHER.observe(len(requests))
        for request, answer in zip(requests, answers, strict=True):
            request.answer = answer


def _answers(
    effect: Effect[J], requests: Sequence[PendingRequest[J]], actor: Principal
) -> list[Answer | DomainError]:
    return retry_conflicts(
        lambda: execute_set(
            [request.key for request in requests],
            lambda fresh: effect([requests[n].job for n in fresh], actor),
        )
    )


def _is_about_the_database(error: Exception) -> bool:
    """Say whether trying each request alone would only fail again, and slowly."""
    return is_database_away(error) and not isinstance(error.__cause__, _OF_ONE)
