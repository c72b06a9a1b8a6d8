"""Group commit at the door: requests that arrive while a set is under way form the next set.

No timer: a lone request goes straight through. A set of one client's requests commits once,
which is what a hot row is limited by. Each answer goes to its own caller; when a set fails,
its requests are run one by one, so that a bad one never spoils its neighbours.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import Error, InterfaceError, OperationalError
from psycopg import errors as pg

from core.access.principal import Principal
from core.idempotency.answers import Answer, Claim
from core.idempotency.execute import Outcome, StartOver, execute_set, retry_conflicts
from core.metrics.counters import PLACED_TOGETHER
from core.problems.catalogue import DomainError

MOST_AT_ONCE = 64
# Database errors that say something about one request, not about the database.
_OF_ONE = (pg.LockNotAvailable, pg.QueryCanceled, pg.DeadlockDetected, pg.SerializationFailure)

J = TypeVar("J")
Effect = Callable[[Sequence[J], Principal], Sequence[Outcome]]


class _Ticket(Generic[J]):
    """A request that waits for its answer, or for its turn to lead."""

    def __init__(self, claim: Claim, job: J) -> None:
        self.claim = claim
        self.job = job
        self.called = threading.Event()
        self.answer: Answer | DomainError | None = None
        self.error: Exception | None = None

    @property
    def is_settled(self) -> bool:
        return self.answer is not None or self.error is not None


class Together(Generic[J]):
    """Runs the jobs of many request threads as sets, one set at a time for each client.

    `at_first`, where there is one, is tried before `effect`: it may do without savepoints and
    raise `StartOver`.
    """

    def __init__(self, effect: Effect[J], *, at_first: Effect[J] | None = None) -> None:
        self._effect = effect
        self._at_first = at_first or effect
        self._lock = threading.Lock()
        # The tickets of each client; a client with an entry has a leader.
        self._waiting: dict[str, deque[_Ticket[J]]] = {}

    def execute(self, claim: Claim, job: J, actor: Principal) -> Answer | DomainError:
        """Run a job, alone or with others, and return its answer; raise what failed it."""
        ticket = _Ticket(claim, job)
        with self._lock:
            queue = self._waiting.get(actor.id)
            if queue is None:
                self._waiting[actor.id] = deque()
                mine = [ticket]
            else:
                queue.append(ticket)
                mine = []
        if not mine:
            ticket.called.wait()
            if not ticket.is_settled:
                mine = [ticket, *self._take(actor.id)]
        if mine:
            try:
                self._run(mine, actor)
            finally:
                self._hand_over(actor.id)
        if ticket.error is not None:
            raise ticket.error
        assert ticket.answer is not None
        return ticket.answer

    def _take(self, owner: str) -> list[_Ticket[J]]:
        """Return those who joined since the last set began, as many as one set may have."""
        with self._lock:
            queue = self._waiting[owner]
            return [queue.popleft() for _ in range(min(len(queue), MOST_AT_ONCE - 1))]

    def _hand_over(self, owner: str) -> None:
        """Let the first who waits lead the next set, or leave the client without a leader."""
        with self._lock:
            queue = self._waiting[owner]
            if queue:
                queue.popleft().called.set()
            else:
                del self._waiting[owner]

    def _run(self, tickets: list[_Ticket[J]], actor: Principal) -> None:
        """Settle every ticket, whatever happens."""
        try:
            self._run_set(tickets, actor)
        except Exception as error:
            if len(tickets) == 1 or _is_about_the_database(error):
                for ticket in tickets:
                    ticket.error = error
            else:
                for ticket in tickets:
                    self._run([ticket], actor)
        finally:
            for ticket in tickets[1:]:
                if not ticket.is_settled:  # the thread itself is being ended
                    ticket.error = OperationalError("the set was abandoned")
                ticket.called.set()

    def _run_set(self, tickets: list[_Ticket[J]], actor: Principal) -> None:
        try:
            answers = _answers(self._at_first, tickets, actor)
        except StartOver:
            answers = _answers(self._effect, tickets, actor)
        PLACED_TOGETHER.observe(len(tickets))
        for ticket, answer in zip(tickets, answers, strict=True):
            ticket.answer = answer


def _answers(
    effect: Effect[J], tickets: Sequence[_Ticket[J]], actor: Principal
) -> list[Answer | DomainError]:
    return retry_conflicts(
        lambda: execute_set(
            [ticket.claim for ticket in tickets],
            lambda fresh: effect([tickets[n].job for n in fresh], actor),
        )
    )


def _is_about_the_database(error: Exception) -> bool:
    """Say whether trying each request alone would only fail again, and slowly."""
    if not isinstance(error, Error):
        return False
    lost = isinstance(error, (OperationalError, InterfaceError))
    return lost and not isinstance(error.__cause__, _OF_ONE)
