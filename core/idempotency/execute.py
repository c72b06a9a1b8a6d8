"""Every act: its idempotency key, its effect and its answer in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpResponse
from psycopg import errors as pg
from rest_framework.request import Request

from core.idempotency.answers import Answer, IdempotencyKey, recall, store_answers
from core.idempotency.errors import KeyMismatch
from core.problems.catalogue import DomainError

ATTEMPTS = 4
CONFLICTS = (pg.DeadlockDetected, pg.SerializationFailure, pg.UniqueViolation)
# Refusals of what was sent, not of what it would do: the mended request may keep its key.
INVALID = (400, 404)

T = TypeVar("T")


class RetryWithSavepoints(Exception):
    """An effect met what it cannot take back by itself: roll back, and run it with savepoints."""


class BeginAgain(Exception):
    """Roll the whole transaction back and run it again: raised by `begin_again` alone."""


# What the attempts of `retry_conflicts` have learned by now, by name; None outside of it.
_learned: ContextVar[dict[str, Any] | None] = ContextVar("learned", default=None)

Effect = Callable[[], tuple[int, Any]]
Outcome = tuple[int, Any] | DomainError  # a status and a JSON-able body, or a refusal


def execute(request: Request, effect: Effect, content: Any = None) -> HttpResponse:
    """Run `effect` once for this request's Idempotency-Key and answer with what it returned.

    `effect` returns (status, JSON-able body) or raises a `DomainError`. A refusal is rolled
    back and its answer stored, else the same key could be refused first and accepted later.
    A deadlock or a serialisation failure is retried whole. `content` stands for a body that is
    not JSON.
    """
    return execute_once(IdempotencyKey.of(request, content), effect).response()


def execute_once(key: IdempotencyKey, effect: Effect) -> Answer:
    """Run `effect` once for a key, however often it comes; return its answer or a stored one.

    Raises refusals of what was sent (400, 404); others are answers.
    """
    (answer,) = retry_conflicts(lambda: execute_set([key], lambda _: [_guarded(effect)]))
    if isinstance(answer, DomainError):
        raise answer
    return answer


def respond(answer: Answer | DomainError) -> HttpResponse:
    """Turn an answer into a response; raise a refusal for the problem handler."""
    if isinstance(answer, DomainError):
        raise answer
    return answer.response()


def retry_conflicts(act: Callable[[], T]) -> T:
    """Run a whole transaction again when it met another one, a deadlock or the same new row, or
    when it begins again."""
    token = _learned.set({})
    try:
        for attempt in range(ATTEMPTS):
            try:
                return act()
            except BeginAgain as again:
                if attempt == ATTEMPTS - 1:
                    raise OperationalError("others hold time and again what this needs") from again
            except (OperationalError, IntegrityError) as error:
                if not isinstance(error.__cause__, CONFLICTS) or attempt == ATTEMPTS - 1:
                    raise
    finally:
        _learned.reset(token)
    raise AssertionError("unreachable")


def begin_again(name: str, learned: object) -> None:
    """Run the whole transaction again, in which `recalled` returns what was learned.

    Not from a savepoint: who waits for what a savepoint within it had locked, which was released,
    waits for the end of the transaction even when that is rolled back, and deadlocks with it.
    Outside of `retry_conflicts` this returns, and the caller has but its savepoint.
    """
    known = _learned.get()
    if known is not None:
        known[name] = learned
        raise BeginAgain()


def recalled(name: str, otherwise: T) -> T:
    """Return what an earlier attempt at this transaction has learned under this name."""
    known: T = (_learned.get() or {}).get(name, otherwise)
    return known


def execute_set(
    keys: Sequence[IdempotencyKey], effect: Callable[[list[int]], Sequence[Outcome]]
) -> list[Answer | DomainError]:
    """Run the acts under one owner's keys in one transaction; return their answers in order.

    `effect` gets the positions of the keys that are new, and returns their outcomes. The
    same key twice in a set is one act.
    """
    with transaction.atomic():
        answers = recall(keys)
        first = {each.key: n for n, each in reversed(list(enumerate(keys)))}
        fresh = [n for n, each in enumerate(keys) if answers[n] is None and first[each.key] == n]
        for position, outcome in zip(fresh, effect(fresh) if fresh else (), strict=True):
            answers[position] = _answer(outcome)
        refused = [n for n in fresh if isinstance(answers[n], DomainError)]
        if refused:
            # A twin that has committed while this waited for its key may be what it was refused
            # for. Those whose answer is stored meet that twin's there, and run again.
            again = recall([keys[n] for n in refused])
            for position, found in zip(refused, again, strict=True):
                answers[position] = found or answers[position]
        store_answers(
            [(keys[n], answer) for n in fresh if isinstance(answer := answers[n], Answer)]
        )
    return [
        _of_twin(key, keys[first[key.key]], answers[first[key.key]]) if answer is None else answer
        for key, answer in zip(keys, answers, strict=True)
    ]


def _of_twin(
    key: IdempotencyKey, twin: IdempotencyKey, answer: Answer | DomainError | None
) -> Answer | DomainError:
    """Answer a key that came twice in one set: as if it had come a moment later."""
    assert answer is not None
    if key.digest != twin.digest:
        return KeyMismatch()
    return answer.replay() if isinstance(answer, Answer) else answer


def _answer(outcome: Outcome) -> Answer | DomainError:
    if isinstance(outcome, DomainError):
        if outcome.status in INVALID:
            return outcome
        return Answer.of(outcome.status, outcome.document())
    return Answer.of(*outcome)


def _guarded(effect: Effect) -> Outcome:
    """Run an effect; a refusal takes back what it did, unless recording it is the point."""
    try:
        with transaction.atomic():
            try:
                return effect()
            except DomainError as refusal:
                if refusal.keeps_effect:
                    return refusal
                raise
    except DomainError as refusal:
        return refusal
