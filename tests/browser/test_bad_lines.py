"""Scanning on bad Wi-Fi, signed out, too late: every scan counts once, or is said not to count."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from inventory.models import Count, CountEntry
from tests.browser.scan_page import LAMP, ScanPage, arriving, counted
from tests.browser.test_overview import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_lost_connection_is_waited_for_at_the_dock(
    receiving: ScanPage, context: BrowserContext
) -> None:
    context.set_offline(True)
    receiving.scan(LAMP)
    expect(receiving.waiting).to_have_text("1 scan waits for the connection.")
    receiving.scan("A2", LAMP)
    expect(receiving.waiting).to_have_text("3 scans wait for the connection.")
    context.set_offline(False)
    expect(arriving(receiving, "LAMP")).to_have_value("2")
    expect(arriving(receiving, "A2")).to_have_value("1")
    expect(receiving.waiting).to_have_text("")
    context.set_offline(True)
    receiving.page.get_by_role("button", name="Take these in", exact=True).click()
    expect(receiving.waiting).to_have_text("“Take these in” waits for the connection.")
    context.set_offline(False)
    expect(receiving.page.get_by_text("3 units came in.")).to_be_visible()


def test_a_lost_connection_is_waited_for_at_the_shelf(
    counting: ScanPage, context: BrowserContext
) -> None:
    context.set_offline(True)
    counting.scan(LAMP, "A2", LAMP)
    expect(counting.waiting).to_have_text("3 scans wait for the connection.")
    context.set_offline(False)
    expect(counted(counting, "LAMP")).to_have_text("2")
    expect(counted(counting, "A2")).to_have_text("1")


def test_a_scan_whose_answer_was_lost_counts_once(receiving: ScanPage) -> None:
    receiving.is_deaf = True
    receiving.scan(LAMP)
    expect(receiving.waiting).to_have_text("1 scan waits for the connection.")
    receiving.is_deaf = False
    receiving.scan("A2")
    expect(arriving(receiving, "A2")).to_have_value("1")
    expect(arriving(receiving, "LAMP")).to_have_value("1")
    assert receiving.sent.count(LAMP) > 1


def test_an_entry_whose_answer_was_lost_counts_once(counting: ScanPage) -> None:
    counting.is_deaf = True
    counting.scan(LAMP)
    expect(counting.waiting).to_have_text("1 scan waits for the connection.")
    assert CountEntry.objects.count() == 1
    counting.is_deaf = False
    counting.scan("A2")
    expect(counted(counting, "A2")).to_have_text("1")
    expect(counted(counting, "LAMP")).to_have_text("1")
    assert counting.sent.count(LAMP) > 1


def test_a_server_that_is_too_busy_is_asked_again(counting: ScanPage) -> None:
    counting.status = 503
    counting.scan(LAMP)
    expect(counting.waiting).to_have_text("1 scan waits for the connection.")
    counting.status = 429
    counting.scan("A2")
    expect(counting.waiting).to_have_text("2 scans wait for the connection.")
    counting.status = None
    expect(counted(counting, "LAMP")).to_have_text("1")


def test_handing_in_waits_for_the_connection(counting: ScanPage, context: BrowserContext) -> None:
    context.set_offline(True)
    counting.scan(LAMP, "A2")
    counting.page.get_by_role("button", name="Hand in").click()
    expect(counting.waiting).to_contain_text("“Hand in without the 2 left” waits for 2 scans.")
    context.set_offline(False)
    expect(counting.page.get_by_text("Handed in. Here is what it shows.")).to_be_visible()
    assert CountEntry.objects.count() == 2


def test_who_is_signed_out_loses_nothing(counting: ScanPage, context: BrowserContext) -> None:
    context.clear_cookies()
    counting.scan(LAMP, "A2")
    expect(counting.waiting).to_have_text(
        "You are signed out: sign in in another tab, then come back to this one. "
        f"Not counted yet: {LAMP}, A2."
    )
    assert not CountEntry.objects.exists()
    other = context.new_page()
    sign_in(other, counting.page.url.partition("/admin")[0])
    other.close()
    counting.page.bring_to_front()
    # Chromium without a screen shows all tabs at once, so it does not say that this one is back.
    come_back = "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))"
    counting.page.evaluate(come_back)
    expect(counted(counting, "LAMP")).to_have_text("1")
    expect(counted(counting, "A2")).to_have_text("1")


def test_a_count_that_was_handed_in_meanwhile_says_what_it_did_not_take(counting: ScanPage) -> None:
    Count.objects.update(state="cancelled")
    counting.scan(LAMP)
    expect(counting.waiting).to_contain_text("Nothing can be scanned here now")
    expect(counting.waiting).to_contain_text(f"Not counted yet: {LAMP}.")


def test_leaving_asks_first_while_scans_wait_or_are_not_taken_in(receiving: ScanPage) -> None:
    away = receiving.page.get_by_role("link", name="The delivery", exact=True)
    receiving.page.on("dialog", lambda dialog: dialog.dismiss())
    receiving.is_held = True
    receiving.scan(LAMP)
    with receiving.page.expect_event("dialog", lambda dialog: dialog.type == "beforeunload"):
        away.click()
    receiving.let_through()
    expect(arriving(receiving, "LAMP")).to_have_value("1")
    with receiving.page.expect_event("dialog", lambda dialog: dialog.type == "beforeunload"):
        away.click()
    expect(arriving(receiving, "LAMP")).to_have_value("1")
    receiving.page.get_by_role("button", name="Take these in", exact=True).click()
    expect(receiving.page.get_by_text("1 units came in.")).to_be_visible()
