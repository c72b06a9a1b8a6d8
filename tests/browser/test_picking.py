"""Picking on a phone, with a scanner that types, on a line that breaks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from orders.models import PickListLine
from tests.browser.scan_page import let_in
from tests.conftest import make_caller
from tests.factories import UserFactory
from tests.orders.fulfilment_helpers import place
from tests.orders.pages.pick_floor import set_up_floor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MUG, LAMP = "05012345678900", "04006381333931"


@pytest.fixture
def pick_floor() -> None:
    set_up_floor()


@pytest.fixture
def list_page(page: Page, live_server: Any, pick_floor: None) -> Page:
    """The page of a list of two mugs and a lamp, on a phone."""
    place(make_caller(["*"]), ("MUG", 2), ("LAMP", 1))
    UserFactory(username="manager", superuser=True, password="open sesame", locations=["W1"])
    page.set_viewport_size({"width": 360, "height": 740})
    let_in(page, live_server.url)
    page.goto(f"{live_server.url}/staff/")
    page.get_by_role("link", name="Start").click()
    page.get_by_role("button", name="Pick the next order").click()
    expect(page.get_by_label("Scan the item")).to_be_focused()
    return page


def scan(page: Page, *codes: str) -> None:
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def picked() -> list[int]:
    return list(PickListLine.objects.order_by("position").values_list("picked", flat=True))


def test_a_list_is_picked_by_scanning_alone(list_page: Page, browser_errors: list[str]) -> None:
    scan(list_page, MUG, MUG, LAMP)
    expect(list_page.get_by_role("heading", name="All lines are done")).to_be_visible()
    assert picked() == [2, 1]
    list_page.get_by_role("button", name="Finish the list").click()
    expect(list_page.get_by_text("Done. The list is closed.")).to_be_visible()


def test_a_refused_scan_stays_to_be_read(list_page: Page) -> None:
    scan(list_page, "4006381333900", MUG)
    expect(list_page.locator("[data-refused]")).to_contain_text("4006381333900")
    expect(list_page.locator(".units b")).to_have_text("1")
    list_page.get_by_role("button", name="I have read it").click()
    expect(list_page.locator("[data-refused]")).to_be_empty()
    assert picked() == [1, 0]


def test_scans_made_without_a_connection_are_counted_when_it_is_back(list_page: Page) -> None:
    cut: list[Route] = []
    list_page.route("**/staff/pick/**", lambda route: (cut.append(route), route.abort()))
    scan(list_page, MUG, LAMP)
    expect(list_page.locator("[data-waiting]")).to_contain_text("wait for the connection")
    assert picked() == [0, 0]
    list_page.unroute("**/staff/pick/**")
    expect(list_page.locator(".units b")).to_have_text("1")
    expect(list_page.locator("progress")).to_have_attribute("value", "1")
    expect(list_page.locator("[data-waiting]")).to_be_empty()
    assert picked() == [1, 1]


def test_targets_are_large_and_nothing_scrolls_sideways(list_page: Page) -> None:
    width = list_page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    for target in list_page.locator("main button, main a.button, .bottom a, .top a").all():
        if target.is_visible():
            box = target.bounding_box()
            assert box is not None
            assert min(box["height"], box["width"]) >= 44, target.inner_text()
    field = list_page.get_by_label("Scan the item").bounding_box()
    assert field is not None
    assert field["height"] >= 56


def test_it_works_without_scripts(
    browser: Any, live_server: Any, pick_floor: None, browser_context_args: dict[str, Any]
) -> None:
    place(make_caller(["*"]), ("MUG", 1))
    UserFactory(username="manager", superuser=True, password="open sesame", locations=["W1"])
    context = browser.new_context(**browser_context_args | {"java_script_enabled": False})
    try:
        page = context.new_page()
        let_in(page, live_server.url)
        page.goto(f"{live_server.url}/staff/pick/")
        page.get_by_role("button", name="Pick the next order").click()
        page.get_by_label("Scan the item").fill("mug")
        page.get_by_role("button", name="Enter").click()
        expect(page.get_by_text("1 picked.")).to_be_visible()
        page.get_by_role("button", name="Finish the list").click()
        expect(page.get_by_text(re.compile("Done"))).to_be_visible()
    finally:
        context.close()
