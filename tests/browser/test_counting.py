"""Counting on a phone, with a scanner that types: nothing scrolls sideways."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inventory.models import CountLine
from tests.factories import (
    BarcodeFactory,
    BinFactory,
    LocationFactory,
    PlacementFactory,
    SkuFactory,
    UserFactory,
    stock_up,
)
from tests.inventory.stock_helpers import balances

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lamps() -> None:
    """Twelve lamps in bin L of a warehouse, and two people who may count them."""
    home, lamp = LocationFactory(code="W1"), SkuFactory(code="LAMP")
    stock_up(lamp, home, 12)
    PlacementFactory(sku=lamp, bin=BinFactory(location=home, code="L", walk=1))
    BarcodeFactory(sku=lamp, code="05012345678900")
    for name in ("ann", "eve"):
        UserFactory(username=name, password="open sesame", is_staff=True, role="operative")


def sign_in(page: Page, address: str, name: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{address}/admin/login/?next=/admin/inventory/count/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("open sesame")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/admin/inventory/count/")


def assert_fits(page: Page) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0, page.url


def test_a_phone_and_a_scanner_are_enough(
    page: Page, live_server: Any, lamps: None, browser_errors: list[str]
) -> None:
    page.set_viewport_size({"width": 375, "height": 740})
    sign_in(page, live_server.url, "ann")
    page.get_by_role("link", name="Start a count").first.click()
    page.get_by_label("Location").select_option("W1")
    page.get_by_label("Bins").fill("L")
    assert_fits(page)
    page.get_by_role("button", name="Start the count").click()
    expect(page.get_by_label("Barcode or SKU")).to_be_focused()
    assert_fits(page)

    # One by one: the bin once, then scan after scan. A scanner types and presses Enter.
    page.get_by_role("link", name="Scan one by one").click()
    expect(page.get_by_label("Units of each scan")).to_be_visible()
    page.get_by_label("Bin, if any").fill("L")
    page.get_by_label("Barcode or SKU").focus()
    for scans in range(1, 4):
        page.keyboard.type("5012345678900")
        page.keyboard.press("Enter")
        expect(page.get_by_role("row", name="LAMP").get_by_role("cell").nth(1)).to_have_text(
            str(scans)
        )
        expect(page.get_by_label("Barcode or SKU")).to_be_focused()
    assert_fits(page)

    # A typed figure replaces them: Enter after the article leads to the quantity.
    page.get_by_role("link", name="Type how many").click()
    expect(page.get_by_label("How many are there")).to_be_visible()
    expect(page.get_by_label("Barcode or SKU")).to_be_focused()
    page.keyboard.type("LAMP")
    page.keyboard.press("Enter")
    expect(page.get_by_label("How many are there")).to_be_focused()
    page.keyboard.type("8")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved: 8 x LAMP in L")).to_be_visible()
    assert CountLine.objects.get().counted == 8

    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("1 line needs a second person")).to_be_visible()
    assert_fits(page)
    address = page.url
    sign_in(page, live_server.url, "eve")
    page.goto(address)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Apply to the stock").click()
    expect(page.get_by_text("Applied: the record says what was seen.")).to_be_visible()
    assert_fits(page)
    assert balances("LAMP", "W1") == (8, 0, 0)
