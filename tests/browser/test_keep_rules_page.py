"""A manager keeps three of every shirt for people who walk in."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inventory.models import KeepRule
from tests.browser.test_overview import sign_in
from tests.factories import (
    ChannelFactory,
    KeepRuleFactory,
    LocationFactory,
    SkuFactory,
    UserFactory,
    stock_up,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shirts() -> None:
    UserFactory(password="open sesame", superuser=True)
    ChannelFactory(code="web")
    stock_up(
        SkuFactory(code="SHIRT", category="Shirts"), LocationFactory(code="S1", store=True), 10
    )


def test_a_rule_is_made_and_seen_beside_the_stock(
    page: Page, live_server: Any, shirts: None, browser_errors: list[str]
) -> None:
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/inventory/keeprule/")
    expect(page.get_by_text("There is no rule yet:")).to_be_visible()
    page.goto(f"{live_server.url}/admin/inventory/keeprule/add/")
    page.get_by_label("Code").fill("walk-ins")
    page.get_by_label("Kind").select_option("safety_stock")
    page.get_by_label("Units of each SKU and location").fill("3")
    page.get_by_label("Category").fill("Shirts")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="walk-ins")).to_contain_text("Active")
    page.goto(f"{live_server.url}/admin/inventory/stock/")
    expect(page.get_by_text("3 safety stock (rule walk-ins)")).to_be_visible()


def test_the_rules_fit_a_phone(
    page: Page, live_server: Any, shirts: None, browser_errors: list[str]
) -> None:
    KeepRuleFactory(
        code="walk-ins-of-the-spring-collection", kind="safety_stock", quantity=3, note="word " * 50
    )
    sign_in(page, live_server.url)
    page.set_viewport_size({"width": 360, "height": 740})
    for name in ("", "add/", f"{KeepRule.objects.get().pk}/change/"):
        page.goto(f"{live_server.url}/admin/inventory/keeprule/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") == 360, name
