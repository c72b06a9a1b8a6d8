"""Scanning faster than the server answers, and on bad Wi-Fi: every scan counts, in order, once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect

from inventory.models import Barcode, Count, CountEntry, ExpectedDelivery
from omniretail.access.models import User
from stores.models import Bin
from tests.browser.test_overview import sign_in
from tests.builders import make_channel, make_location, make_sku
from tests.conftest import make_caller
from tests.inventory.floor import balances

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LAMP = "5012345678900"
MISREAD = "5012345678901"


class Desk:
    """A page on which somebody scans, the line to its server, and what was counted there."""

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
            route.fetch(max_redirects=0)  # the server does it, and nobody hears of it
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


@pytest.fixture(autouse=True)
def goods() -> None:
    cache.clear()
    User.objects.create_superuser("manager", password="open sesame")
    Bin.objects.create(location=make_location("W1", name="Daventry"), code="L", walk=1)
    make_channel()
    make_sku("A2")
    Barcode.objects.create(sku=make_sku("LAMP"), code=f"0{LAMP}")


def let_in(page: Page, address: str) -> None:
    """Sign the manager in, without the page for it."""
    client = Client()
    client.force_login(User.objects.get())
    [session] = client.cookies.values()
    page.context.add_cookies([{"name": session.key, "value": session.value, "url": address}])


@pytest.fixture
def dock(page: Page, live_server: Any) -> Desk:
    """The page on which a delivery of LAMP is received; A2 was not announced."""
    lines = [{"sku": "LAMP", "quantity": 5}]
    papers = {"location": "W1", "reference": "ASN-7", "lines": lines}
    assert make_caller(["*"]).post("deliveries", papers).status_code == 201
    let_in(page, live_server.url)
    delivery = ExpectedDelivery.objects.get()
    receive = reverse("admin:inventory_expecteddelivery_receive_goods", args=[delivery.pk])
    return Desk(page, live_server.url + receive)


@pytest.fixture
def shelf(page: Page, live_server: Any) -> Desk:
    """The page on which LAMP and A2 are counted one by one."""
    body = {"location": "W1", "select": {"skus": ["LAMP", "A2"]}}
    assert make_caller(["*"]).post("stock/counts", body).status_code == 201
    let_in(page, live_server.url)
    work = reverse("admin:inventory_count_work", args=[Count.objects.get().pk])
    return Desk(page, f"{live_server.url}{work}?each=1")


def arriving(desk: Desk, code: str) -> Locator:
    return desk.page.get_by_label(f"Arriving now: {code}")


def counted(desk: Desk, code: str) -> Locator:
    return desk.page.get_by_role("row", name=code).locator("[data-label=Counted]")


def test_nobody_waits_for_the_answer_at_the_dock(dock: Desk) -> None:
    dock.is_held = True
    dock.scan(LAMP, "A2", LAMP, LAMP)
    expect(dock.waiting).to_have_text("4 scans are on their way.")
    expect(arriving(dock, "LAMP")).to_have_value("")
    dock.let_through()
    expect(arriving(dock, "LAMP")).to_have_value("3")
    expect(arriving(dock, "A2")).to_have_value("1")
    expect(dock.waiting).to_have_text("")
    expect(dock.field).to_be_focused()
    assert dock.sent == [LAMP, "A2", LAMP, LAMP]


def test_nobody_waits_for_the_answer_at_the_shelf(shelf: Desk) -> None:
    shelf.is_held = True
    shelf.scan(LAMP, "A2", LAMP, LAMP)
    shelf.let_through()
    expect(counted(shelf, "LAMP")).to_have_text("3")
    expect(counted(shelf, "A2")).to_have_text("1")
    expect(shelf.page.get_by_role("status").filter(has_text="Saved: 1 more x")).to_be_visible()
    expect(shelf.field).to_be_focused()
    entries = CountEntry.objects.order_by("pk")
    assert [entry.line.sku.code for entry in entries] == ["LAMP", "A2", "LAMP", "LAMP"]


def test_a_lost_connection_is_waited_for_at_the_dock(dock: Desk, context: BrowserContext) -> None:
    context.set_offline(True)
    dock.scan(LAMP)
    expect(dock.waiting).to_have_text("1 scan waits for the connection.")
    dock.scan("A2", LAMP)
    expect(dock.waiting).to_have_text("3 scans wait for the connection.")
    context.set_offline(False)
    expect(arriving(dock, "LAMP")).to_have_value("2")
    expect(arriving(dock, "A2")).to_have_value("1")
    expect(dock.waiting).to_have_text("")
    context.set_offline(True)
    dock.page.get_by_role("button", name="Take these in", exact=True).click()
    expect(dock.waiting).to_have_text("“Take these in” waits for the connection.")
    context.set_offline(False)
    expect(dock.page.get_by_text("3 units came in.")).to_be_visible()


def test_a_lost_connection_is_waited_for_at_the_shelf(shelf: Desk, context: BrowserContext) -> None:
    context.set_offline(True)
    shelf.scan(LAMP, "A2", LAMP)
    expect(shelf.waiting).to_have_text("3 scans wait for the connection.")
    context.set_offline(False)
    expect(counted(shelf, "LAMP")).to_have_text("2")
    expect(counted(shelf, "A2")).to_have_text("1")


def test_a_scan_whose_answer_was_lost_counts_once(dock: Desk) -> None:
    dock.is_deaf = True
    dock.scan(LAMP)
    expect(dock.waiting).to_have_text("1 scan waits for the connection.")
    dock.is_deaf = False
    dock.scan("A2")
    expect(arriving(dock, "A2")).to_have_value("1")
    expect(arriving(dock, "LAMP")).to_have_value("1")
    assert dock.sent.count(LAMP) > 1


def test_an_entry_whose_answer_was_lost_counts_once(shelf: Desk) -> None:
    shelf.is_deaf = True
    shelf.scan(LAMP)
    expect(shelf.waiting).to_have_text("1 scan waits for the connection.")
    assert CountEntry.objects.count() == 1
    shelf.is_deaf = False
    shelf.scan("A2")
    expect(counted(shelf, "A2")).to_have_text("1")
    expect(counted(shelf, "LAMP")).to_have_text("1")
    assert shelf.sent.count(LAMP) > 1


def test_a_server_that_is_too_busy_is_asked_again(shelf: Desk) -> None:
    shelf.status = 503
    shelf.scan(LAMP)
    expect(shelf.waiting).to_have_text("1 scan waits for the connection.")
    shelf.status = 429
    shelf.scan("A2")
    expect(shelf.waiting).to_have_text("2 scans wait for the connection.")
    shelf.status = None
    expect(counted(shelf, "LAMP")).to_have_text("1")


def test_a_refused_scan_stays_readable(dock: Desk) -> None:
    dock.is_held = True
    dock.scan(LAMP, MISREAD, "A2")
    dock.let_through()
    expect(arriving(dock, "A2")).to_have_value("1")
    expect(dock.refused).to_contain_text(f"{MISREAD}: The check digit of {MISREAD} is 1")
    dock.page.get_by_role("button", name="I have read it").click()
    expect(dock.refused).to_have_text("")
    expect(dock.field).to_be_focused()
    dock.scan("X1")
    expect(dock.refused).to_contain_text("X1: ")
    expect(dock.waiting).to_have_text("")
    dock.scan(LAMP)  # who scans on has had the time to read it
    expect(arriving(dock, "LAMP")).to_have_value("2")
    expect(dock.refused).to_have_text("")


def test_an_entry_that_is_refused_stays_readable(shelf: Desk) -> None:
    shelf.is_held = True
    shelf.scan(LAMP, MISREAD, "X1", "A2")
    shelf.let_through()
    expect(counted(shelf, "A2")).to_have_text("1")
    expect(counted(shelf, "LAMP")).to_have_text("1")
    expect(shelf.refused).to_contain_text(f"The check digit of {MISREAD} is 1")
    expect(shelf.refused).to_contain_text("X1: ")


def test_taking_in_waits_for_the_scans_before_it(dock: Desk) -> None:
    dock.is_held = True
    dock.scan(LAMP, LAMP)
    dock.page.get_by_role("button", name="Take these in", exact=True).click()
    expect(dock.waiting).to_have_text(
        "2 scans are on their way. “Take these in” waits for 2 scans."
    )
    dock.let_through()
    expect(dock.page.get_by_text("2 units came in.")).to_be_visible()
    assert balances("LAMP", "W1") == (2, 0, 0)


def test_nothing_is_taken_in_after_a_refusal_that_nobody_saw(dock: Desk) -> None:
    dock.is_held = True
    dock.scan(LAMP, MISREAD)
    dock.page.get_by_role("button", name="Take these in", exact=True).click()
    dock.let_through()
    expect(dock.refused).to_contain_text("“Take these in” was not done")
    expect(dock.waiting).to_have_text("")
    assert balances("LAMP", "W1") == (0, 0, 0)
    dock.page.get_by_role("button", name="Take these in", exact=True).click()
    expect(dock.page.get_by_text("1 units came in.")).to_be_visible()


def test_handing_in_waits_for_the_connection(shelf: Desk, context: BrowserContext) -> None:
    context.set_offline(True)
    shelf.scan(LAMP, "A2")
    shelf.page.get_by_role("button", name="Hand in").click()
    expect(shelf.waiting).to_contain_text("“Hand in without the 2 left” waits for 2 scans.")
    context.set_offline(False)
    expect(shelf.page.get_by_text("Handed in. Here is what it shows.")).to_be_visible()
    assert CountEntry.objects.count() == 2


def test_what_is_typed_meanwhile_stays(dock: Desk) -> None:
    dock.scan(LAMP, LAMP)
    expect(arriving(dock, "LAMP")).to_have_value("2")
    dock.is_held = True
    dock.scan("A2", LAMP)
    damaged = dock.page.get_by_label("Of these damaged: LAMP")
    damaged.fill("2")
    dock.let_through()
    expect(arriving(dock, "LAMP")).to_have_value("3")
    expect(damaged).to_have_value("2")
    expect(damaged).to_be_focused()


def test_live_regions_stay_the_same_elements(dock: Desk) -> None:
    said = dock.page.get_by_role("status").filter(has_text="arriving now")
    dock.page.locator(".said").evaluate("element => element.isTheOne = true")
    dock.scan(LAMP)
    expect(said).to_contain_text("LAMP, Article LAMP: 1 arriving now.")
    assert said.evaluate("element => element.isTheOne")


def test_who_is_signed_out_loses_nothing(shelf: Desk, context: BrowserContext) -> None:
    context.clear_cookies()
    shelf.scan(LAMP, "A2")
    expect(shelf.waiting).to_have_text(
        "You are signed out: sign in in another tab, then come back to this one. "
        f"Not counted yet: {LAMP}, A2."
    )
    assert not CountEntry.objects.exists()
    other = context.new_page()
    sign_in(other, shelf.page.url.partition("/admin")[0])
    other.close()
    shelf.page.bring_to_front()
    # Chromium without a screen shows all tabs at once, so it does not say that this one is back.
    come_back = "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))"
    shelf.page.evaluate(come_back)
    expect(counted(shelf, "LAMP")).to_have_text("1")
    expect(counted(shelf, "A2")).to_have_text("1")


def test_a_count_that_was_handed_in_meanwhile_says_what_it_did_not_take(shelf: Desk) -> None:
    Count.objects.update(state="cancelled")
    shelf.scan(LAMP)
    expect(shelf.waiting).to_contain_text("Nothing can be scanned here now")
    expect(shelf.waiting).to_contain_text(f"Not counted yet: {LAMP}.")


def test_leaving_asks_first_while_scans_wait_or_are_not_taken_in(dock: Desk) -> None:
    away = dock.page.get_by_role("link", name="The delivery", exact=True)
    dock.page.on("dialog", lambda dialog: dialog.dismiss())
    dock.is_held = True
    dock.scan(LAMP)
    with dock.page.expect_event("dialog", lambda dialog: dialog.type == "beforeunload"):
        away.click()
    dock.let_through()
    expect(arriving(dock, "LAMP")).to_have_value("1")
    with dock.page.expect_event("dialog", lambda dialog: dialog.type == "beforeunload"):
        away.click()
    expect(arriving(dock, "LAMP")).to_have_value("1")
    dock.page.get_by_role("button", name="Take these in", exact=True).click()
    expect(dock.page.get_by_text("1 units came in.")).to_be_visible()


def test_no_key_is_lost_before_the_page_is_shown(dock: Desk) -> None:
    """The admin hides its pages until its scripts have run."""
    dock.is_hidden = True
    dock.page.reload(wait_until="commit")
    dock.page.wait_for_selector("[data-scan]", state="attached")
    expect(dock.field).to_be_hidden()
    dock.scan(LAMP, "A2")
    dock.page.keyboard.type("LA")
    dock.let_through()
    expect(dock.field).to_be_focused()
    expect(dock.field).to_have_value("LA")
    dock.page.keyboard.type("MP")
    dock.page.keyboard.press("Enter")
    expect(arriving(dock, "LAMP")).to_have_value("2")
    expect(arriving(dock, "A2")).to_have_value("1")


def test_a_tap_beside_the_field_loses_no_scan(dock: Desk) -> None:
    dock.page.get_by_role("heading", name="Receive ASN-7").last.click()
    expect(dock.field).not_to_be_focused()
    dock.scan(LAMP)
    expect(arriving(dock, "LAMP")).to_have_value("1")
    dock.page.get_by_role("button", name="Take these in", exact=True).focus()
    dock.scan(LAMP)  # its Enter presses no button either
    expect(arriving(dock, "LAMP")).to_have_value("2")
    assert balances("LAMP", "W1") == (0, 0, 0)


def test_a_scan_that_goes_astray_does_not_go_unnoticed(dock: Desk) -> None:
    dock.scan("A2", "")
    expect(arriving(dock, "A2")).to_have_value("1")
    expect(dock.refused).to_have_text("")
    dock.page.get_by_label("Of these damaged: A2").focus()
    dock.scan("A2")
    expect(dock.refused).to_contain_text("Scan or type a code to count it.")
    expect(arriving(dock, "A2")).to_have_value("1")
    expect(dock.field).to_be_focused()


def test_a_figure_is_typed_with_two_enters(shelf: Desk) -> None:
    shelf.page.get_by_role("link", name="Type how many").click()
    quantity = shelf.page.get_by_label("How many are there")
    expect(quantity).to_be_visible()
    expect(shelf.field).to_be_focused()
    shelf.is_held = True
    shelf.scan("LAMP", "8", "A2", "3")
    expect(shelf.field).to_be_focused()
    shelf.let_through()
    expect(counted(shelf, "LAMP")).to_have_text("8")
    expect(counted(shelf, "A2")).to_have_text("3")
    empty = shelf.page.get_by_role("button", name="The bin is empty")
    empty.click()
    expect(shelf.refused).to_contain_text("Say which bin is empty.")
    shelf.page.get_by_label("Bin, if any").fill("L")
    empty.evaluate("button => button.form.requestSubmit(button)")  # a tap that moves no focus
    expect(shelf.page.get_by_text("Saved: nothing in L")).to_be_visible()


def test_who_only_looks_has_nothing_to_scan(shelf: Desk, complaints: list[str]) -> None:
    User.objects.update(is_superuser=False, is_staff=True, role="agent")
    shelf.page.reload()
    expect(shelf.page.get_by_text("You may look at this count.")).to_be_visible()
    shelf.scan(LAMP)
