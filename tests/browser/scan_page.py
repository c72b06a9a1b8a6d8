"""A scanning page in a browser whose connection to the server the test controls."""

from __future__ import annotations

import re

from django.test import Client
from playwright.sync_api import Locator, Page, Request, Route, expect

from core.access.models import User

LAMP = "5012345678900"
MISREAD = "5012345678901"


class ScanPage:
    """A page on which a person scans, the line to its server, and what was counted there."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.is_held = self.is_deaf = self.is_hidden = False
        self.status: int | None = None
        self.held: list[Route] = []
        self.sent: list[str] = []
        page.route(address.partition("?")[0] + "*", self._pass)
        page.route("**/alpine.js", self._show)
        page.on("request", self._note)
        page.goto(address)
        expect(self.field).to_be_focused()

    @property
    def field(self) -> Locator:
        return self.page.get_by_label(re.compile("barcode or SKU", re.IGNORECASE))

    @property
    def waiting(self) -> Locator:
        return self.page.locator("[data-waiting]")

    @property
    def refused(self) -> Locator:
        return self.page.locator("[data-refused]")

    def scan(self, *codes: str) -> None:
        """Type as a scanner does: it looks at nothing and waits for nothing."""
        for code in codes:
            self.page.keyboard.type(code)
            self.page.keyboard.press("Enter")

    def let_through(self) -> None:
        self.is_held = self.is_hidden = False
        while self.held:
            self.held.pop(0).continue_()

    def _pass(self, route: Route) -> None:
        if route.request.method == "POST" and self.is_deaf:
            route.fetch(max_redirects=0)  # the server does it, and the answer is lost
            route.abort()
        elif route.request.method == "POST" and self.status:
            route.fulfill(status=self.status)
        elif route.request.method == "POST" and self.is_held:
            self.held.append(route)
        else:
            route.continue_()

    def _show(self, route: Route) -> None:
        if self.is_hidden:
            self.held.append(route)
        else:
            route.continue_()

    def _note(self, request: Request) -> None:
        body = request.post_data or ""
        found = re.search(r'name="(?:scan|what)"\r\n\r\n(.*?)\r\n', body)
        if request.method == "POST" and found:
            self.sent.append(found[1])


def arriving(screen: ScanPage, code: str) -> Locator:
    return screen.page.get_by_label(f"Arriving now: {code}")


def counted(screen: ScanPage, code: str) -> Locator:
    return screen.page.get_by_role("row", name=code).locator("[data-label=Counted]")


def let_in(page: Page, address: str) -> None:
    """Sign the manager in, without the page for it."""
    client = Client()
    client.force_login(User.objects.get())
    [session] = client.cookies.values()
    page.context.add_cookies([{"name": session.key, "value": session.value, "url": address}])
