"""The express lane as the web server meets it: what it answers, and what it leaves alone."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connection

from core.api.express import Environ, ExpressLane
from orders.models import Order
from tests.conftest import ApiCaller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    SkuFactory,
    stock_up,
)

pytestmark = pytest.mark.django_db

ORDER: dict[str, Any] = OrderBody(external_id="W-1", lines=[OrderLineBody(unit_price="9.99")])


class Beyond:
    """The application behind the lane: notes the bodies that reach it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        self.bodies.append(environ["wsgi.input"].read())
        return []


@pytest.fixture(autouse=True)
def connections_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lane gives its connection back, and here it is the one that the test's rows are in."""
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)


@pytest.fixture
def shop() -> None:
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="LEEDS"), 5)


def send(api: ApiCaller, body: bytes, **more: str) -> tuple[list[Any], list[bytes], list[bytes]]:
    """Send bytes to the lane; return what it said (status, headers), its body, and the bodies
    that it passed on."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/v1/orders",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": api.headers["Authorization"],
        "HTTP_IDEMPOTENCY_KEY": uuid.uuid4().hex,
    } | more
    beyond, said = Beyond(), list[Any]()
    answer = list(ExpressLane(beyond)(environ, lambda *head: said.extend(head)))
    return said, answer, beyond.bodies


@pytest.mark.usefixtures("shop")
def test_an_order_is_answered_at_the_door(api: ApiCaller) -> None:
    (status, head), answer, passed = send(api, json.dumps(ORDER).encode(), HTTP_X_REQUEST_ID="r-1")
    headers = dict(head)
    assert status == "201 Created"
    assert passed == []
    assert json.loads(b"".join(answer))["external_id"] == "W-1"
    assert headers["Content-Length"] == str(len(b"".join(answer)))
    assert headers["X-Request-Id"] == "r-1"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert Order.objects.count() == 1


@pytest.mark.usefixtures("shop")
def test_a_refusal_is_a_problem_document(api: ApiCaller) -> None:
    body = ORDER | {"lines": [ORDER["lines"][0] | {"quantity": 6}]}
    (status, head), answer, passed = send(api, json.dumps(body).encode())
    assert status == "409 Conflict"
    assert passed == []
    assert dict(head)["Content-Type"] == "application/problem+json"
    assert json.loads(b"".join(answer))["code"] == "insufficient_stock"


@pytest.mark.parametrize(
    "more",
    [
        {"CONTENT_TYPE": "text/plain"},
        {"HTTP_ACCEPT": "text/html"},
        {"QUERY_STRING": "dry=1"},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": ""},
        # What comes as its client likes may stop coming, of which the lane could say nothing.
        {"CONTENT_LENGTH": "65537"},
        {"HTTP_EXPECT": "100-continue"},
        {"HTTP_AUTHORIZATION": "Bearer unknown"},
        {"HTTP_AUTHORIZATION": ""},
        {"REQUEST_METHOD": "PUT"},
        {"PATH_INFO": "/api/v1/orders/"},
    ],
)
@pytest.mark.usefixtures("shop")
def test_an_unusual_envelope_passes_whole(api: ApiCaller, more: dict[str, str]) -> None:
    body = json.dumps(ORDER).encode()
    assert send(api, body, **more) == ([], [], [body])
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'{"channel": "web"}', b'{"channel": "\\u0000"}']
)
@pytest.mark.usefixtures("shop")
def test_an_unusual_body_passes_whole(api: ApiCaller, body: bytes) -> None:
    assert send(api, body) == ([], [], [body])
