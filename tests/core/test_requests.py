"""What every request passes first: chunks gathered, limits kept, answers in the API's manner."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.test import Client

from core.api.requests import BODY_LIMIT
from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory


class BrokenChunks(io.BytesIO):
    """What gunicorn's body does when a chunk's size is no number."""

    def read(self, *args: Any) -> bytes:
        raise ValueError("invalid chunk size")


class StalledLine(io.BytesIO):
    """What a body is whose client sends no more: the server's patience with a socket ends."""

    def read(self, *args: Any) -> bytes:
        raise BlockingIOError("Resource temporarily unavailable")


def send_chunks(api: ApiCaller, stream: io.BytesIO) -> Any:
    """Send a body as a web server hands a chunked one on: without a length."""
    environ: dict[str, Any] = {"wsgi.input": stream, "CONTENT_TYPE": "application/json"}
    headers = {"Idempotency-Key": "key-1", "Transfer-Encoding": "chunked"}
    return api.client.generic("POST", "/api/v1/receipts", headers=api.headers | headers, **environ)


def test_a_body_in_chunks_is_read_whole(api: ApiCaller) -> None:
    LocationFactory(code="S1")
    SkuFactory(code="A1")
    receipt = {"location": "S1", "reference": "PO-1", "lines": [{"sku": "A1", "quantity": 7}]}
    answer = send_chunks(api, io.BytesIO(json.dumps(receipt).encode()))
    assert answer.status_code == 201
    assert answer.json()["lines"][0]["on_hand"] == 7


def test_a_body_that_stops_coming_is_refused(api: ApiCaller) -> None:
    assert send_chunks(api, StalledLine()).json()["code"] == "too_slow"
    long: dict[str, Any] = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "100000"}
    for address in ("receipts", "orders"):
        answer = api.client.generic(
            "POST",
            f"/api/v1/{address}",
            headers=api.headers | {"Idempotency-Key": "key-1"},
            **long | {"wsgi.input": StalledLine()},
        )
        assert (answer.status_code, answer.json()["code"]) == (408, "too_slow")


def test_chunks_have_the_limit_of_every_body(api: ApiCaller) -> None:
    answer = send_chunks(api, io.BytesIO(b" " * (BODY_LIMIT + 1)))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_broken_chunks_are_a_malformed_body(api: ApiCaller) -> None:
    answer = send_chunks(api, BrokenChunks())
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/docs"])
def test_the_documents_refuse_other_methods_as_the_api_does(method: str, path: str) -> None:
    answer = Client(enforce_csrf_checks=True, raise_request_exception=False).generic(method, path)
    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Allow"] == "GET, HEAD"
    assert answer.json()["code"] == "method_not_allowed"


def test_the_human_pages_come_whatever_is_accepted() -> None:
    answer = Client().get("/api/v1/docs", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
