"""The home page: what it says to whom, and that it stays light."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import Reservation
from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.omniretail.overview.home_page_helpers import Page, look, signed_in, work_at_the_shop
from tests.orders.fulfilment_helpers import place

pytestmark = pytest.mark.django_db


def test_a_stranger_learns_what_this_is_and_where_to_go() -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = Client().get("/")
    page = Page(answer.content.decode())
    assert {"/admin/login/?next=/", "/api/v1/docs", "/problems/", "/readyz"} <= set(page.links)
    assert "One stock pool" in page.words
    assert len(asked) == 0


@pytest.mark.parametrize("who", ["stranger", "manager"])
def test_the_page_brings_nothing_inline_and_nothing_from_elsewhere(
    who: str, manager: Client, retailer: ApiCaller
) -> None:
    place(retailer, ("OF-S1", 1))
    answer = (manager if who == "manager" else Client()).get("/")
    html = answer.content.decode()
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=", html)
    assert not re.search(r'(?:src|href)="(?!/|#)', html)


def test_an_empty_retailer_is_told_how_to_begin(manager: Client) -> None:
    page = look(manager)
    assert "No location yet" in page.words
    assert "PUT /api/v1/locations/S1" in page.words
    assert "No order yet" in page.words
    assert "In order" in page.words


def test_a_quiet_day_says_so(manager: Client, retailer: ApiCaller) -> None:
    assert "Nothing to do at any of your locations: Soho S1 Depot W1" in look(manager).words


def test_the_last_orders_come_with_their_state(manager: Client, retailer: ApiCaller) -> None:
    numbers = [place(retailer, ("OF-S1", 1))["number"] for _ in range(2)]
    words = look(manager).words
    assert words.index(numbers[1]) < words.index(numbers[0])
    assert words.count("10.00 GBP Open") == 2


def test_numbers_lead_to_their_lists(retailer: ApiCaller) -> None:
    work_at_the_shop(retailer)
    clerk = signed_in(role="manager")
    cells = look(clerk).cells
    for figure in ("To pick", "Transfers under way"):
        assert clerk.get(cells["Soho", figure][1]).status_code == 200


def test_people_see_their_own_locations_only(retailer: ApiCaller) -> None:
    work_at_the_shop(retailer)
    elsewhere = place(retailer, ("OF-W1", 1))["number"]
    associate = signed_in(role="associate", locations=["S1"])
    page = look(associate)
    assert "Depot" not in page.words
    assert elsewhere not in page.words
    units, address = page.cells["Soho", "To pick"]
    assert units == "2"
    assert associate.get(address).status_code == 200


def test_an_account_without_a_role_is_told_whom_to_ask(retailer: ApiCaller) -> None:
    work_at_the_shop(retailer)
    words = look(signed_in()).words
    assert "has no role" in words
    assert "To pick" not in words


def test_a_broken_law_turns_the_light_red(manager: Client, retailer: ApiCaller) -> None:
    place(retailer, ("OF-S1", 2))
    Reservation.objects.update(quantity=1)
    words = look(manager).words
    assert "1 broken Stock pool" in words
    assert "In order" not in words


def test_a_busy_day_asks_no_more_questions_than_a_quiet_one(
    manager: Client, retailer: ApiCaller
) -> None:
    place(retailer, ("OF-S1", 1))

    def questions() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            look(manager)
        return len(asked)

    quiet = questions()
    work_at_the_shop(retailer)
    for number in range(3):
        stock_up(SkuFactory(code=f"MORE-{number}"), LocationFactory(code=f"L{number}"), 5)
        place(retailer, (f"MORE-{number}", 1))
    assert questions() == quiet <= 19


def test_no_cache_keeps_the_page(manager: Client) -> None:
    assert "no-store" in manager.get("/")["Cache-Control"]
    assert manager.post("/").status_code == 405
