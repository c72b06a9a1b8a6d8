"""`/metrics`: what the endpoints answered, what was placed, what waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from core.database.statements import run
from core.imports.models import Import
from core.outbox.relay import number_pending
from inventory.models import Reservation
from orders.models import Fulfilment, Reconciliation
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, OrderLineBody, SkuFactory, stock_up

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def reader(db: None) -> ApiCaller:
    return make_caller(["metrics:read"])


def read(reader: ApiCaller) -> Figures:
    answer = reader.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def rise(before: Figures, after: Figures, name: str, **labels: str) -> float:
    key = name, frozenset(labels.items())
    return after.get(key, 0.0) - before.get(key, 0.0)


def order(**more: Any) -> dict[str, Any]:
    line = OrderLineBody(unit_price="1.00")
    line["fulfilment"] = {"type": "pickup", "location": "S1"}
    return {"channel": "web", "currency": "GBP", "lines": [line]} | more


def test_requests_and_orders_are_counted(
    api: ApiCaller, reader: ApiCaller, django_capture_on_commit_callbacks: Any
) -> None:
    ChannelFactory()
    stock_up(SkuFactory(code="A1"), LocationFactory(code="S1"), 3)
    before = read(reader)
    with django_capture_on_commit_callbacks(execute=True):
        assert api.post("orders", order(external_id="1")).status_code == 201
        assert api.post("orders", order(external_id="1")).status_code == 200
        assert api.post("orders", order(external_id="2", lines=[])).status_code == 400
        batch = {"orders": [order(external_id="3"), order(external_id="4"), order(external_id="5")]}
        assert api.post("orders/batch", batch).status_code == 200  # two units were left
    after = read(reader)
    post = {"method": "POST", "endpoint": "/api/v1/orders", "door": "/api/v1/orders"}
    assert [
        rise(before, after, "omniretail_requests_total", status=status, **post)
        for status in ("201", "200", "400")
    ] == [1, 1, 1]
    assert rise(before, after, "omniretail_request_seconds_count", **post) == 3
    assert rise(before, after, "omniretail_orders_placed_total") == 3
    assert rise(before, after, "omniretail_group_commit_size_count") == 2
    assert rise(before, after, "omniretail_placed_together_count") == 2  # its former name


def test_an_endpoint_is_an_address_of_the_code(reader: ApiCaller) -> None:
    """What clients may invent makes no series of its own: each would be kept for ever."""
    before = read(reader)
    for address in ("/api/v1/orders/1", "/api/v1/orders/2", "/admin/orders/order/", "/no/such"):
        reader.get(address)
    reader.client.generic("BREW", "/api/v1/orders")
    after = read(reader)
    made = {
        dict(labels)["endpoint"]
        for (name, labels), value in after.items()
        if name == "omniretail_requests_total" and value != before.get((name, labels), 0.0)
    }
    assert made == {
        "/api/v1/orders",
        "/api/v1/orders/<str:number>",
        "/admin/",
        "other",
        "/metrics",
    }
    assert rise(
        before,
        after,
        "omniretail_requests_total",
        method="other",
        endpoint="/api/v1/orders",
        door="/api/v1/orders",
        status="401",
    )


def test_what_waits_for_a_place_in_the_feed(api: ApiCaller, reader: ApiCaller) -> None:
    number_pending()
    assert read(reader)["omniretail_events_waiting", frozenset()] == 0
    LocationFactory(code="S1")
    SkuFactory(code="A1")
    lines = [{"sku": "A1", "quantity": 1}]
    assert (
        api.post("receipts", {"location": "S1", "reference": "R", "lines": lines}).status_code < 300
    )
    figures = read(reader)
    assert figures["omniretail_events_waiting", frozenset()] > 0
    assert figures["omniretail_events_oldest_seconds", frozenset()] >= 0
    assert figures["omniretail_database_connections", frozenset({("state", "active")})] >= 1


def test_what_the_worker_has_missed(api: ApiCaller, reader: ApiCaller) -> None:
    late = ("holds_overdue", "pickups_overdue", "imports_waiting")
    figures = read(reader)
    assert [figures[f"omniretail_{name}", frozenset()] for name in late] == [0, 0, 0]
    assert figures["omniretail_check_age_seconds", frozenset()] == -1
    ChannelFactory()
    stock_up(SkuFactory(code="A1"), LocationFactory(code="S1"), 3)
    cart = {"channel": "web", "reference": "c", "ttl_seconds": 60}
    assert (
        api.post("reservations", cart | {"lines": [{"sku": "A1", "quantity": 1}]}).status_code
        == 201
    )
    assert api.post("orders", order(external_id="1")).status_code == 201
    assert read(reader)["omniretail_holds_overdue", frozenset()] == 0
    then = timezone.now() - timedelta(minutes=5)
    Reservation.objects.filter(state="held").update(expires_at=then)
    Fulfilment.objects.update(state="ready", pickup_expires_at=then)
    Import.objects.create(kind="stock", owner="x", actor="x", created_at=then)
    Reconciliation.objects.create(
        started_at=then, finished_at=then, rows_checked=1, violation_count=2, asked_by="x"
    )
    figures = read(reader)
    assert [figures[f"omniretail_{name}", frozenset()] for name in late] == [1, 1, 1]
    for name in ("holds_overdue_oldest", "pickups_overdue_oldest", "imports_oldest", "check_age"):
        assert 300 <= figures[f"omniretail_{name}_seconds", frozenset()] < 400, name
    assert figures["omniretail_check_violations", frozenset()] == 2


def test_figures_are_guarded(api: ApiCaller) -> None:
    assert Client().get("/metrics").status_code == 401
    answer = make_caller(["orders:read"]).get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    text = {"Accept": "text/plain"}
    assert Client().get("/metrics", headers=text).status_code == 401
    assert Client().get("/metrics", headers=text | api.headers).status_code == 200


def test_deadlocks_of_this_database_are_counted(reader: ApiCaller) -> None:
    ((counted,),) = run("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert read(reader)["omniretail_database_deadlocks_total", frozenset()] == counted
