"""Signing in: wrong passwords are few, and hashing takes little."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from core.access import hashing, rate
from core.access.hashing import AT_ONCE, BoundedArgon2PasswordHasher
from core.api.requests import BODY_LIMIT
from core.pages.signing_in import OF_ACCOUNT, OF_ADDRESS
from core.problems.catalogue import Overloaded
from tests.factories import UserFactory

SIGN_IN = "/admin/login/"


@pytest.fixture(autouse=True)
def nothing_is_counted_yet() -> Iterator[None]:
    rate.counts.cache_clear()
    yield
    rate.counts.cache_clear()


def attempt(name: str, password: str, *, address: str = "192.0.2.1", **head: str) -> Any:
    given = {"username": name, "password": password}
    return Client().post(SIGN_IN, given, REMOTE_ADDR=address, headers=head)


def is_in(answer: Any) -> bool:
    return answer.status_code == 302 and bool(answer.cookies["sessionid"].value)


@pytest.mark.django_db
def test_an_account_takes_so_many_wrong_passwords_from_anywhere() -> None:
    UserFactory(username="ada", is_staff=True)
    UserFactory(username="eve", is_staff=True)
    for number in range(OF_ACCOUNT):
        wrong = attempt("Ada" if number % 2 else "ada", "wrong", address=f"192.0.2.{number}")
        assert b"Please enter the correct" in wrong.content
    refused = attempt("ada", "secret", address="198.51.100.1")
    assert not is_in(refused), "also with the right password"
    assert b"too many attempts" in refused.content
    assert is_in(attempt("eve", "secret")), "no one else is kept out"


@pytest.mark.django_db
def test_an_address_takes_so_many_whatever_the_account() -> None:
    UserFactory(username="ada", is_staff=True)
    for number in range(OF_ADDRESS):
        attempt(f"guess{number}", "wrong")
    assert b"too many attempts" in attempt("ada", "secret").content
    assert is_in(attempt("ada", "secret", address="192.0.2.9"))


@pytest.mark.django_db
def test_what_succeeds_does_not_count() -> None:
    UserFactory(username="ada", is_staff=True)
    for _ in range(OF_ACCOUNT + 1):
        assert is_in(attempt("ada", "secret"))


@pytest.mark.django_db
def test_behind_tls_the_proxy_names_the_address(settings: Any) -> None:
    settings.HTTPS = True
    UserFactory(username="ada", is_staff=True)
    for number in range(OF_ADDRESS):
        attempt(f"guess{number}", "wrong", **{"X-Forwarded-For": "203.0.113.5, 203.0.113.7"})
    theirs = {"X-Forwarded-For": "203.0.113.5, 203.0.113.7"}
    assert b"too many attempts" in attempt("ada", "secret", **theirs).content
    assert is_in(attempt("ada", "secret", **{"X-Forwarded-For": "203.0.113.7, 203.0.113.5"}))


def test_few_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes memory: thirty at once took three gigabytes."""
    everyone, go, begun = threading.Barrier(12), threading.Event(), threading.Semaphore(0)
    lock, at_work, most = threading.Lock(), 0, 0

    def verify(self: object, password: str, encoded: str) -> bool:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        begun.release()
        assert go.wait(30)
        with lock:
            at_work -= 1
        return True

    def sign_in(_: int) -> bool:
        everyone.wait(30)
        return BoundedArgon2PasswordHasher().verify("x", "y")

    monkeypatch.setattr(Argon2PasswordHasher, "verify", verify)
    monkeypatch.setattr(hashing, "PATIENCE", 30)
    with ThreadPoolExecutor(12) as threads:
        attempts = threads.map(sign_in, range(12))
        for _ in range(AT_ONCE):
            assert begun.acquire(timeout=30)
        go.set()
        assert all(attempts)
    assert most == AT_ONCE


def test_who_gets_no_turn_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "PATIENCE", 0)
    hasher = BoundedArgon2PasswordHasher()
    for _ in range(AT_ONCE):
        hashing._turns.acquire()
    try:
        with pytest.raises(Overloaded):
            hasher.encode("open sesame", "saltsaltsalt")
    finally:
        for _ in range(AT_ONCE):
            hashing._turns.release()
    encoded = hasher.encode("open sesame", "saltsaltsalt")
    assert hasher.verify("open sesame", encoded)
    assert not hasher.verify("close sesame", encoded)


@pytest.mark.parametrize("path", [SIGN_IN, "/", "/api/v1/orders", "/admin/access/user/add/"])
def test_large_bodies_belong_where_files_are_taken(path: str) -> None:
    answer = Client().generic(
        "POST", path, b"x", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(BODY_LIMIT + 1)
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
