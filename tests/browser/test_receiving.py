"""At the dock: a scanner types and presses Enter, a thumb presses a button on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect

from inventory.models import ExpectedDelivery
from tests.browser.test_overview import sign_in
from tests.conftest import make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, UserFactory
from tests.inventory.stock_helpers import balances

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
LONG = "A-CODE-THAT-IS-LONGER-THAN-A-PHONE-IS-WIDE-0123456789-ABCDEFGHIJ"


@pytest.fixture
def delivery() -> ExpectedDelivery:
    cache.clear()
    UserFactory(password="open sesame", superuser=True)
    LocationFactory(code="W1", name="Daventry")
    ChannelFactory()
    for code in ("A1", "A2", LONG):
        SkuFactory(code=code)
    lines = [{"sku": code, "quantity": 5} for code in ("A1", LONG)]
    papers = {"location": "W1", "reference": "ASN-7", "lines": lines}
    assert make_caller(["*"]).post("deliveries", papers).status_code == 201
    return ExpectedDelivery.objects.get()


def test_goods_are_scanned_and_taken_in_on_a_phone(
    page: Page, live_server: Any, delivery: ExpectedDelivery, browser_errors: list[str]
) -> None:
    sign_in(page, live_server.url)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    there = reverse("admin:inventory_expecteddelivery_changelist")
    for address in (
        there,
        reverse("admin:inventory_expecteddelivery_receive_goods", args=[delivery.pk]),
    ):
        page.goto(live_server.url + address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    # The field has the focus at first and after each scan, so the next one needs no touch.
    expect(page.get_by_label("Scan or type a barcode or SKU")).to_be_focused()
    for told in ("A1, Article A1: 1 arriving now.", "A1, Article A1: 2 arriving now."):
        page.keyboard.type("A1")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text=told)).to_be_visible()
    page.keyboard.type("A2")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Arriving now: A2")).to_have_value("1")
    page.get_by_label("Of these damaged: A1").fill("1")
    assert balances("A1", "W1") == (0, 0, 0)
    page.get_by_role("button", name="Take these in", exact=True).click()
    expect(page.get_by_text("3 units came in, 1 of them damaged.")).to_be_visible()
    assert (balances("A1", "W1"), balances("A2", "W1")) == ((2, 0, 1), (1, 0, 0))
