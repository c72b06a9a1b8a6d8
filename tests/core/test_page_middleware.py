"""What only pages need is left out of API requests with a key, and of no others."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, UserFactory, stock_up

pytestmark = pytest.mark.django_db

QUESTION = {"channel": "web", "lines": [{"sku": "A1", "quantity": 1}]}


@pytest.fixture(autouse=True)
def shop() -> None:
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="LEEDS"), 5)


def ask(client: Client, **headers: str) -> Any:
    return client.post(
        "/api/v1/availability/query",
        json.dumps(QUESTION),
        content_type="application/json",
        headers=headers,
    )


@pytest.fixture
def member() -> Client:
    """A signed-in member of staff, whose forms need a token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(username="ada", password="x", superuser=True))
    return client


def test_a_key_needs_no_session(
    api: ApiCaller, member: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ask(member, **api.headers)  # the network is read once a process
    with django_assert_num_queries(2):  # the key, the stock
        answer = ask(member, **api.headers)
    assert answer.status_code == 200
    assert not answer.cookies


def test_a_wrong_key_is_not_made_good_by_a_session(member: Client) -> None:
    assert ask(member, Authorization="Bearer wrong").status_code == 401


def test_a_session_answers_with_its_token_only(member: Client) -> None:
    assert ask(member).status_code == 403
    member.get("/admin/password_change/")
    token = member.cookies["csrftoken"].value
    assert ask(member, **{"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/orders", "/api/v1/nowhere"])
def test_an_answer_to_a_key_has_the_headers_of_a_page(api: ApiCaller, path: str) -> None:
    page, answer = Client().get("/problems/"), api.get(path)
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"):
        of_page = re.sub(r" 'nonce-[^']+'", "", page[name])  # which its own styles carry
        assert sorted(answer[name].split("; ")) == sorted(of_page.split("; "))
    assert answer.has_header("X-Request-Id")


def test_a_page_is_no_api_request_whatever_it_sends(member: Client) -> None:
    answer = member.get("/admin/", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/problems/", "/problems/forbidden", "/api/v1/docs", "/admin/"]
)
def test_a_page_runs_no_script_but_of_our_files(member: Client, path: str) -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in member.get(path)["Content-Security-Policy"].split(";")
    )
    assert "'unsafe-inline'" not in policy["script-src"]
    assert ("'unsafe-eval'" in policy["script-src"]) is (path == "/admin/"), "for Alpine.js"
    assert policy["base-uri"] == policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
