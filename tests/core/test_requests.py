"""What every request passes first: limits kept, answers in the API's manner."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.conftest import ApiCaller


def test_chunks_of_an_old_client_are_refused(api: ApiCaller) -> None:
    """The server takes the length of a request of HTTP/1.0 from Content-Length alone."""
    headers = {"Idempotency-Key": "key-1", "Transfer-Encoding": "chunked"}
    answer = api.client.generic("POST", "/api/v1/receipts", headers=api.headers | headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


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
