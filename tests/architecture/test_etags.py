"""Every single resource names its state, and is not sent again to who has it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import get_resolver

from tests.architecture.test_openapi import ITSELF, routes
from tests.conftest import ApiCaller
from tests.factories import (
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    stock_up,
)
from tests.inventory.counting.counting_helpers import start
from tests.inventory.deliveries.delivery_helpers import expected
from tests.inventory.transfers.transfer_helpers import draft
from tests.omniretail.files.import_helpers import send
from tests.orders.fulfilment_helpers import place, step, units
from tests.orders.returns.return_helpers import announced

pytestmark = pytest.mark.django_db

ONES = sorted(
    path.removeprefix("/api/v1/")
    for path, callback in routes(get_resolver().url_patterns)
    if path.startswith("/api/v1/")
    and path not in ITSELF
    and "GET" in callback.view_class.scopes
    and (path.endswith("}") or callback.view_class.has_etag)
)


@pytest.fixture
def names(api: ApiCaller) -> dict[str, str]:
    """One of everything: the name of each by the beginning of its address."""
    ChannelFactory(code="web")
    LocationFactory(code="S1", store=True)
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 50)
    SkuFactory(code="C1")
    order = place(api, ("A1", 2), customer={"email": "jo@example.org"})
    (fulfilment,) = order["fulfilments"]
    walk = api.post("pick-lists", {"location": "W1", "fulfilments": [fulfilment["id"]]})
    scan = {"scan_id": str(uuid.uuid4()), "payload": "(01)05012345678900(10)L1(21)S1"}
    BarcodeFactory(sku=SkuFactory(code="A1"), code="05012345678900")
    api.post(f"pick-lists/{walk.json()['id']}/scans", {"scans": [scan]})
    sold = place(api, ("A1", 1))
    (gone,) = sold["fulfilments"]
    step(api, gone["id"], "pick", units(("1", 1)))
    step(api, gone["id"], "pack")
    step(api, gone["id"], "ship", {"carrier": "x", "tracking_number": "1"})
    cart = {"channel": "web", "reference": "c", "ttl_seconds": 600}
    held = api.post("reservations", cart | {"lines": [{"sku": "A1", "quantity": 1}]})
    api.put("keep-rules/K", {"kind": "safety_stock", "quantity": 1})
    return {
        "channels": "web",
        "customers": order["customer_id"],
        "deliveries": expected(api, ("A1", 1)),
        "fulfilments": fulfilment["id"],
        "imports": send(api, "skus", "sku,name\nA1,Mug\n").json()["id"],
        "keep-rules": "K",
        "locations": "W1",
        "lots": "L1",
        "orders": order["number"],
        "pick-lists": walk.json()["id"],
        "reservations": held.json()["id"],
        "returns": announced(api, sold["number"], {"line_id": "1", "quantity": 1})["id"],
        "scan": "A1",
        "serials": "S1",
        "skus": "A1",
        "stock/counts": start(api)["id"],
        "transfers": draft(api, ("A1", 1)),
    }


def ask(api: ApiCaller, path: str, etags: str) -> Any:
    return api.client.get(f"/api/v1/{path}", headers=api.headers | {"If-None-Match": etags})


def test_each_one_has_an_etag(api: ApiCaller, names: dict[str, str]) -> None:
    assert len(ONES) >= 15
    for template in ONES:
        kind, _, rest = template.partition("/{")
        path = f"{kind}/{names[kind]}{rest.partition('}')[2]}"
        answer = api.get(path)
        assert answer.status_code == 200, (path, answer.content)
        etag = answer["ETag"]
        assert etag.startswith('"'), path
        assert api.get(path)["ETag"] == etag, path
        assert ask(api, path, '"other"').content == answer.content, path
        for known in (etag, f'"other", W/{etag}', "*"):
            again = ask(api, path, known)
            if kind == "keep-rules":  # what it shows may have changed by the clock
                assert again.content == answer.content
                continue
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag), path
            assert "X-Request-Id" in again, path


def test_a_changed_one_is_sent(api: ApiCaller, names: dict[str, str]) -> None:
    path = f"orders/{names['orders']}"
    etag = api.get(path)["ETag"]
    api.post(f"{path}/cancellations", {"reason": "x"})
    answer = ask(api, path, etag)
    assert answer.status_code == 200
    assert answer["ETag"] != etag
    assert ask(api, "orders/none", "*").status_code == 404
    assert "ETag" not in api.get("orders")
