"""No busy endpoint reads a table that grows from end to end, nor walks far along one.

PostgreSQL itself says how it ran each statement of a request, those of triggers and functions too,
on tables that are filled and analysed: large enough for a plan to matter, small enough for a test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test import Client

from stores.models import Location
from tests.architecture.large_data import fill
from tests.conftest import ApiCaller
from tests.factories import (
    CartBody,
    ChannelFactory,
    LocationFactory,
    OrderLineBody,
    SkuFactory,
    UserFactory,
    stock_up,
)
from tests.orders.fulfilment_helpers import place

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

GROWS = (
    "inventory_sku", "inventory_stock", "inventory_stockmovement", "inventory_reservation",
    "orders_order", "orders_orderline", "orders_fulfilment", "orders_fulfilmentline",
    "orders_sourcingreceipt", "orders_customer", "outbox_event", "idempotency_storedanswer",
    "inventory_expecteddelivery", "inventory_drift", "audit_auditrecord",
)  # fmt: skip
FEW = (
    1_500  # rows of a growing table that one node of a plan may touch: a page of 200 and its lines
)


@dataclass
class Retailer:
    """Years of orders, an order under way, and those who ask."""

    api: ApiCaller
    staff: Client
    number: str
    fulfilment: str
    newest: str
    quiet: int


@pytest.fixture
def retailer(api: ApiCaller) -> Retailer:
    fill()
    staff = Client()
    staff.force_login(
        UserFactory(username="boss", email="boss@example.org", password="x", superuser=True)
    )
    order, newest = (
        place(api, ("K7", 1), ("K8", 2), customer={"email": "c77@example.org"}) for _ in range(2)
    )
    assert api.get("events").json()["results"]  # numbers all events
    quiet = Location.objects.get(code="QUIET").pk
    walk = order["fulfilments"][0]["id"]
    return Retailer(api, staff, order["number"], walk, newest["number"], quiet)


@pytest.fixture
def plans() -> Iterator[list[dict[str, Any]]]:
    """Gather the plan of every statement that runs meanwhile, as the web role plans it."""
    found: list[dict[str, Any]] = []

    def note(said: psycopg.errors.Diagnostic) -> None:
        _, mark, plan = (said.message_primary or "").partition("plan:\n")
        if mark:
            found.append(json.loads(plan))

    with connection.cursor() as cursor:
        try:
            cursor.execute("SAVEPOINT loading")
            cursor.execute("LOAD 'auto_explain'")
        except DatabaseError:
            cursor.execute("ROLLBACK TO loading")
            pytest.skip("this database has no auto_explain, or only for superusers")
        for name, value in _SETTINGS.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
    connection.connection.add_notice_handler(note)
    yield found
    connection.connection.remove_notice_handler(note)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('auto_explain.log_min_duration', '-1', true)")


_SETTINGS = {
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    "auto_explain.log_level": "notice",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    table = plan.get("Relation Name", "")
    if table in GROWS or table.startswith("inventory_stockmovement_p"):
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


def touched(scan: dict[str, Any]) -> int:
    """Return how many rows a node read, those that it threw away included."""
    thrown = sum(rows for name, rows in scan.items() if name.startswith("Rows Removed by"))
    return int((scan["Actual Rows"] + thrown) * scan["Actual Loops"])


def dear(plans: list[dict[str, Any]]) -> list[str]:
    """Tell of every node that reads a growing table whole, or very much of it."""
    return [
        f"{scan['Node Type']} of {scan['Relation Name']}, {touched(scan)} rows: "
        + " ".join(plan["Query Text"].split())[:600]
        for plan in plans
        for scan in scans(plan["Plan"])
        if touched(scan) > FEW
        or (scan["Node Type"] == "Seq Scan" and not _is_empty(scan["Relation Name"]))
    ]


def _is_empty(table: str) -> bool:
    """Partitions of the ledger are made ahead: to read one of those is to read nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(%s) = 0", [table])
        return bool(cursor.fetchone()[0])


GETS = [
    "stock?sku=K7", "stock?sku=K7&location=W3", "stock?location=W3", "stock",
    "stock/movements?sku=K7&location=W3", "stock/movements?sku=K7", "stock/movements",
    "stock/movements?reference=R77", "stock/movements?location=W3",
    "stock/movements?sku=K9&location=W3", "stock/movements?sku=K9",
    "stock/movements?sku=K9&after=9", "stock/movements?sku=K9&reference=R77",
    "stock/as-of?sku=K7&location=W3&at=2030-01-01T00:00:00Z",
    "orders", "orders?channel=web", "orders?external_id=E77", "orders?state=open",
    "orders?state=completed",
    "orders?state=cancelled", "orders?state=returned", "orders?channel=web&state=returned",
    "orders/{number}", "orders/{number}/timeline", "orders/{number}/sourcing",
    "fulfilments", "fulfilments?location=W3", "fulfilments?location=W3&state=open",
    "fulfilments?location=QUIET", "fulfilments?location=QUIET&state=delivered",
    "fulfilments?state=cancelled", "stock/unavailable", "stock/unavailable?location=W3",
    "stock/as-of?sku=K9&location=W3&at=2030-01-01T00:00:00Z",
    "deliveries", "deliveries?location=W3", "stock/drift", "stock/drift?location=QUIET",
    "fulfilments?state=open", "fulfilments?order={number}", "fulfilments/{fulfilment}",
    "orders?customer=c77@example.org", "orders?customer=77", "orders?q=E77", "orders?q={number}",
    "orders?q=c77@example.org", "orders?channel=web,pos", "orders?ordering=updated_at",
    "orders?ordering=-updated_at", "orders?ordering=updated_at&updated_after=2000-01-01T00:00:00Z",
    "orders?updated_after=2100-01-01T00:00:00Z", "orders?state=open,backordered",
    "orders?state=cancelled,returned",
    "fulfilments?ordering=updated_at", "fulfilments?location=W3,QUIET",
    "fulfilments?state=open,picking", "stock?sku=K7,K8", "stock?location=W3,QUIET",
    "stock/movements?sku=K7,K9&location=W3", "skus?ordering=updated_at",
    "deliveries?location=W3,W1", "deliveries?ordering=updated_at",
    "customers", "customers?email=C77@example.org", "customers?phone=0044 77", "customers?q=c77@ex",
    "customers?external_id=X78", "customers?q=900077", "customers/77",
    "events?after=0", "events?after=9990", "skus", "skus/K7", "scan/K7", "pick-lists",
]  # fmt: skip
PAGES = [
    "/admin/orders/order/", "/admin/orders/order/?q={number}", "/admin/orders/order/?state=open",
    "/admin/orders/fulfilment/", "/admin/orders/fulfilment/?q={fulfilment}",
    "/admin/orders/order/?q=c78@example.org", "/admin/orders/customer/?q=c77@example.org",
    "/admin/orders/fulfilment/?q={number}", "/admin/orders/fulfilment/?q=T77",
    "/admin/orders/fulfilment/?state=open",
    "/admin/outbox/event/?q={number}", "/admin/inventory/stock/",
    "/admin/inventory/stock/?q=K7", "/admin/inventory/stockmovement/",
    "/admin/inventory/stockmovement/?q=K7", "/admin/inventory/stockmovement/?q=K9",
    "/admin/inventory/reservation/", "/admin/inventory/reservation/?q={number}",
    "/admin/inventory/reservation/?q=K9", "/admin/inventory/reservation/?q=N",
    "/admin/orders/order/?state=cancelled", "/admin/orders/order/?state=returned",
    "/admin/orders/orderline/?q={number}", "/admin/orders/orderline/?q=K9",
    "/admin/orders/fulfilment/?location__id__exact={quiet}",
    "/admin/orders/fulfilment/?state__exact=cancelled", "/admin/inventory/stock/?units=unavailable",
    "/admin/inventory/expecteddelivery/", "/admin/inventory/expecteddelivery/?due=overdue",
    "/admin/inventory/drift/", "/admin/inventory/drift/?q=K7",
    "/admin/audit/auditrecord/?q=staff 7",
    "/admin/outbox/event/", "/admin/idempotency/storedanswer/",
]  # fmt: skip
LINES = [{"sku": f"K{n}", "quantity": 1} for n in range(1, 51)]


def acts(retailer: Retailer) -> dict[str, Callable[[], Any]]:
    """The acts of a day, in an order in which each finds what it needs."""
    api, walk = retailer.api, f"fulfilments/{retailer.fulfilment}"
    order = {
        "channel": "web", "currency": "GBP", "customer": {"email": "c9@example.org"},
        "lines": [
            OrderLineBody(line_id=str(n), sku=f"K{n}", unit_price="1") for n in (1, 2, 3)
        ],
    }  # fmt: skip
    many = [order | {"external_id": f"b{n}"} for n in range(20)]
    picked = {"lines": [{"line_id": "1", "quantity": 1}, {"line_id": "2", "quantity": 2}]}
    adjusted = {"sku": "K1", "location": "W1", "on_hand_delta": -1}
    return {
        "availability": lambda: api.post("availability/query", {"channel": "web", "lines": LINES}),
        "quote": lambda: api.post("sourcing/quote", order | {"external_id": "q"}),
        "order": lambda: api.post("orders", order | {"external_id": "n1"}),
        "known order": lambda: api.post("orders", order | {"external_id": "n1"}),
        "batch": lambda: api.post("orders/batch", {"orders": many}),
        "cart": lambda: api.post(
            "reservations",
            CartBody(reference="c", ttl_seconds=60, lines=LINES[:5]),
        ),
        "pick list": lambda: api.post("pick-lists", {"location": "W1", "max_orders": 5}),
        "pick": lambda: api.post(f"{walk}/pick", picked),
        "pack": lambda: api.post(f"{walk}/pack", {}),
        "ship": lambda: api.post(f"{walk}/ship", {"carrier": "x", "tracking_number": "1"}),
        "adjust": lambda: api.post("stock/adjustments", {"reason": "damaged", "lines": [adjusted]}),
        "receipt": lambda: api.post(
            "receipts", {"location": "W1", "reference": "r", "lines": LINES[:5]}
        ),
        "cancel": lambda: api.post(f"orders/{retailer.newest}/cancellations", {"reason": "x"}),
    }


def test_busy_addresses_walk_by_index(retailer: Retailer, plans: list[dict[str, Any]]) -> None:
    named = vars(retailer)
    asked: dict[str, Callable[[], Any]] = {}
    for path in GETS:
        asked[path] = partial(retailer.api.get, path.format(**named))
    for path in PAGES:
        asked[path] = partial(retailer.staff.get, path.format(**named))
    found = {}
    for name, act in (asked | acts(retailer)).items():
        plans.clear()
        answer = act()
        assert answer.status_code in (200, 201), (name, answer.content)
        assert plans, f"nothing was seen of {name}"
        if bad := dear(plans):
            found[name] = bad
    assert not found, json.dumps(found, indent=1)


def test_a_scan_would_be_seen(api: ApiCaller, plans: list[dict[str, Any]]) -> None:
    """Else nothing above could fail. A trigger's statements are seen as well."""
    LocationFactory(code="W1")
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), Location.objects.get(), 5)
    assert any("inventory_stockmovement" in str(plan["Plan"]) for plan in plans)
    place(api, ("A1", 1))
    plans.clear()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders_order WHERE currency = 'EUR'")
    (whole,) = dear(plans)
    assert whole.startswith("Seq Scan of orders_order, 1 rows")
