"""The pages on which people see what is to arrive, and count it in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from inventory.models import ExpectedDelivery, Sku, Stock
from orders.models import OrderLine
from tests.conftest import ApiCaller
from tests.factories import (
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    UserFactory,
    stock_up,
)
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, nothing_written, order

pytestmark = pytest.mark.django_db

GTIN = "5012345678900"
LIST = "/admin/inventory/expecteddelivery/"


def person(role: str = "operative", **fields: Any) -> Client:
    client = Client()
    user = UserFactory(username=f"jo-{role}", is_staff=True, role=role, **fields)
    client.force_login(user)
    return client


@pytest.fixture
def staff() -> Client:
    return person()


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    LocationFactory(code="W1", name="Daventry")
    LocationFactory(code="S1", store=True)
    ChannelFactory(code="web")
    for code in ("A1", "A2"):
        SkuFactory(code=code)
    BarcodeFactory(sku=Sku.objects.get(code="A2"), code=f"0{GTIN}")
    yield
    assert_pool_laws()


@pytest.fixture
def delivery(api: ApiCaller) -> str:
    return expected(api)


def expected(api: ApiCaller, reference: str = "ASN-7", **more: Any) -> str:
    lines = [{"sku": "A1", "quantity": 5}]
    body = {"location": "W1", "reference": reference, "lines": lines} | more
    answer = api.post("deliveries", body)
    assert answer.status_code == 201, answer.content
    identity: str = answer.json()["id"]
    return identity


def page_of(delivery: str) -> str:
    return reverse("admin:inventory_expecteddelivery_receive_goods", args=[delivery])


def pk(code: str) -> int:
    return Sku.objects.get(code=code).pk


def words(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", strip_tags(answer.content.decode()))


def values(answer: Any) -> dict[str, str]:
    """Return what stands in the fields of a form that a browser would send back."""
    form = answer.context["form"]
    return {
        name: str(value) for name in form.fields if (value := form[name].value()) not in (None, "")
    }


def send(staff: Client, delivery: str, do: str, **more: Any) -> Any:
    """Open the page, fill it in, press a button."""
    shown = values(staff.get(page_of(delivery)))
    return staff.post(page_of(delivery), shown | {"do": do} | more)


def explained(answer: Any) -> bool:
    """Return whether an alert says anything: empty ones wait on the page for a script."""
    alerts = re.findall(r'<div[^>]*role="alert"[^>]*>(.*?)</div>', answer.content.decode(), re.S)
    return any(strip_tags(alert).strip() for alert in alerts)


def arriving(code: str, units: Any, damaged: Any = "") -> dict[str, Any]:
    return {f"arrived-{pk(code)}": units, f"damaged-{pk(code)}": damaged}


def state(delivery: str) -> str:
    return ExpectedDelivery.objects.get(pk=delivery).state


def test_what_arrives_is_taken_in_line_by_line(
    staff: Client, api: ApiCaller, delivery: str
) -> None:
    order(api, "W-1", 3, allow_backorder=True)
    answer = send(staff, delivery, "receive", **arriving("A1", "4", "1"))
    assert answer.url == f"{LIST}{delivery}/change/"
    assert "4 units came in, 1 of them damaged." in words(staff.get(answer.url))
    assert balances("A1", "W1") == (4, 3, 1)
    assert OrderLine.objects.get().backordered == 0
    shown = words(staff.get(page_of(delivery)))
    assert "4, 1 damaged 1" in shown  # received so far, outstanding


def test_a_scan_counts_one_unit_and_books_nothing(staff: Client, delivery: str) -> None:
    with nothing_written():
        first = send(staff, delivery, "scan", scan="A1")
        shown = values(first)
        assert "A1, Article A1: 1 arriving now." in words(first)
        second = staff.post(page_of(delivery), shown | {"do": "scan", "scan": f"{GTIN}\r"})
    assert "not announced" in words(second)
    shown = values(second)
    assert (shown[f"arrived-{pk('A1')}"], shown[f"arrived-{pk('A2')}"]) == ("1", "1")
    staff.post(page_of(delivery), shown | {"do": "receive"})
    assert (balances("A1", "W1"), balances("A2", "W1")) == ((1, 0, 0), (1, 0, 0))


@pytest.mark.parametrize("payload", ["96385074", "5012345678901", "", "X1", "\x00", "9" * 600])
def test_a_scan_that_means_nothing_is_explained(staff: Client, delivery: str, payload: str) -> None:
    with nothing_written():
        answer = send(staff, delivery, "scan", scan=payload, **arriving("A1", "2"))
    assert explained(answer)
    assert values(answer)[f"arrived-{pk('A1')}"] == "2"


@pytest.mark.parametrize(
    ("arrived", "damaged"),
    [("", ""), ("-1", ""), ("x", ""), ("1000001", ""), ("9" * 30, ""), ("1", "2"), ("", "1")],
)
def test_what_cannot_be_is_explained_and_nothing_comes_in(
    staff: Client, delivery: str, arrived: str, damaged: str
) -> None:
    with nothing_written():
        answer = send(staff, delivery, "receive", **arriving("A1", arrived, damaged))
    assert answer.status_code == 200
    assert explained(answer)


def test_a_form_that_is_sent_twice_is_one_act(staff: Client, delivery: str) -> None:
    shown = values(staff.get(page_of(delivery)))
    sent = shown | arriving("A1", "2") | {"do": "receive"}
    assert [staff.post(page_of(delivery), sent).status_code for _ in range(2)] == [302, 302]
    assert balances("A1", "W1") == (2, 0, 0)
    changed = staff.post(page_of(delivery), sent | arriving("A1", "3"))
    assert "sent already" in words(changed)
    assert balances("A1", "W1") == (2, 0, 0)
    staff.post(page_of(delivery), values(changed) | {"do": "receive"})
    assert balances("A1", "W1") == (5, 0, 0)


def test_a_delivery_is_closed_with_what_came(staff: Client, delivery: str) -> None:
    early = send(staff, delivery, "close")
    assert "expected" in words(early)
    assert state(delivery) == "expected"
    send(staff, delivery, "close", **arriving("A1", "2"))
    assert state(delivery) == "received"
    late = send(staff, delivery, "receive", **arriving("A1", "1"))
    assert (late.status_code, balances("A1", "W1")) == (302, (3, 0, 0))


def test_a_delivery_is_called_off(staff: Client, delivery: str) -> None:
    assert send(staff, delivery, "cancel").status_code == 302
    assert state(delivery) == "cancelled"
    assert "was called off" in words(staff.get(page_of(delivery)))
    with nothing_written():
        refused = staff.post(page_of(delivery), arriving("A1", "1") | {"do": "receive"})
    assert "cannot be asked to receive" in words(refused)


def test_only_who_may_receives(api: ApiCaller, delivery: str) -> None:
    assert person("agent").get(page_of(delivery)).status_code == 403
    assert person("associate", locations=["S1"]).get(page_of(delivery)).status_code == 404
    assert Client().get(page_of(delivery)).status_code == 302
    assert person("manager").get(page_of("999999")).status_code == 404
    with nothing_written():
        for clerk in (person("", locations=["S1"]), Client()):
            clerk.post(page_of(delivery), arriving("A1", "1") | {"do": "receive"})


def test_the_list_shows_at_a_glance_what_is_due(staff: Client, api: ApiCaller) -> None:
    assert "No supplier has announced a delivery yet" in words(staff.get(LIST))
    now = datetime.now(UTC)
    for reference, days in (("LATE", -2), ("SOON", 0), ("NEXT", 3)):
        at = (now + timedelta(days=days)).isoformat()
        expected(api, reference, expected_at=at)
    undated = expected(api, "SOME-DAY")
    done = expected(api, "DONE", expected_at=(now - timedelta(days=5)).isoformat())
    for identity, units in ((undated, 2), (done, 6)):
        lines = [{"sku": "A1", "quantity": units}]
        api.post(f"deliveries/{identity}/receipts", {"lines": lines})
    answer = staff.get(LIST)
    shown = words(answer)
    for told in ("1 Overdue", "1 Expected today", "1 Partly received", "4 All that is awaited"):
        assert told in shown, told
    for told in ("Overdue:", "Today:", "2 of 5", "6 of 5, 1 more than announced", "No date"):
        assert told in shown, told
    rows = [row.reference for row in answer.context["cl"].result_list]
    assert rows == ["LATE", "SOON", "NEXT", "SOME-DAY", "DONE"]
    assert page_of(undated) in answer.content.decode()
    assert page_of(done) not in answer.content.decode()

    def found(**query: str) -> list[str]:
        return [row.reference for row in staff.get(LIST, query).context["cl"].result_list]

    assert found(due="overdue") == ["LATE"]
    assert found(due="today") == ["SOON"]
    assert found(due="partly") == ["SOME-DAY"]
    assert found(q="DONE") == found(state__exact="received") == ["DONE"]
    assert len(found(q="A1")) == 5
    assert len(found(due="nonsense")) == 5


def test_today_is_today_on_the_clock_of_the_building(staff: Client, api: ApiCaller) -> None:
    """Where it is tomorrow already, this evening's delivery is still today's there."""
    LocationFactory(code="T1", timezone="Pacific/Kiritimati")
    LocationFactory(code="P1", timezone="Pacific/Pago_Pago")
    at = datetime.now(UTC).isoformat()
    for code in ("T1", "P1"):
        expected(api, f"IN-{code}", location=code, expected_at=at)
    rows = staff.get(LIST, {"due": "today"}).context["cl"].result_list
    assert {row.reference for row in rows} == {"IN-T1", "IN-P1"}


def test_the_list_costs_the_same_for_one_and_for_many(staff: Client, api: ApiCaller) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(LIST).status_code == 200
        return len(captured)

    expected(api)
    few = cost()
    for number in range(8):
        expected(api, f"ASN-{number}-more")
    assert cost() == few


def test_the_stock_page_tells_in_which_condition_units_are(staff: Client, api: ApiCaller) -> None:
    place = Stock._meta.get_field("location").related_model.objects.get(code="W1")
    stock_up(Sku.objects.get(code="A1"), place, 10)
    lines = [
        {"sku": "A1", "location": "W1", "quantity": units, "from": "available", "to": condition}
        for condition, units in (("damaged", 3), ("missing", 1))
    ]
    assert api.post("stock/unavailable", {"lines": lines}).status_code == 201
    listed = staff.get("/admin/inventory/stock/")
    assert "4: 3 damaged, 1 missing" in words(listed)
    row = Stock.objects.get(sku__code="A1")
    page = staff.get(reverse("admin:inventory_stock_change", args=[row.pk]))
    assert "4: 3 damaged, 1 missing" in words(page)
