"""Scanning on bad Wi-Fi, signed out, too late: every scan counts once, or is said not to count."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from inventory.models import Count, CountEntry
from tests.browser.desk import LAMP, Desk, arriving, counted
from tests.browser.test_overview import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


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


def test_handing_in_waits_for_the_connection(shelf: Desk, context: BrowserContext) -> None:
    context.set_offline(True)
    shelf.scan(LAMP, "A2")
    shelf.page.get_by_role("button", name="Hand in").click()
    expect(shelf.waiting).to_contain_text("“Hand in without the 2 left” waits for 2 scans.")
    context.set_offline(False)
    expect(shelf.page.get_by_text("Handed in. Here is what it shows.")).to_be_visible()
    assert CountEntry.objects.count() == 2


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
