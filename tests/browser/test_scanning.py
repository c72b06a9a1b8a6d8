"""Scanning faster than the server answers: every scan counts, in order, and where it was meant."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.access.models import User
from inventory.models import CountEntry
from tests.browser.desk import LAMP, MISREAD, Desk, arriving, counted
from tests.inventory.floor import balances

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


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
