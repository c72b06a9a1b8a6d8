"""A manager's morning: sign in, see the open work, follow a number to its rows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Fulfilment, Order
from tests.conftest import make_caller
from tests.core.access.second_factor_helpers import code_of, give_password, set_up
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, UserFactory, stock_up
from tests.orders.fulfilment_helpers import place, step, units

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop() -> None:
    """A shop with two orders to pick, and one in its bay that expires tonight."""
    cache.clear()
    UserFactory(password="open sesame", superuser=True)
    stock_up(SkuFactory(code="LAMP"), LocationFactory(code="S1", name="Soho", store=True), 10)
    ChannelFactory()
    api = make_caller(["*"])
    for _ in range(2):
        place(api, ("LAMP", 1))
    code = place(api, ("LAMP", 1), pickup_at="S1")["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 1)))
    step(api, code, "ready")
    tonight = timezone.now() + timedelta(hours=6)
    Fulfilment.objects.filter(code=code).update(pickup_expires_at=tonight)


def sign_in(page: Page, address: str) -> None:
    at_home = Client()
    give_password(at_home, "manager", "open sesame")
    key, _ = set_up(at_home)
    page.goto(f"{address}/")
    page.get_by_role("banner").get_by_role("link", name="Sign in").click()
    page.get_by_label("Username").fill("manager")
    page.get_by_label("Password").fill("open sesame")
    page.keyboard.press("Enter")
    page.get_by_label("Code").fill(code_of(key, steps=1))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/")
    page.wait_for_load_state()  # the address is there before the page, and no key would meet it


def test_a_number_leads_to_its_rows(
    page: Page, live_server: Any, shop: None, browser_errors: list[str]
) -> None:
    sign_in(page, live_server.url)
    expect(page.get_by_role("heading", name="All locations")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Stock pool")).to_contain_text("In order")
    soho = page.get_by_role("row", name=re.compile("Soho"))
    expect(soho.get_by_role("link", name="1 of these expire within 24 hours")).to_be_visible()
    soho.get_by_role("link", name="2 to pick, Soho").click()
    expect(page).to_have_url(re.compile(r"/admin/orders/fulfilment/\?.*state__exact=open"))
    page.wait_for_load_state()
    for fulfilment in Fulfilment.objects.all():
        shown = page.get_by_role("link", name=fulfilment.code, exact=True)
        expect(shown).to_have_count(1 if fulfilment.state == "open" else 0)


def test_times_are_on_the_clock_of_the_reader(
    page: Page, live_server: Any, shop: None, browser_errors: list[str]
) -> None:
    sign_in(page, live_server.url)
    newest = Order.objects.latest("pk")
    Order.objects.filter(pk=newest.pk).update(placed_at="2026-07-01T21:30:00Z")
    page.reload()
    row = page.get_by_role("row", name=re.compile(newest.number))
    expect(row).to_contain_text("2 Jul 2026, 00:30")  # half past midnight in Athens


def test_everything_is_within_reach_of_a_thumb(
    page: Page, live_server: Any, shop: None, browser_errors: list[str]
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, live_server.url)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    link = page.get_by_role("link", name="2 to pick, Soho")
    link.scroll_into_view_if_needed()
    box = link.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24  # WCAG 2.2, target size


def test_the_keyboard_goes_straight_to_the_numbers(
    page: Page, live_server: Any, shop: None, browser_errors: list[str]
) -> None:
    sign_in(page, live_server.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Look again")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=re.compile("^2 To pick"))).to_be_focused()
