"""A transfer on a phone: written down, sent off and taken in, by its labels."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect

from inventory.models import Transfer
from tests.browser.test_overview import sign_in
from tests.browser.test_receiving import LONG, PHONE
from tests.factories import LocationFactory, SkuFactory, UserFactory, stock_up
from tests.inventory.stock_helpers import balances

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_transfer_is_driven_on_a_phone(
    page: Page, live_server: Any, browser_errors: list[str]
) -> None:
    cache.clear()
    UserFactory(password="open sesame", superuser=True)
    source = LocationFactory(code="W1", name="Daventry")
    LocationFactory(code="S1", name="Soho")
    for code in ("A1", LONG):
        stock_up(SkuFactory(code=code), source, 5)
    sign_in(page, live_server.url)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    page.goto(live_server.url + reverse("admin:inventory_transfer_draft"))
    fits()
    page.get_by_label("From", exact=True).select_option(label=str(source))
    page.get_by_label("To", exact=True).select_option(index=1)
    page.get_by_label("Goods").fill(f"A1 3\n{LONG} 1")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("The draft is written.")).to_be_visible()
    transfer = Transfer.objects.get()
    for step, button in (("dispatch", "The goods have left"), ("receive", "It has arrived")):
        address = reverse(f"admin:inventory_transfer_{step}_goods", args=[transfer.pk])
        page.goto(live_server.url + address)
        fits()
        if step == "receive":
            page.get_by_label("Units of A1 that are damaged").fill("1")
        page.get_by_role("button", name=button).click()
        expect(page).to_have_url(
            live_server.url + reverse("admin:inventory_transfer_change", args=[transfer.pk])
        )
    assert (balances("A1", "W1"), balances("A1", "S1")) == ((2, 0, 0), (3, 0, 1))
    page.goto(live_server.url + reverse("admin:inventory_transfer_changelist"))
    fits()
    expect(page.get_by_text("4 of 4 units")).to_be_visible()
