"""The page that sets units apart: as the API does it, and said in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from inventory.models import Stock, StockMovement
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, UserFactory, stock_up
from tests.orders.fulfilment_helpers import place

pytestmark = pytest.mark.django_db


def signed_in(**given: Any) -> Client:
    client = Client()
    user = UserFactory(is_staff=True, **given)
    client.force_login(user)
    return client


@pytest.fixture
def row(api: ApiCaller) -> Stock:
    """Ten units, of which an order has six."""
    shop = LocationFactory(code="S1", ships=True)
    ChannelFactory()
    sku = SkuFactory(code="MUG")
    stock_up(sku, shop, 10)
    place(api, ("MUG", 6))
    return Stock.objects.get(sku=sku, location=shop)


def page_of(row: Stock) -> str:
    return f"/admin/stock/{row.pk}/set-apart"


def move(client: Client, row: Stock, units: Any, origin: str, outcome: str) -> Any:
    given = {"quantity": units, "origin": origin, "outcome": outcome, "reference": "N-1"}
    return client.post(page_of(row), given)


def test_units_are_set_apart_and_put_back_on_sale(row: Stock) -> None:
    clerk = signed_in(role="associate", locations=["S1"])
    detail = clerk.get(f"/admin/inventory/stock/{row.pk}/change/")
    assert "Set apart" in detail.content.decode()
    assert move(clerk, row, 3, "available", "quarantine").status_code == 302
    row.refresh_from_db()
    assert (row.on_hand, row.unavailable) == (10, 3)
    assert "3 held back" in clerk.get(page_of(row)).content.decode()
    assert move(clerk, row, 2, "quarantine", "available").status_code == 302
    row.refresh_from_db()
    assert row.unavailable == 1
    last = StockMovement.objects.latest("pk")
    assert (last.reason, last.reference) == ("quarantine", "N-1")


def test_damage_is_recorded_though_it_was_promised_and_the_orders_follow(
    row: Stock, api: ApiCaller
) -> None:
    answer = move(signed_in(role="manager"), row, 8, "available", "damaged")
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.on_hand, row.unavailable) == (10, 8)
    assert row.reserved <= 2
    assert api.get("integrity").json()["ok"]


@pytest.mark.parametrize(
    ("units", "origin", "outcome", "said"),
    [
        (5, "available", "quarantine", "Not that many in this condition|Fewer units"),
        (1, "damaged", "available", "Not that many in this condition|Fewer units"),
        (1, "damaged", "damaged", "They are that already"),
        (0, "available", "damaged", "greater than or equal to 1"),
        ("9" * 20, "available", "damaged", "less than or equal to"),
        ("x", "available", "damaged", "Enter a whole number"),
        (1, "nowhere", "damaged", "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_and_moves_nothing(
    row: Stock, units: Any, origin: str, outcome: str, said: str
) -> None:
    before = StockMovement.objects.count()
    answer = move(signed_in(role="manager"), row, units, origin, outcome)
    assert answer.status_code == 200
    assert any(words in answer.content.decode() for words in said.split("|"))
    assert StockMovement.objects.count() == before


def test_only_who_may_write_stock_there_gets_the_page(row: Stock) -> None:
    LocationFactory(code="S2")
    assert signed_in(role="associate", locations=["S2"]).get(page_of(row)).status_code == 404
    assert signed_in(role="agent").get(page_of(row)).status_code == 403
    assert Client().get(page_of(row)).status_code == 302
    manager = signed_in(role="manager")
    assert manager.get(f"/admin/stock/{'9' * 30}/set-apart").status_code == 404
