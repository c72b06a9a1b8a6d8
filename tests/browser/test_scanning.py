"""Scanning faster than the server answers: every scan counts, in order, and where it was meant."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.access.models import User
from inventory.models import CountEntry
from tests.browser.scan_page import LAMP, MISREAD, ScanPage, arriving, counted
from tests.inventory.stock_helpers import balances

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_scanning_at_the_dock_waits_for_no_answer(receiving: ScanPage) -> None:
    receiving.is_held = True
    receiving.scan(LAMP, "A2", LAMP, LAMP)
    expect(receiving.waiting).to_have_text("4 scans are on their way.")
    expect(arriving(receiving, "LAMP")).to_have_value("")
    receiving.let_through()
    expect(arriving(receiving, "LAMP")).to_have_value("3")
    expect(arriving(receiving, "A2")).to_have_value("1")
    expect(receiving.waiting).to_have_text("")
    expect(receiving.field).to_be_focused()
    assert receiving.sent == [LAMP, "A2", LAMP, LAMP]


def test_scanning_at_the_shelf_waits_for_no_answer(counting: ScanPage) -> None:
    counting.is_held = True
    counting.scan(LAMP, "A2", LAMP, LAMP)
    counting.let_through()
    expect(counted(counting, "LAMP")).to_have_text("3")
    expect(counted(counting, "A2")).to_have_text("1")
    expect(counting.page.get_by_role("status").filter(has_text="Saved: 1 more x")).to_be_visible()
    expect(counting.field).to_be_focused()
    entries = CountEntry.objects.order_by("pk")
    assert [entry.line.sku.code for entry in entries] == ["LAMP", "A2", "LAMP", "LAMP"]


def test_a_refused_scan_stays_readable(receiving: ScanPage) -> None:
    receiving.is_held = True
    receiving.scan(LAMP, MISREAD, "A2")
    receiving.let_through()
    expect(arriving(receiving, "A2")).to_have_value("1")
    expect(receiving.refused).to_contain_text(f"{MISREAD}: The check digit of {MISREAD} is 1")
    receiving.page.get_by_role("button", name="I have read it").click()
    expect(receiving.refused).to_have_text("")
    expect(receiving.field).to_be_focused()
    receiving.scan("X1")
    expect(receiving.refused).to_contain_text("X1: ")
    expect(receiving.waiting).to_have_text("")
    receiving.scan(LAMP)  # who scans on has had the time to read it
    expect(arriving(receiving, "LAMP")).to_have_value("2")
    expect(receiving.refused).to_have_text("")


def test_an_entry_that_is_refused_stays_readable(counting: ScanPage) -> None:
    counting.is_held = True
    counting.scan(LAMP, MISREAD, "X1", "A2")
    counting.let_through()
    expect(counted(counting, "A2")).to_have_text("1")
    expect(counted(counting, "LAMP")).to_have_text("1")
    expect(counting.refused).to_contain_text(f"The check digit of {MISREAD} is 1")
    expect(counting.refused).to_contain_text("X1: ")


def test_taking_in_waits_for_the_scans_before_it(receiving: ScanPage) -> None:
    receiving.is_held = True
    receiving.scan(LAMP, LAMP)
    receiving.page.get_by_role("button", name="Take these in", exact=True).click()
    expect(receiving.waiting).to_have_text(
        "2 scans are on their way. “Take these in” waits for 2 scans."
    )
    receiving.let_through()
    expect(receiving.page.get_by_text("2 units came in.")).to_be_visible()
    assert balances("LAMP", "W1") == (2, 0, 0)


def test_nothing_is_taken_in_after_a_refusal_that_was_not_seen(receiving: ScanPage) -> None:
    receiving.is_held = True
    receiving.scan(LAMP, MISREAD)
    receiving.page.get_by_role("button", name="Take these in", exact=True).click()
    receiving.let_through()
    expect(receiving.refused).to_contain_text("“Take these in” was not done")
    expect(receiving.waiting).to_have_text("")
    assert balances("LAMP", "W1") == (0, 0, 0)
    receiving.page.get_by_role("button", name="Take these in", exact=True).click()
    expect(receiving.page.get_by_text("1 units came in.")).to_be_visible()


def test_what_is_typed_meanwhile_stays(receiving: ScanPage) -> None:
    receiving.scan(LAMP, LAMP)
    expect(arriving(receiving, "LAMP")).to_have_value("2")
    receiving.is_held = True
    receiving.scan("A2", LAMP)
    damaged = receiving.page.get_by_label("Of these damaged: LAMP")
    damaged.fill("2")
    receiving.let_through()
    expect(arriving(receiving, "LAMP")).to_have_value("3")
    expect(damaged).to_have_value("2")
    expect(damaged).to_be_focused()


def test_live_regions_stay_the_same_elements(receiving: ScanPage) -> None:
    said = receiving.page.get_by_role("status").filter(has_text="arriving now")
    receiving.page.locator(".said").evaluate("element => element.isTheOne = true")
    receiving.scan(LAMP)
    expect(said).to_contain_text("LAMP, Article LAMP: 1 arriving now.")
    assert said.evaluate("element => element.isTheOne")


def test_no_key_is_lost_before_the_page_is_shown(receiving: ScanPage) -> None:
    """The admin hides its pages until its scripts have run."""
    receiving.is_hidden = True
    receiving.page.reload(wait_until="commit")
    receiving.page.wait_for_selector("[data-scan]", state="attached")
    expect(receiving.field).to_be_hidden()
    receiving.scan(LAMP, "A2")
    receiving.page.keyboard.type("LA")
    receiving.let_through()
    expect(receiving.field).to_be_focused()
    expect(receiving.field).to_have_value("LA")
    receiving.page.keyboard.type("MP")
    receiving.page.keyboard.press("Enter")
    expect(arriving(receiving, "LAMP")).to_have_value("2")
    expect(arriving(receiving, "A2")).to_have_value("1")


def test_a_tap_beside_the_field_loses_no_scan(receiving: ScanPage) -> None:
    receiving.page.get_by_role("heading", name="Receive ASN-7").last.click()
    expect(receiving.field).not_to_be_focused()
    receiving.scan(LAMP)
    expect(arriving(receiving, "LAMP")).to_have_value("1")
    receiving.page.get_by_role("button", name="Take these in", exact=True).focus()
    receiving.scan(LAMP)  # its Enter presses no button either
    expect(arriving(receiving, "LAMP")).to_have_value("2")
    assert balances("LAMP", "W1") == (0, 0, 0)


def test_a_scan_that_goes_astray_does_not_go_unnoticed(receiving: ScanPage) -> None:
    receiving.scan("A2", "")
    expect(arriving(receiving, "A2")).to_have_value("1")
    expect(receiving.refused).to_have_text("")
    receiving.page.get_by_label("Of these damaged: A2").focus()
    receiving.scan("A2")
    expect(receiving.refused).to_contain_text("Scan or type a code to count it.")
    expect(arriving(receiving, "A2")).to_have_value("1")
    expect(receiving.field).to_be_focused()


def test_a_figure_is_typed_with_two_enters(counting: ScanPage) -> None:
    counting.page.get_by_role("link", name="Type how many").click()
    quantity = counting.page.get_by_label("How many are there")
    expect(quantity).to_be_visible()
    expect(counting.field).to_be_focused()
    counting.is_held = True
    counting.scan("LAMP", "8", "A2", "3")
    expect(counting.field).to_be_focused()
    counting.let_through()
    expect(counted(counting, "LAMP")).to_have_text("8")
    expect(counted(counting, "A2")).to_have_text("3")
    empty = counting.page.get_by_role("button", name="The bin is empty")
    empty.click()
    expect(counting.refused).to_contain_text("Say which bin is empty.")
    counting.page.get_by_label("Bin, if any").fill("L")
    empty.evaluate("button => button.form.requestSubmit(button)")  # a tap that moves no focus
    expect(counting.page.get_by_text("Saved: nothing in L")).to_be_visible()


def test_who_only_looks_has_nothing_to_scan(counting: ScanPage, browser_errors: list[str]) -> None:
    User.objects.update(is_superuser=False, is_staff=True, role="agent")
    counting.page.reload()
    expect(counting.page.get_by_text("You may look at this count.")).to_be_visible()
    counting.scan(LAMP)
