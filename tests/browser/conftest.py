"""A real Chromium, the one of the system: nothing has to be downloaded. And pages to scan on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import expect

from inventory.models import Count, ExpectedDelivery
from tests.browser.scan_page import LAMP, ScanPage, let_in
from tests.conftest import make_caller
from tests.factories import (
    BarcodeFactory,
    BinFactory,
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    UserFactory,
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    given: dict[str, Any] = {**browser_type_launch_args, "executable_path": found}
    if os.geteuid() == 0:
        given["args"] = ["--no-sandbox"]  # root's Chromium refuses to start with one
    return given


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Europe/Athens"}


@pytest.fixture(scope="session", autouse=True)
def queries_beside_a_browser() -> Iterator[None]:
    """Let tests ask the database: Playwright keeps an event loop in their thread until the
    session ends, which makes Django think that they run in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session", autouse=True)
def longer_timeouts() -> None:
    """Wait as long for what a page is to show as for anything else: a machine may be busy."""
    expect.set_options(timeout=30_000)


@pytest.fixture
def page(page: Any) -> Any:
    """A page in front: Chromium gives no focus to what a page behind another asks it for."""
    page.bring_to_front()
    return page


@pytest.fixture
def browser_errors(page: Any) -> Iterator[list[str]]:
    """Fail when a page complained: a script broke, a policy was violated, a file is missing."""
    said: list[str] = []

    def note(message: Any) -> None:
        # Browsers ask for this one on pages that name no icon, such as the admin's.
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            said.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert said == []


@pytest.fixture
def goods() -> None:
    cache.clear()
    UserFactory(password="open sesame", superuser=True)
    BinFactory(location=LocationFactory(code="W1", name="Daventry"), code="L", walk=1)
    ChannelFactory()
    SkuFactory(code="A2")
    BarcodeFactory(sku=SkuFactory(code="LAMP"), code=f"0{LAMP}")


@pytest.fixture
def receiving(page: Any, live_server: Any, goods: None) -> ScanPage:
    """The page on which a delivery of LAMP is received; A2 was not announced."""
    lines = [{"sku": "LAMP", "quantity": 5}]
    papers = {"location": "W1", "reference": "ASN-7", "lines": lines}
    assert make_caller(["*"]).post("deliveries", papers).status_code == 201
    let_in(page, live_server.url)
    delivery = ExpectedDelivery.objects.get()
    receive = reverse("admin:inventory_expecteddelivery_receive_goods", args=[delivery.pk])
    return ScanPage(page, live_server.url + receive)


@pytest.fixture
def counting(page: Any, live_server: Any, goods: None) -> ScanPage:
    """The page on which LAMP and A2 are counted one by one."""
    body = {"location": "W1", "select": {"skus": ["LAMP", "A2"]}}
    assert make_caller(["*"]).post("stock/counts", body).status_code == 201
    let_in(page, live_server.url)
    work = reverse("admin:inventory_count_work", args=[Count.objects.get().pk])
    return ScanPage(page, f"{live_server.url}{work}?each=1")
