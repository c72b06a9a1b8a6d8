"""The published OpenAPI document: complete, valid, without doubts, and the one that is committed.

After a change of an endpoint:
    python manage.py spectacular --format openapi-json --file docs/openapi.json
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from core.api.views import ApiView
from core.problems.catalogue import catalogue
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import place

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
ITSELF = {"/api/v1/openapi.json", "/api/v1/docs"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    answer = Client().get("/api/v1/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    return answer.json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def answers(document: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for path, method, operation in operations(document):
        for status in operation["responses"]:
            yield path, method, status, said_of(document, path, method, status)


def said_of(document: dict[str, Any], path: str, method: str, status: str) -> dict[str, Any]:
    """Return what the document says of one answer, written there or once for all."""
    answer = document["paths"][path][method]["responses"][status]
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return answer


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", here), pattern.callback


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate_schema(document)


def test_it_leaves_no_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning is an endpoint whose shape the document had to guess."""
    reset_generator_stats()
    SchemaGenerator().get_schema(request=None, public=True)
    GENERATOR_STATS.emit_summary()  # says nothing when there is nothing to say
    assert capsys.readouterr().err == ""


def test_it_lists_every_door_with_every_method(document: dict[str, Any]) -> None:
    endpoints = {
        path: {method.lower() for method in callback.view_class().allowed_methods} - {"options"}
        for path, callback in routes(get_resolver().url_patterns)
        if path.startswith("/api/v1/") and path not in ITSELF
    }
    assert len(endpoints) > 40
    assert {path: set(methods) for path, methods in document["paths"].items()} == endpoints


def test_every_door_is_one_of_the_house() -> None:
    """Strict bodies, scopes and problem documents come with `ApiView`."""
    strangers = [
        path
        for path, callback in routes(get_resolver().url_patterns)
        if path.startswith("/api/v1/")
        and path not in ITSELF
        and not issubclass(getattr(callback, "view_class", object), ApiView)
    ]
    assert strangers == []


def test_every_method_of_every_endpoint_names_its_scope() -> None:
    without_scope = [
        f"{method} {path}"
        for path, callback in routes(get_resolver().url_patterns)
        if path.startswith("/api/v1/") and path not in ITSELF
        for method in set(callback.view_class().allowed_methods) - {"OPTIONS"}
        if method not in callback.view_class.scopes
    ]
    assert without_scope == []


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert [name for name in names if "v1" in name or "retrieve" in name] == []


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    """An endpoint without words of its own would be described by those of its class."""
    of_classes = {ApiView.__doc__} | {kind.__doc__ for kind in ApiView.__subclasses__()}
    starts = {words.partition("\n")[0] for words in of_classes if words}
    assert [
        operation["operationId"]
        for _, _, operation in operations(document)
        if operation.get("description", "").partition("\n")[0] in {"", *starts}
    ] == []


def test_every_operation_names_its_refusals(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        answers = set(operation["responses"])
        assert {"400", "401", "403", "404", "414", "429", "431", "503"} <= answers, (method, path)
        assert any(status.startswith("2") for status in answers), (method, path)
        if method != "get":
            assert {"409", "413", "415", "422"} <= answers, (method, path)


def test_every_refusal_is_a_problem_document(document: dict[str, Any]) -> None:
    assert [
        (method, path, status)
        for path, method, status, answer in answers(document)
        if status >= "400" and list(answer["content"]) != ["application/problem+json"]
    ] == []


def test_answers_name_their_headers(document: dict[str, Any]) -> None:
    known = document["components"]["headers"]
    for path, method, status, answer in answers(document):
        said = answer["headers"]
        assert {"X-Request-Id", "RateLimit", "RateLimit-Policy"} <= said.keys(), (method, path)
        assert ("Retry-After" in said) == (status in ("409", "429", "503")), (method, path)
        assert ("Allow" in said) == (status == "405"), (method, path)
        assert ("WWW-Authenticate" in said) == (status == "401"), (method, path)
        named = {header["$ref"].rpartition("/")[2] for header in said.values() if "$ref" in header}
        assert named <= known.keys()


def test_what_has_an_etag_says_so(document: dict[str, Any]) -> None:
    versioned = {
        path
        for path, _, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "If-Match"
    }
    assert versioned == {
        "/api/v1/channels/{code}",
        "/api/v1/keep-rules/{code}",
        "/api/v1/locations/{code}",
        "/api/v1/locations/{code}/bins",
        "/api/v1/locations/{code}/layout",
        "/api/v1/skus/{code}",
    }
    for path, method, operation in operations(document):
        is_versioned = path in versioned
        tagged = "ETag" in operation["responses"].get("200", {}).get("headers", {})
        is_one = method == "get" and (is_versioned or path.endswith("}"))
        assert tagged == (is_one or (is_versioned and method == "put")), (method, path)
        by_clock = path == "/api/v1/keep-rules/{code}"
        assert ("304" in operation["responses"]) == (is_one and not by_clock), (method, path)
        assert ("412" in operation["responses"]) == (is_versioned and method != "get")


def test_lists_that_must_say_something_say_so(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("OrderBodyRequest", "ReturnBodyRequest", "ReturnReceiptBodyRequest"):
        lines = schemas[name]["properties"]["lines"]
        assert (lines["minItems"], lines["maxItems"]) == (1, 500), name
    assert schemas["BatchRequestRequest"]["properties"]["orders"]["maxItems"] == 1_000


def test_acts_ask_for_their_key(document: dict[str, Any]) -> None:
    asks = {
        (path, method): any(
            parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", [])
        )
        for path, method, operation in operations(document)
    }
    assert asks["/api/v1/orders", "post"]
    assert not asks["/api/v1/availability/query", "post"]
    assert not any(asked for (_, method), asked in asks.items() if method != "post")


def test_the_committed_document_is_the_published_one(document: dict[str, Any]) -> None:
    committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert committed == document, "The endpoints have changed: see the first lines of this file."


@pytest.mark.django_db
def test_answers_are_what_the_document_says(api: ApiCaller, document: dict[str, Any]) -> None:
    shop = LocationFactory(code="S1", store=True)
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="B1"), shop, 5)
    order = place(api, ("B1", 1), pickup_at="S1")
    sku = {"name": "Mug", "price": "4.5", "barcodes": ["96385074"], "product": "P"}
    fence = {"sku": "B1", "location": "S1", "quantity": 1, "until": "2030-01-01T00:00:00Z"}
    at = "2026-01-01T00:00:00Z"
    asked = {
        "channel": "web",
        "lines": [{"sku": "B1", "quantity": 1}, {"sku": "A1", "quantity": 1}],
    }
    for method, template, answer in [
        ("put", "/skus/{code}", api.put("skus/A1", sku | {"size_guide": {"S": 1}})),
        ("get", "/skus", api.get("skus")),
        ("get", "/skus/{code}", api.get("skus/B1")),
        ("get", "/locations", api.get("locations")),
        ("get", "/locations/{code}", api.get("locations/S1")),
        (
            "put",
            "/locations/{code}/bins",
            api.put("locations/S1/bins", {"bins": [{"code": "A", "walk": 1, "skus": ["B1"]}]}),
        ),
        (
            "put",
            "/channels/{code}",
            api.put(
                "channels/pos",
                {"name": "Till", "kind": "pos", "locations": "all", "ring_fences": [fence]},
            ),
        ),
        ("get", "/channels", api.get("channels")),
        ("get", "/scan", api.get("scan", payload="(01)00000096385074(17)261231")),
        ("get", "/scan/{payload}", api.get(f"scan/omni:order:{order['number']}")),
        ("get", "/scan", api.get("scan", payload="96385075")),
        ("post", "/availability/query", api.post("availability/query", asked)),
        ("get", "/stock", api.get("stock")),
        ("get", "/stock/movements", api.get("stock/movements")),
        ("get", "/stock/as-of", api.get("stock/as-of", sku="B1", location="S1", at=at)),
        ("get", "/integrity", api.get("integrity")),
        ("get", "/events", api.get("events", limit=2)),
        ("get", "/skus/{code}", api.get("skus/NONE")),
        ("put", "/skus/{code}", api.put("skus/A2", {"price": -1, "colour": "red"})),
        ("put", "/skus/{code}", api.put("skus/A2", {"name": "X", "barcodes": ["96385074"]})),
    ]:
        check_answer(document, method, template, answer)


def check_answer(document: dict[str, Any], method: str, template: str, answer: Any) -> None:
    """Validate an answer against the document, in which no member may be left unmentioned."""
    path, status = f"/api/v1{template}", str(answer.status_code)
    assert status in document["paths"][path][method]["responses"], (method, path, answer.content)
    said = said_of(document, path, method, status)
    media_type = answer["Content-Type"].partition(";")[0]
    assert ("ETag" in answer.headers) == ("ETag" in said["headers"]), (method, template)
    schema = said["content"][media_type]["schema"]
    body = answer.json()
    rules = {**schema, "components": document["components"]}
    wrong = [error.message for error in Draft202012Validator(rules).iter_errors(body)]
    assert wrong == [], (method, template)
    name = schema.get("$ref", "").rpartition("/")[2]
    known = document["components"]["schemas"].get(name, {}).get("properties", {})
    if media_type == "application/json":
        assert set(body) <= set(known), (method, template)


def test_the_pages_of_the_document_are_served_from_here() -> None:
    page = Client().get("/api/v1/docs", headers={"Accept": "text/html"})
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert len(sources) >= 4
    assert [source for source in sources if not source.startswith("/")] == []
    assert "<script>" not in page.content.decode()


def test_every_refusal_has_a_code_of_its_own() -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", code) for code in catalogue())
