"""People find orders, SKUs and what became of them."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.audit.models import AuditRecord
from core.idempotency.models import StoredAnswer
from core.outbox.models import Event
from inventory.models import Count, Reservation, ReservationGroup, Sku, Stock, StockMovement
from orders.models import Customer, Fulfilment, Order, PickList, Return, Scan, SourcingReceipt
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import OrderBody, OrderLineBody, ReturnBody, SkuFactory, stock_up
from tests.omniretail.admin.admin_helpers import cost, done, page, place, rows_in, text_of

pytestmark = pytest.mark.django_db


def test_orders_are_found_by_what_people_have_in_hand(
    staff: Client, api: ApiCaller, day: str
) -> None:
    place(api, "W-2")
    customer = Customer.objects.get()
    for word, count in ((day, 1), ("W-2", 1), ("JO@example.org", 2), ("W-", 0), ("999", 0)):
        assert rows_in(staff.get(page("changelist", Order, q=word))) == count, word
    own = page("changelist", Order, customer__id__exact=customer.pk)
    assert rows_in(staff.get(own)) == 2


def test_everything_else_is_found(staff: Client, day: str) -> None:
    fulfilment = Fulfilment.objects.get()
    for model, word in (
        (Sku, "A1"),
        (Sku, "Article"),
        (Sku, "5012345678900"),
        (Stock, "A1"),
        (Stock, "5012345678900"),
        (StockMovement, "A1"),
        (StockMovement, f"return/{Return.objects.get().pk}"),
        (Reservation, day),
        (ReservationGroup, "cart-1"),
        (ReservationGroup, str(ReservationGroup.objects.get().pk)),
        (Fulfilment, fulfilment.code),
        (Fulfilment, day),
        (Fulfilment, "RM1"),
        (PickList, day),
        (Scan, str(PickList.objects.get().pk)),
        (Return, day),
        (Event, day),
        (AuditRecord, "manager@nowhere"),
        (Customer, "jo@example.org"),
        (SourcingReceipt, day),
        (Location, "W1"),
    ):
        found = rows_in(staff.get(page("changelist", model, q=word)))
        assert found > 0 or model is AuditRecord, (model, word)
    assert rows_in(staff.get(page("changelist", Stock, q="no such"))) == 0


def test_lists_are_filtered(staff: Client, day: str) -> None:
    for model, query, count in (
        (Order, {"state": "completed"}, 1),
        (Order, {"state": "open"}, 0),
        (Order, {"state": "nonsense"}, 1),
        (Fulfilment, {"state__exact": "shipped", "type__exact": "ship"}, 1),
        (Fulfilment, {"state__exact": "open"}, 0),
        (Stock, {"units": "unavailable"}, 1),
        (Stock, {"units": "empty"}, 0),
        (Return, {"state__exact": "received"}, 1),
        (Location, {"kind__exact": "store"}, 1),
        (StockMovement, {"reason__exact": "shipped"}, 1),
        (Event, {"about": "return"}, 2),
        (StoredAnswer, {"answer": "refused"}, 0),
    ):
        found = rows_in(staff.get(page("changelist", model, **query)))
        assert found == count, (model, query)


def test_the_ledger_of_a_sku_is_one_click_away_and_newest_first(staff: Client, day: str) -> None:
    stock_up(SkuFactory(code="B1"), Location.objects.get(code="W1"), 5)
    sku, stock = Sku.objects.get(code="A1"), Stock.objects.get(sku__code="A1", location__code="W1")
    whole = page("changelist", StockMovement, sku__id__exact=sku.pk)
    row = f"{whole}&amp;location__id__exact={stock.location_id}"
    assert whole in staff.get(page("changelist", Sku)).content.decode()
    assert whole in staff.get(page("change", Sku, sku.pk)).content.decode()
    assert row in staff.get(page("changelist", Stock)).content.decode()
    with CaptureQueriesContext(connection) as queries:
        answer = staff.get(whole)
    found = [movement.pk for movement in answer.context["cl"].result_list]
    assert found == list(
        StockMovement.objects.filter(sku=sku).order_by("-id").values_list("pk", flat=True)
    )
    counting = [q["sql"] for q in queries if "COUNT(" in q["sql"].upper()]
    assert [sql for sql in counting if "inventory_stockmovement" in sql] == []


def test_stock_is_called_by_its_sku_and_its_building(staff: Client, day: str) -> None:
    stock = Stock.objects.get(sku__code="A1", location__code="W1")
    assert "A1 at W1" in text_of(staff.get(page("change", Stock, stock.pk)))


def test_a_count_on_a_phone_is_labelled_and_leads_to_its_work(staff: Client, day: str) -> None:
    count = Count.objects.get()
    html = staff.get(page("changelist", Count)).content.decode()
    first = re.search(r'<th [^>]*data-label="Count">\s*<a href="([^"?]+)', html)
    assert first, html
    assert first[1] == reverse("admin:inventory_count_work", args=[count.pk])


def test_an_order_tells_its_whole_story(staff: Client, day: str) -> None:
    order = Order.objects.get(number=day)
    shown = text_of(staff.get(page("change", Order, order.pk)))
    for words in (
        "Completed",
        "39.98 GBP",
        "19.99",
        "Jo Reed",
        "2 x A1",
        "1 of 1 x A1",
        "Royal Mail",
        "shipped",
        "Return",
        "Refund of 19.99 GBP asked for",
        "Chosen.",
    ):
        assert words in shown, words


def test_the_page_of_an_order_asks_the_same_however_many_lines(
    staff: Client, api: ApiCaller, day: str
) -> None:
    first = page("change", Order, Order.objects.get(number=day).pk)
    staff.get(first)  # kinds of content are looked up once a process
    few = cost(staff, first)
    for code in ("B1", "C1", "D1"):
        stock_up(SkuFactory(code=code), Location.objects.get(code="W1"), 9)
    body = OrderBody(
        external_id="W-9",
        customer={"email": "jo@example.org"},
        ship_to={"country": "GB"},
        lines=[
            OrderLineBody(line_id=code, sku=code, unit_price="1.00")
            for code in ("A1", "B1", "C1", "D1")
        ],
    )
    number = done(api.post("orders", body))["number"]
    code = Fulfilment.objects.get(order__number=number).code
    units = [{"line_id": line, "quantity": 1} for line in ("A1", "B1", "C1", "D1")]
    done(api.post(f"fulfilments/{code}/pick", {"lines": units}))
    done(api.post(f"fulfilments/{code}/pack"))
    done(api.post(f"fulfilments/{code}/ship", {"carrier": "DHL", "tracking_number": "2"}))
    for line in units:
        announce = ReturnBody(order=number, lines=[line | {"reason": "x"}])
        done(api.post("returns", announce))
    assert cost(staff, page("change", Order, Order.objects.get(number=number).pk)) == few
