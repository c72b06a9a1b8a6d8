"""Requests of many threads in one transaction: each answer reaches its own caller."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from core.access.models import ApiClient
from core.access.principal import Principal
from core.idempotency.answers import Answer, IdempotencyKey
from core.idempotency.execute import Outcome, RetryWithSavepoints
from core.idempotency.group_commit import MOST_AT_ONCE, GroupCommit
from core.idempotency.models import StoredAnswer
from core.problems.catalogue import Conflict, DomainError, ValidationFailed
from tests.factories import ApiClientFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

SHOP = Principal(id="client:1", name="shop", scopes=frozenset({"*"}))
TILL = Principal(id="client:2", name="till", scopes=frozenset({"*"}))


class Echo:
    """An effect that answers each job with itself, and remembers its sets.

    The first set waits until `gate` opens, so that those who come meanwhile form the next.
    """

    def __init__(self) -> None:
        self.sets: list[tuple[str, list[Any]]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()

    def __call__(self, jobs: Sequence[Any], actor: Principal) -> list[Outcome]:
        self.sets.append((actor.id, list(jobs)))
        self.entered.set()
        assert self.gate.wait(30)
        if "poison" in jobs:
            raise ValueError("poison")
        return [job if isinstance(job, DomainError) else (200, {"job": job}) for job in jobs]


def key_of(key: str, body: str = "", owner: Principal = SHOP) -> IdempotencyKey:
    return IdempotencyKey(owner.id, key, hashlib.sha256(body.encode()).digest())


def ask(commit: GroupCommit[Any], key: str, job: Any, actor: Principal = SHOP) -> Any:
    """Run one job as a request thread would, and return its answer or its exception."""
    try:
        return commit.execute(key_of(key, str(job), actor), job, actor)
    except Exception as error:
        return error
    finally:
        connections.close_all()


def run_behind_a_first(jobs: list[tuple[str, Any]]) -> tuple[Echo, Any, list[Any]]:
    """Start one request, let the others arrive while it runs, and return all that came of it."""
    echo = Echo()
    commit: GroupCommit[Any] = GroupCommit(echo)
    with ThreadPoolExecutor(len(jobs) + 1) as pool:
        first = pool.submit(ask, commit, "first", "first")
        assert echo.entered.wait(30)
        others = [pool.submit(ask, commit, key, job) for key, job in jobs]
        queue = commit._waiting[SHOP.id]
        while len(queue) < len(jobs):
            pass
        echo.gate.set()
        return echo, first.result(30), [other.result(30) for other in others]


def test_those_who_wait_form_the_next_set() -> None:
    echo, first, others = run_behind_a_first([(f"k{n}", n) for n in range(10)])
    assert first == Answer(200, '{"job":"first"}')
    assert [answer.body for answer in others] == [f'{{"job":{n}}}' for n in range(10)]
    assert [len(jobs) for _, jobs in echo.sets] == [1, 10]
    assert StoredAnswer.objects.count() == 11


def test_a_set_has_a_limit() -> None:
    count = MOST_AT_ONCE + 6
    echo, _, others = run_behind_a_first([(f"k{n}", n) for n in range(count)])
    assert [len(jobs) for _, jobs in echo.sets] == [1, MOST_AT_ONCE, 6]
    assert [answer.body for answer in others] == [f'{{"job":{n}}}' for n in range(count)]


def test_a_poisoned_request_spoils_no_other() -> None:
    _, _, others = run_behind_a_first([("a", 1), ("b", "poison"), ("c", 3)])
    assert [others[0].body, others[2].body] == ['{"job":1}', '{"job":3}']
    assert isinstance(others[1], ValueError)
    assert set(StoredAnswer.objects.values_list("key", flat=True)) == {"first", "a", "c"}


def test_one_key_twice_in_a_set_is_one_act() -> None:
    echo, _, others = run_behind_a_first([("same", 1), ("same", 1), ("same", 2)])
    assert len(echo.sets[1][1]) == 1
    answered = [answer for answer in others if isinstance(answer, Answer)]
    refused = [answer for answer in others if isinstance(answer, DomainError)]
    assert {answer.body for answer in answered} in ({'{"job":1}'}, {'{"job":2}'})
    assert sum(not answer.replayed for answer in answered) == 1
    assert {refusal.code for refusal in refused} == {"idempotency_mismatch"}


def test_a_refusal_is_kept_and_an_invalid_request_is_not() -> None:
    invalid = ValidationFailed.at("/x", "no")
    _, _, others = run_behind_a_first([("refused", Conflict()), ("invalid", invalid)])
    assert others[0].status == 409
    assert others[1] is invalid
    assert set(StoredAnswer.objects.values_list("key", flat=True)) == {"first", "refused"}


def test_the_first_try_is_rolled_back_before_it_is_run_with_savepoints() -> None:
    def without_savepoints(jobs: Sequence[Any], actor: Principal) -> list[Outcome]:
        ApiClientFactory(name="first")
        raise RetryWithSavepoints()

    def with_savepoints(jobs: Sequence[Any], actor: Principal) -> list[Outcome]:
        ApiClientFactory(name="second")
        return [(200, {"job": job}) for job in jobs]

    commit: GroupCommit[Any] = GroupCommit(with_savepoints, first_try=without_savepoints)
    assert ask(commit, "k", 1) == Answer(200, '{"job":1}')
    assert [client.name for client in ApiClient.objects.all()] == ["second"]
    assert StoredAnswer.objects.get().key == "k"


def test_clients_do_not_wait_for_each_other() -> None:
    echo = Echo()
    commit: GroupCommit[Any] = GroupCommit(echo)
    with ThreadPoolExecutor(2) as pool:
        shop = pool.submit(ask, commit, "k", 1)
        assert echo.entered.wait(30)
        echo.entered.clear()
        till = pool.submit(ask, commit, "k", 2, TILL)
        assert echo.entered.wait(30)  # while the shop's set still runs
        echo.gate.set()
        assert (shop.result(30).body, till.result(30).body) == ('{"job":1}', '{"job":2}')


def test_a_lost_database_leaves_no_request_hanging() -> None:
    echo = Echo()
    commit: GroupCommit[Any] = GroupCommit(echo)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(ask, commit, "first", "first")
        assert echo.entered.wait(30)
        others = [pool.submit(ask, commit, f"k{n}", n) for n in range(3)]
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
        echo.gate.set()
        assert isinstance(first.result(30), Exception)
        assert [other.result(30).body for other in others] == [f'{{"job":{n}}}' for n in range(3)]
    assert set(StoredAnswer.objects.values_list("key", flat=True)) == {"k0", "k1", "k2"}
