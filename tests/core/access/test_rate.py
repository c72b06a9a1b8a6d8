"""What a client with a limit may ask, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction

from core.access import rate
from core.access.rate import Spent, spend
from tests.conftest import ApiCaller, make_caller
from tests.factories import ApiClientFactory, OrderBody, OrderLineBody


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def nothing_is_counted_yet() -> Iterator[None]:
    rate.counts.cache_clear()
    yield
    rate.counts.cache_clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(rate, "time", made)
    return made


def limited(per_minute: int) -> ApiCaller:
    return make_caller(["*"], requests_per_minute=per_minute)


def test_a_minutes_worth_may_be_asked_at_once_and_comes_back_evenly(clock: Clock) -> None:
    assert [spend("1", 3) for _ in range(4)] == [
        Spent(limit=3, left=2, clear_in=20, wait=0),
        Spent(limit=3, left=1, clear_in=40, wait=0),
        Spent(limit=3, left=0, clear_in=60, wait=0),
        Spent(limit=3, left=0, clear_in=60, wait=20),
    ]
    clock.now += 19
    assert spend("1", 3).wait == 1
    clock.now += 1
    assert spend("1", 3) == Spent(limit=3, left=0, clear_in=60, wait=0)
    clock.now += 600
    assert spend("1", 3) == Spent(limit=3, left=2, clear_in=20, wait=0)


def test_clients_do_not_share(clock: Clock) -> None:
    assert spend("1", 1).wait == 0
    assert spend("2", 1).wait == 0
    assert spend("1", 1).wait == 60


@pytest.mark.django_db
def test_what_a_client_may_not_do_counts_too(clock: Clock) -> None:
    shop = make_caller(["stock:read"], requests_per_minute=1)
    refused = shop.get("orders")
    assert (refused.status_code, refused["RateLimit"]) == (403, '"client";r=0;t=60')
    assert shop.get("orders").status_code == 429


@pytest.mark.django_db
def test_a_client_is_told_and_refused(clock: Clock) -> None:
    shop = limited(2)
    first = shop.get("orders")
    assert first.status_code == 200
    assert first["RateLimit-Policy"] == '"client";q=2;w=60'
    assert first["RateLimit"] == '"client";r=1;t=30'
    assert shop.get("no/such/address").status_code == 404  # is answered without looking up the key
    assert shop.get("skus/unknown")["RateLimit"] == '"client";r=0;t=60'
    refused = shop.get("orders")
    assert (refused.status_code, refused["Retry-After"]) == (429, "30")
    problem = refused.json()
    assert (problem["code"], problem["limit"]) == ("too_many_requests", 2)
    assert refused["RateLimit"] == '"client";r=0;t=60'
    clock.now += 30
    assert shop.get("orders").status_code == 200


@pytest.mark.django_db
def test_orders_count_once(clock: Clock) -> None:
    shop = limited(3)
    assert shop.post("orders", {"no": "order"})["RateLimit"] == '"client";r=2;t=20'
    line = OrderLineBody(unit_price="1.00")
    order = OrderBody(external_id="1", lines=[line])
    assert shop.post("orders", order)["RateLimit"] == '"client";r=1;t=40'
    assert shop.post("orders", order)["RateLimit"] == '"client";r=0;t=60'
    refused = shop.post("orders", order)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused["Retry-After"] == "20"


@pytest.mark.django_db
def test_without_a_limit_nothing_is_said(api: ApiCaller) -> None:
    answer = api.get("orders")
    assert not answer.has_header("RateLimit")
    assert not answer.has_header("RateLimit-Policy")


@pytest.mark.django_db
def test_a_limit_is_at_least_one() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiClientFactory(name="shop", requests_per_minute=0)
