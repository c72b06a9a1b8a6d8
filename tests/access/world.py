"""One retailer in two halves that have nothing in common: what is ours, and what is another's.

All names of a half bear its mark, so that an answer which tells of the other half is known by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from core.access.keys import issue_key
from orders.models import Order
from tests.conftest import ApiCaller
from tests.factories import (
    ApiClientFactory,
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    ProductFactory,
    SkuFactory,
    stock_up,
)

OURS, OTHERS = "wkm", "zqx"

Names = dict[str, str]


@dataclass(frozen=True)
class World:
    """The names of both halves, and what the tables hold."""

    ours: Names
    others: Names
    content: dict[str, str]


def build() -> World:
    product = ProductFactory(code="P1")
    BarcodeFactory(sku=SkuFactory(code="T1", product=product), code="IN-T1")
    halves = [_half(mark) for mark in (OURS, OTHERS)]
    caller(["*"], name="reader").get("events")  # what has happened so far has its numbers
    return World(*halves, content=contents())


def caller(scopes: list[str], *, name: str | None = None, **ties: Any) -> ApiCaller:
    named = {} if name is None else {"name": name}
    return ApiCaller(issue_key(client=ApiClientFactory(scopes=scopes, **named, **ties)))


def contents() -> dict[str, str]:
    """Return a digest of all rows of each of our tables, but for refusals in the security log."""
    tables = [
        table
        for table in connection.introspection.table_names()
        if table.split("_")[0] in ("inventory", "orders", "stores", "outbox", "audit", "imports")
    ]
    each = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
        f' FROM "{table}" t' + (" WHERE kind = 'act'" if table == "audit_auditrecord" else "")
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(each)
        return dict(cursor.fetchall())


def fill(template: Any, names: Names) -> Any:
    """Write the names of a half into the strings of a template."""
    if isinstance(template, str):
        return template.format(**names)
    if isinstance(template, dict):
        return {name: fill(value, names) for name, value in template.items()}
    if isinstance(template, list):
        return [fill(value, names) for value in template]
    return template


def _half(mark: str) -> Names:
    clerk = caller(["*"], name=f"{mark} clerk")
    names = {"mark": mark, "loc": f"{mark}-A", "loc2": f"{mark}-B", "channel": f"{mark}-site"}
    names |= {"bin": f"{mark}-BIN", "rule": f"{mark}-rule", "now": timezone.now().isoformat()}
    places = [
        LocationFactory(code=names[each], name=f"{mark} {each}", store=True)
        for each in ("loc", "loc2")
    ]
    ChannelFactory(code=names["channel"], name=f"{mark} site", locations=places)
    for place in places:
        stock_up(SkuFactory(code="T1"), place, 50)
    _furnish(clerk, names)
    _work_in_buildings(clerk, names)
    _sell(clerk, names)
    _give_back(clerk, names)
    return names


def _furnish(clerk: ApiCaller, names: Names) -> None:
    plan = {"bins": [{"code": "{bin}", "walk": 1, "skus": ["T1"]}, {"code": "{bin}-2", "walk": 2}]}
    _put(clerk, "locations/{loc}/bins", plan, names)
    rule = {"kind": "ring_fence", "sku": "T1", "quantity": 1, "note": "{mark} note"}
    kept = rule | {"channel": "{channel}", "location": "{loc}"}
    _put(clerk, "keep-rules/{rule}", kept, names)


def _work_in_buildings(clerk: ApiCaller, names: Names) -> None:
    units = [{"sku": "T1", "quantity": 2}]
    count = {"location": "{loc}", "name": "{mark} count", "select": {"skus": ["T1"]}}
    names["count"] = _post(clerk, "stock/counts", count, names)["id"]
    moved = {"from": "{loc}", "to": "{loc2}", "lines": units}
    names["transfer"] = _post(clerk, "transfers", moved, names)["id"]
    delivery = {"location": "{loc}", "reference": "{mark}-PO", "supplier": "{mark} mills"}
    names["delivery"] = _post(clerk, "deliveries", delivery | {"lines": units}, names)["id"]
    received = {"location": "{loc}", "reference": "{mark}-NOTE", "lines": units}
    _post(clerk, "receipts", received, names)
    line = {"sku": "T1", "location": "{loc}"}
    counted = {"reason": "cycle_count", "reference": "{mark}-COUNT"}
    _post(clerk, "stock/counts/apply", counted | {"lines": [line | {"on_hand": 40}]}, names)
    apart = line | {"quantity": 1, "from": "available", "to": "damaged"}
    _post(clerk, "stock/unavailable", {"lines": [apart]}, names)


def _sell(clerk: ApiCaller, names: Names) -> None:
    cart = {"channel": "{channel}", "reference": "{mark}-cart", "ttl_seconds": 3600}
    line = {"sku": "T1", "quantity": 1, "location": "{loc}"}
    names["cart"] = _post(clerk, "reservations", cart | {"lines": [line]}, names)["id"]
    order = _place(clerk, names, "ship")
    names |= {"order": order["number"], "ship": order["fulfilments"][0]["id"]}
    names["customer"] = order["customer_id"]
    names["pickup"] = _place(clerk, names, "pickup")["fulfilments"][0]["id"]
    walked = _place(clerk, names, "pickup")["fulfilments"][0]["id"]
    chosen = {"location": "{loc}", "fulfilments": [walked]}
    pick_list = _post(clerk, "pick-lists", chosen, names)
    names |= {"list": pick_list["id"], "line": pick_list["lines"][0]["id"]}
    names["packing"] = _place(clerk, names, "ship")["fulfilments"][0]["id"]
    packed = {"location": "{loc}", "fulfilments": [names["packing"]]}
    _post(clerk, "pick-lists", packed, names)
    names["sold"] = _place(clerk, names, "carry_out")["number"]


def _give_back(clerk: ApiCaller, names: Names) -> None:
    line = {"line_id": "1", "quantity": 1}
    drop_off = {"type": "store", "location": "{loc}"}
    asked = {"order": "{sold}", "channel": "{channel}", "lines": [line | {"reason": "{mark}"}]}
    for name, way in (("ret", drop_off), ("parcel", drop_off | {"type": "parcel"})):
        body = asked | {"resolution": "exchange", "drop_off": way}
        names[name] = _post(clerk, "returns", body, names)["id"]
    label = {"lot": "{mark}LOT", "serial": "{mark}SER", "disposition": "inspect"}
    taken = {"location": "{loc}", "lines": [line | label]}
    _post(clerk, "returns/{ret}/receipts", taken, names)


def _place(clerk: ApiCaller, names: Names, way: str) -> dict[str, Any]:
    number = Order.objects.count()
    there = {} if way == "ship" else {"location": "{loc}"}
    return _post(
        clerk,
        "orders",
        {
            "channel": "{channel}",
            "external_id": f"{{mark}}-{number}",
            "currency": "GBP",
            "note": "{mark} note",
            "payment_reference": "{mark}-paid",
            "customer": {"name": "{mark} person", "email": "{mark}@example.org"},
            "ship_to": {"name": "{mark} person", "line1": "{mark} road", "country": "GB"},
            "lines": [
                {
                    "line_id": "1",
                    "sku": "T1",
                    "quantity": 4,
                    "unit_price": "5.00",
                    "fulfilment": {"type": way, **there},
                }
            ],
        },
        names,
    )


def send_file(clerk: ApiCaller, mark: str, *, key: str) -> Any:
    """Send a file of SKUs under a name with the mark."""
    file = SimpleUploadedFile(f"{mark}.csv", b"sku,name\nT1,Tee\n", content_type="text/csv")
    return clerk.client.post(
        "/api/v1/imports",
        {"kind": "skus", "file": file},
        headers=clerk.headers | {"Idempotency-Key": key},
    )


def _post(clerk: ApiCaller, path: str, body: Any, names: Names) -> dict[str, Any]:
    answer = clerk.post(fill(path, names), fill(body, names))
    assert answer.status_code in (200, 201), (path, answer.content)
    return answer.json()


def _put(clerk: ApiCaller, path: str, body: Any, names: Names) -> None:
    answer = clerk.put(fill(path, names), fill(body, names))
    assert answer.status_code in (200, 201), (path, answer.content)
