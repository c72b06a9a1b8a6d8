"""A retailer of two shops that have nothing in common but the articles: ours, and another's.

Every name of a half begins with its mark, so that a page which tells of the other is known by it.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import Group

from core.access.keys import issue_key
from core.access.models import User
from core.access.principal import SYSTEM
from core.audit.models import Outcome
from core.audit.record import record
from core.imports.models import Import
from core.outbox.models import Relay
from inventory.models import Stock
from orders.commands.reconcile import reconcile
from orders.models import Reconciliation, Violation
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import (
    ApiClientFactory,
    BarcodeFactory,
    BinFactory,
    ChannelFactory,
    KeepRuleFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    PlacementFactory,
    ProductFactory,
    ReturnBody,
    RingFenceFactory,
    SkuFactory,
    UserFactory,
    stock_up,
)

OURS, THEIRS = "ours", "theirs"


def open_for_business() -> None:
    """Build both halves, and the rows that concern the retailer as a whole."""
    sku = SkuFactory(code="A1", product=ProductFactory(code="SHIRT"))
    BarcodeFactory(sku=sku, code="05012345678900")
    for mark in (OURS, THEIRS):
        _furnish(mark)
        api = ApiCaller(issue_key(client=ApiClientFactory(name=f"{mark}-person's till")))
        _move_goods(api, mark)
        _sell(api, mark)
        _count(api, mark)
    Group.objects.create(name="Early shift")
    Relay.objects.get_or_create(pk=1)
    assert reconcile(actor=SYSTEM) is not None
    run = Reconciliation.objects.get()
    found = {"law": "never_oversold", "subject": "stock", "sku": "A1", "found": 1, "expected": 0}
    for mark in (OURS, THEIRS):
        Violation.objects.create(reconciliation=run, location=f"{mark}-place", is_new=True, **found)


def hire(role: str, *, tied: bool) -> User:
    """Return a person of a role, or a superuser, who works at our places or is tied to none."""
    locations = [f"{OURS}-place", f"{OURS}-depot"] if tied else []
    name = f"{OURS}-{role}{'' if tied else '-of-all'}"
    all_rights = {"is_superuser": True} if role == "superuser" else {"role": role}
    person: User = UserFactory(username=name, locations=locations, **all_rights)
    return person


def _furnish(mark: str) -> None:
    sku = SkuFactory(code="A1")
    place = LocationFactory(
        code=f"{mark}-place", name=f"{mark}-place House", store=True, returns=True
    )
    depot = LocationFactory(
        code=f"{mark}-depot", name=f"{mark}-depot House", ships=False, pickup=False
    )
    channel = ChannelFactory(
        code=f"{mark}-channel", name=f"{mark}-channel Ltd", locations=[place, depot]
    )
    shelf = BinFactory(location=place, code=f"{mark}-bin")
    PlacementFactory(sku=sku, bin=shelf)
    stock_up(sku, place, 50)
    stock_up(sku, depot, 9)
    kept = {"channel": channel, "location": place, "sku": sku}
    RingFenceFactory(**kept)
    KeepRuleFactory(code=f"{mark}-rule", note=f"{mark}-note", **kept)
    person = UserFactory(username=f"{mark}-person", locations=[place.code], role="associate")
    record(actor=person.principal(), action="day.closed", subject=f"locations/{place.code}")
    by_person = {"actor": person.principal(), "subject": f"users/{person.pk}"}
    record(action="sessions.ended", security=Outcome.DONE, person=person.username, **by_person)
    owner = {"owner": person.principal().id, "actor": person.username}
    Import.objects.create(kind="stock", file_name=f"{mark}-file.csv", state="done", **owner)


def _move_goods(api: ApiCaller, mark: str) -> None:
    place, depot = f"{mark}-place", f"{mark}-depot"
    moved = {"from": place, "to": depot, "lines": [{"sku": "A1", "quantity": 3}]}
    draft = _done(api.post("transfers", moved))
    _done(api.post(f"transfers/{draft['id']}/dispatch"))
    _done(api.post("transfers", moved))
    asn = {"location": place, "reference": f"{mark}-note", "supplier": f"{mark}-mill"}
    expected = _done(api.post("deliveries", asn | {"lines": [{"sku": "A1", "quantity": 4}]}))
    arrived = {"lines": [{"sku": "A1", "quantity": 1}]}
    _done(api.post(f"deliveries/{expected['id']}/receipts", arrived))


def _sell(api: ApiCaller, mark: str) -> None:
    place = f"{mark}-place"
    hold = {"channel": f"{mark}-channel", "reference": f"{mark}-cart", "ttl_seconds": 600}
    _done(api.post("reservations", hold | {"lines": [{"sku": "A1", "quantity": 1}]}))
    for way in ("pickup", "ship"):  # the one to be shipped is walked for, the other left open
        fulfilment = {"type": way} | ({"location": place} if way == "pickup" else {})
        order = OrderBody(
            channel=f"{mark}-channel",
            external_id=f"{mark}-order-{way}",
            note=f"{mark}-note",
            customer={"name": f"{mark}-customer Reed", "email": f"{mark}-customer@example.org"},
            ship_to={
                "name": f"{mark}-customer",
                "line1": f"2 {mark}-customer Row",
                "country": "GB",
            },
            lines=[OrderLineBody(quantity=2, fulfilment=fulfilment)],
        )
        placed = _done(api.post("orders", order))
    work = placed["fulfilments"][0]["id"]
    walk = _done(api.post("pick-lists", {"location": place, "fulfilments": [work]}))
    scan = {"scan_id": str(uuid.uuid4()), "payload": f"(01)05012345678900(10){mark}-lot"}
    _done(api.post(f"pick-lists/{walk['id']}/scans", {"scans": [scan | {"quantity": 2}]}))
    _done(api.post(f"fulfilments/{work}/pack"))
    ship = {"carrier": "Post", "tracking_number": f"{mark}-parcel"}
    _done(api.post(f"fulfilments/{work}/ship", ship))
    line = {"line_id": "1", "quantity": 1}
    back = ReturnBody(
        channel=f"{mark}-channel",
        order=placed["number"],
        lines=[line | {"reason": f"{mark}-note"}],
        drop_off={"type": "store", "location": place},
    )
    ret = _done(api.post("returns", back))
    came = {"location": place, "lines": [line | {"disposition": "inspect"}]}
    _done(api.post(f"returns/{ret['id']}/receipts", came))


def _count(api: ApiCaller, mark: str) -> None:
    """Leave a count that was applied, and one that goes on."""
    place = f"{mark}-place"
    recorded = Stock.objects.get(location=Location.objects.get(code=place)).on_hand
    for name, is_last in ((f"{mark}-aisle", False), (f"{mark}-walk", True)):
        body = {"location": place, "name": name, "select": {"skus": ["A1"]}}
        address = f"stock/counts/{_done(api.post('stock/counts', body))['id']}"
        if is_last:
            return
        entry = {"entry_id": str(uuid.uuid4()), "sku": "A1", "quantity": recorded + 1}
        _done(api.post(f"{address}/entries", {"entries": [entry]}))
        _done(api.post(f"{address}/submit"))
        _done(api.post(f"{address}/apply"))


def _done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.content
    return answer.json()
