"""What is taken away from a person is gone at the next click."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.access.models import User
from inventory.models import Count
from orders.models import Order
from tests.omniretail.pages.retailer import THEIRS, hire

pytestmark = pytest.mark.usefixtures("retailer")


def addresses() -> list[str]:
    """Return the pages that stand open: of an order, of a count, of the ledger's past."""
    order = Order.objects.get(external_id="ours-order-ship")
    count = Count.objects.get(name="ours-walk")
    return [
        reverse("admin:orders_order_change", args=[order.pk]),
        reverse("admin:inventory_count_work", args=[count.pk]),
        reverse("stock-as-of") + "?sku=A1&location=ours-place",
    ]


@pytest.mark.parametrize(
    ("taken", "status"),
    [
        ({"role": ""}, 403),
        ({"is_staff": False}, 302),
        ({"is_active": False}, 302),
        ({"locations": [f"{THEIRS}-place"]}, 404),
    ],
)
def test_what_is_taken_away_is_gone_at_the_next_click(taken: dict[str, Any], status: int) -> None:
    person = hire("associate", tied=True)
    browser = Client()
    browser.force_login(person)
    order, count, past = addresses()
    for page in (order, count, past):
        assert browser.get(page).status_code == 200, page
    assert "Choose a location" in browser.get(past).content.decode()

    User.objects.filter(pk=person.pk).update(**taken)

    assert browser.get(order).status_code == status
    assert browser.post(order, {}).status_code in (status, 403)
    assert browser.get(count).status_code == status
    assert browser.post(count, {"do": "cancel"}).status_code == status
    assert Count.objects.get(name="ours-walk").state == "open"
    if status == 404:  # the page is for all shops; the form takes its own ones alone
        assert "is not one of the available choices" in browser.get(past).content.decode()
    else:
        assert browser.get(past).status_code == status


def test_the_home_page_shows_no_work_without_a_role() -> None:
    person = hire("associate", tied=True)
    browser = Client()
    browser.force_login(person)
    assert "ours-place" in browser.get("/").content.decode()
    User.objects.filter(pk=person.pk).update(role="")
    assert "ours-place" not in browser.get("/").content.decode()
