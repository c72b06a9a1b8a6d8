"""What the tests of the admin do through the API, and how they read its pages."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.models import Stock
from orders.models import Fulfilment
from stores.models import Channel, Location
from tests.conftest import ApiCaller
from tests.factories import (
    ApiClientFactory,
    BarcodeFactory,
    BinFactory,
    KeepRuleFactory,
    OrderBody,
    OrderLineBody,
    PlacementFactory,
    ProductFactory,
    ReturnBody,
    RingFenceFactory,
    SkuFactory,
    stock_up,
)


def done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.json()
    return answer.json()


def place(api: ApiCaller, external_id: str, *, quantity: int = 1, **more: Any) -> str:
    body = OrderBody(
        external_id=external_id,
        customer={"name": "Jo Reed", "email": "jo@example.org"},
        ship_to={"line1": "2 Elm Row", "country": "GB", "latitude": 53.9, "longitude": -1.0},
        lines=[OrderLineBody(quantity=quantity, unit_price="19.99")],
    )
    number: str = done(api.post("orders", body | more))["number"]
    return number


def come_back(api: ApiCaller, order: str) -> None:
    line = {"line_id": "1", "quantity": 1}
    ret = done(
        api.post(
            "returns",
            ReturnBody(order=order, lines=[line | {"reason": "too small"}]),
        )
    )
    arrival = {"location": "W1", "lines": [line | {"disposition": "inspect"}]}
    done(api.post(f"returns/{ret['id']}/receipts", arrival))


def count_all(api: ApiCaller, units: int) -> None:
    """Count A1 in W1 and put the record right."""
    count = done(api.post("stock/counts", {"location": "W1", "select": {"skus": ["A1"]}}))
    address = f"stock/counts/{count['id']}"
    entry = {"entry_id": str(uuid.uuid4()), "sku": "A1", "quantity": units}
    done(api.post(f"{address}/entries", {"entries": [entry]}))
    done(api.post(f"{address}/submit"))
    done(api.post(f"{address}/apply"))


def more_of_everything(api: ApiCaller) -> None:
    for number in range(3):
        sku = SkuFactory(code=f"M{number}", product=ProductFactory(code=f"P{number}"))
        home = Location.objects.get(code="W1")
        stock_up(sku, home, 5)
        BarcodeFactory(sku=sku, code=f"IN-{number}")
        PlacementFactory(sku=sku, bin=BinFactory(location=home, code=f"M-{number}"))
        fence = {"channel": Channel.objects.get(), "sku": sku, "location": home, "quantity": 1}
        RingFenceFactory(**fence)
        KeepRuleFactory(code=f"r{number}", kind="ring_fence", **fence)
        ApiClientFactory(name=f"client {number}")
        order = place(api, f"M-{number}")
        walk = {"location": "W1", "max_orders": 5, "mode": "single"}
        done(api.post("pick-lists", walk))
        code = Fulfilment.objects.get(order__number=order).code
        done(api.post(f"fulfilments/{code}/pick", {"lines": [{"line_id": "1", "quantity": 1}]}))
        done(api.post(f"fulfilments/{code}/pack"))
        done(api.post(f"fulfilments/{code}/ship", {"carrier": "DHL", "tracking_number": "3"}))
        come_back(api, order)
        count_all(api, Stock.objects.get(sku__code="A1", location=home).on_hand + 1)


def page(kind: str, model: Any, *args: Any, **query: Any) -> str:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)
    return address + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")


def text_of(answer: Any) -> str:
    """Return what a person reads on a page."""
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def rows_in(answer: Any) -> int:
    assert answer.status_code == 200, answer.status_code
    return len(answer.context["cl"].result_list)


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def form_of(staff: Client, address: str) -> dict[str, Any]:
    """Return what a browser would send back unchanged."""
    answer = staff.get(address)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    data = {}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, False):
            data[name] = value
    for inline in answer.context["inline_admin_formsets"]:
        for field in inline.formset.management_form:
            data[field.html_name] = field.value()
    return data


def errors_in(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)
