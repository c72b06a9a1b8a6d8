"""Transfers in the admin: written down, sent off and taken in by people."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.audit.models import AuditRecord
from inventory.models import Transfer
from orders.models import Fulfilment
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, UserFactory, stock_up
from tests.orders.fulfilment_helpers import place, step, stock, units

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    """Ten of A1 in W1, nothing in the shop S1."""
    w1 = LocationFactory(code="W1", pickup=False)
    LocationFactory(code="S1", store=True, ships=False)
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), w1, 10)
    SkuFactory(code="A2")


def person(role: str, *locations: str) -> Client:
    """A member of staff at the admin."""
    user = UserFactory(is_staff=True, role=role, locations=list(locations))
    client = Client()
    client.force_login(user)
    return client


def page(step_: str, transfer: Transfer | None = None) -> str:
    if transfer is None:
        return reverse(f"admin:inventory_transfer_{step_}")
    return reverse(f"admin:inventory_transfer_{step_}", args=[transfer.pk])


def drafted(client: Client, goods: str = "A1 4") -> Any:
    ids = dict(Location.objects.values_list("code", "pk"))
    return client.post(
        page("draft"), {"source": ids["W1"], "destination": ids["S1"], "goods": goods}
    )


def test_from_the_draft_to_the_shelf() -> None:
    manager = person("manager")
    assert "Write it down" in manager.get(page("draft")).content.decode()
    answer = drafted(manager, "A1 3\n\nA1\n")
    transfer = Transfer.objects.get()
    assert answer["Location"] == reverse("admin:inventory_transfer_change", args=[transfer.pk])
    assert transfer.lines.get().quantity == 4
    shown = manager.get(answer["Location"]).content.decode()
    assert page("dispatch_goods", transfer) in shown
    assert page("cancel_draft", transfer) in shown
    assert page("receive_goods", transfer) not in shown
    assert manager.post(page("dispatch_goods", transfer)).status_code == 302
    assert stock("A1", "W1") == (6, 0, 0)
    line = transfer.lines.get().pk
    form = manager.get(page("receive_goods", transfer)).content.decode()
    assert f'name="came_{line}"' in form
    body = {f"came_{line}": "3", f"damaged_{line}": "1", "close": "on"}
    assert manager.post(page("receive_goods", transfer), body).status_code == 302
    assert stock("A1", "S1") == (3, 0, 1)
    transfer.refresh_from_db()
    assert transfer.state == "received"
    assert AuditRecord.objects.filter(action="transfer.closed_with_loss").exists()
    listed = manager.get(reverse("admin:inventory_transfer_changelist")).content.decode()
    assert "4 of 4 units" in listed


def test_a_draft_is_given_up() -> None:
    manager = person("manager")
    drafted(manager)
    transfer = Transfer.objects.get()
    assert "Cancel it" in manager.get(page("cancel_draft", transfer)).content.decode()
    manager.post(page("cancel_draft", transfer))
    assert Transfer.objects.get().state == "cancelled"
    assert manager.post(page("cancel_draft", transfer)).status_code == 403


@pytest.mark.parametrize(
    ("goods", "said"),
    [
        ("", "required"),
        ("NOPE 2", "Nothing is called NOPE"),
        ("A1 two", "Write whole units after A1"),
        ("A1 0", "Write whole units after A1"),
        ("A1 -1", "Write whole units after A1"),
        ("A1 99999999999999999999", "Write whole units after A1"),
        ("A1 1 1", "Write whole units after A1"),
        ("A1 1000000\nA1 1", "travel together"),
    ],
)
def test_what_is_wrong_with_a_draft_is_said(goods: str, said: str) -> None:
    answer = drafted(person("manager"), goods)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Transfer.objects.exists()


def test_what_stands_in_the_way_is_said_and_nothing_happens() -> None:
    manager = person("manager")
    drafted(manager, "A1 11")
    transfer = Transfer.objects.get()
    answer = manager.post(page("dispatch_goods", transfer))
    assert answer.status_code == 200
    assert "sku A1, requested 11, available 10" in answer.content.decode()
    assert stock("A1", "W1") == (10, 0, 0)
    answer = manager.post(page("dispatch_goods", transfer), {"as_scanned": "on"})
    assert "Nothing was scanned" in answer.content.decode()
    assert Transfer.objects.get().state == "draft"


def test_a_receipt_is_checked() -> None:
    manager = person("manager")
    drafted(manager)
    transfer = Transfer.objects.get()
    manager.post(page("dispatch_goods", transfer))
    line = transfer.lines.get().pk
    for body, said in (
        ({}, "Say what has come"),
        ({f"came_{line}": "1", f"damaged_{line}": "2"}, "No more can be damaged"),
        ({f"came_{line}": "5"}, "received 5"),
        ({f"came_{line}": "-1"}, "greater than or equal to 0"),
        ({f"came_{line}": "x"}, "whole number"),
    ):
        answer = manager.post(page("receive_goods", transfer), body)
        assert (answer.status_code, said in answer.content.decode()) == (200, True), body
    assert Transfer.objects.get().state == "in_transit"
    body = {f"came_{line}": "5", "accept_surplus": "on"}
    assert manager.post(page("receive_goods", transfer), body).status_code == 302
    assert stock("A1", "S1") == (5, 0, 0)


def test_each_does_the_part_of_their_own_building() -> None:
    manager, sender, shop = person("manager"), person("operative", "W1"), person("associate", "S1")
    stranger = person("operative", "X1")
    agent = person("agent")
    drafted(manager)
    transfer = Transfer.objects.get()
    assert agent.get(page("draft")).status_code == 403
    for client, status in ((shop, 404), (stranger, 404), (agent, 403)):
        assert client.post(page("dispatch_goods", transfer)).status_code == status
    assert sender.post(page("dispatch_goods", transfer)).status_code == 302
    for client, status in ((sender, 404), (stranger, 404), (agent, 403)):
        assert client.get(page("receive_goods", transfer)).status_code == status
    assert shop.get(page("receive_goods", transfer)).status_code == 200
    listed = stranger.get(reverse("admin:inventory_transfer_changelist")).content.decode()
    assert page("change", transfer) not in listed


def test_a_customers_goods_arrive_through_the_page(api: ApiCaller) -> None:
    order = place(api, ("A1", 2), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 2)))
    step(api, code, "pack")
    transfer = Transfer.objects.get()
    sender, shop = person("operative", "W1"), person("associate", "S1")
    shown = sender.get(page("change", transfer)).content.decode()
    assert page("cancel_draft", transfer) not in shown
    assert code in shown
    assert sender.post(page("dispatch_goods", transfer)).status_code == 302
    assert Fulfilment.objects.get().state == "in_transit"
    line = transfer.lines.get().pk
    assert shop.post(page("receive_goods", transfer), {f"came_{line}": "2"}).status_code == 302
    assert Fulfilment.objects.get().state == "ready"
