"""The home page: every number is true, and leads to the rows that it counts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Reservation
from omniretail.access.models import User
from orders.models import Fulfilment
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.conftest import ApiCaller
from tests.orders.desk import place, step, units

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


class Page(HTMLParser):
    """What a reader takes from the page: words, and numbers by row and column."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.cells: dict[tuple[str, str], tuple[str, str]] = {}
        self.links: list[str] = []
        self._row, self._label, self._href = "", "", ""
        self._in: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "tr":
            self._row = ""
        if tag in ("td", "th"):
            self._label = given.get("data-label", "")
        self._href = given.get("href", "") if tag == "a" else ""
        if self._href:
            self.links.append(self._href)
        self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            continue
        if tag in ("td", "th"):
            self._label = ""

    def handle_data(self, data: str) -> None:
        self.words += f" {data.strip()}" if data.strip() else ""
        if "th" in self._in and "b" in self._in and not self._row:
            self._row = data.strip()
        if self._label and data.strip() and (self._row, self._label) not in self.cells:
            self.cells[self._row, self._label] = (data.strip(), self._href)


def look(client: Client) -> Page:
    answer = client.get("/")
    assert answer.status_code == 200
    return Page(answer.content.decode())


def signed_in(**given: Any) -> Client:
    client = Client()
    user = User.objects.create_user(f"user{User.objects.count()}", password="x", **given)
    client.force_login(user)
    return client


@pytest.fixture
def manager() -> Client:
    return signed_in(is_staff=True, is_superuser=True)


@pytest.fixture
def retailer(api: ApiCaller) -> ApiCaller:
    """Two buildings with ten units each, and work of every kind at the shop."""
    shop = make_location("S1", name="Soho", kind="store", ships=True)
    depot = make_location("W1", name="Depot", pickup=False)
    make_channel()
    for building in (shop, depot):
        stock_up(make_sku(f"OF-{building.code}"), building, 10)
    return api


def work_at_the_shop(api: ApiCaller) -> None:
    """Leave one open, one picking, one packed and two ready fulfilments, and other work."""
    place(api, ("OF-S1", 1))
    for how_far in ("picking", "packed", "ready", "ready"):
        pickup = {"pickup_at": "S1"} if how_far == "ready" else {}
        code = place(api, ("OF-S1", 1), **pickup)["fulfilments"][0]["id"]
        step(api, code, "pick", units(("1", 1)))
        if how_far != "picking":
            step(api, code, "pack" if how_far == "packed" else "ready")
    place(api, ("OF-S1", 100), allow_backorder=True)
    make_sku("NOWHERE")
    place(api, ("NOWHERE", 100), allow_backorder=True, pickup_at="S1")
    transfer = api.post(
        "transfers", {"from": "W1", "to": "S1", "lines": [{"sku": "OF-W1", "quantity": 1}]}
    ).json()
    assert api.post(f"transfers/{transfer['id']}/dispatch").status_code == 200
    back = api.post(
        "returns",
        {
            "channel": "web",
            "resolution": "refund",
            "drop_off": {"type": "store", "location": "S1"},
            "lines": [{"sku": "OF-S1", "quantity": 2, "reason": "dented"}],
        },
    ).json()
    arrival = {"sku": "OF-S1", "quantity": 2, "disposition": "inspect"}
    came = api.post(f"returns/{back['id']}/receipts", {"location": "S1", "lines": [arrival]})
    assert came.status_code == 201


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


def test_every_number_is_what_there_is_to_do(manager: Client, retailer: ApiCaller) -> None:
    work_at_the_shop(retailer)
    cells = {place: shown for place, (shown, _) in look(manager).cells.items()}
    soho = {
        "To pick": "2",  # the single unit, and what the backorder could have at once
        "Being picked": "1",
        "Packed": "1",
        "Ready for pickup": "2",
        "Backorders": "1",
        "To inspect": "1",
        "Transfers under way": "1",
    }
    assert {column: cells["Soho", column] for column in soho} == soho
    assert cells["Any location", "Backorders"] == "1"
    assert ("Depot", "To pick") not in cells  # nothing to do there: named below


def test_what_another_shop_waits_for_is_work_where_it_is_picked(
    manager: Client, retailer: ApiCaller
) -> None:
    for how_far in ("open", "picking", "packed"):
        code = place(retailer, ("OF-W1", 1), pickup_at="S1")["fulfilments"][0]["id"]
        if how_far != "open":
            step(retailer, code, "pick", units(("1", 1)))
        if how_far == "packed":
            step(retailer, code, "pack")
    place(retailer, ("OF-S1", 1), pickup_at="S1")
    cells = look(manager).cells
    for column in ("To pick", "Being picked", "Packed"):
        shown, href = cells["Depot", column]
        assert shown == "1"
        (listed,) = manager.get(href).context["cl"].result_list
        assert listed.source.code == "W1"
    assert cells["Soho", "To pick"][0] == "1"
    assert cells["Soho", "Packed"] == ("0", "")
    clerk = signed_in(role="manager", is_staff=True, locations=["W1", "S1"])
    links = [link for link in look(clerk).links if "picked_at" in link and "%2C" in link]
    rows = clerk.get(next(link for link in links if "=open" in link)).context["cl"].result_list
    assert len(rows) == 2


@pytest.mark.parametrize("given", ["x", "x,y", "9" * 30, "1;2", "-1", "\u0661"])
def test_a_building_that_is_none_lists_no_work_and_breaks_nothing(
    given: str, manager: Client, retailer: ApiCaller
) -> None:
    place(retailer, ("OF-W1", 1))
    assert not listed(manager, f"/admin/orders/fulfilment/?picked_at={given}")


def expect(api: ApiCaller, reference: str, at: datetime | None) -> None:
    body = {
        "location": "S1",
        "reference": reference,
        "expected_at": at and at.isoformat(),
        "lines": [{"sku": "OF-S1", "quantity": 1}],
    }
    assert api.post("deliveries", body).status_code == 201


def test_deliveries_are_due_until_the_day_is_over_and_late_ones_stand_out(
    manager: Client, retailer: ApiCaller
) -> None:
    now = timezone.now()
    expect(retailer, "LATE", now - timedelta(days=2))
    expect(retailer, "NOW", now)
    expect(retailer, "LATER", now + timedelta(days=2))
    expect(retailer, "SOME-DAY", None)
    page = look(manager)
    shown, href = page.cells["Soho", "Deliveries due"]
    assert shown == "2"
    assert {row.reference for row in listed(manager, href)} == {"LATE", "NOW"}
    assert "1 overdue" in page.words
    (late, *_) = [link for link in page.links if "due=overdue" in link]
    assert [row.reference for row in listed(manager, late)] == ["LATE"]


def test_counts_are_work_until_they_are_applied(manager: Client, retailer: ApiCaller) -> None:
    first, second, third = (
        retailer.post("stock/counts", {"location": "S1", "select": {"skus": ["OF-S1"]}}).json()
        for _ in range(3)
    )
    for count in (second, third):
        entry = {"entry_id": str(uuid4()), "sku": "OF-S1", "quantity": 10}
        assert (
            retailer.post(f"stock/counts/{count['id']}/entries", {"entries": [entry]}).status_code
            == 200
        )
        assert retailer.post(f"stock/counts/{count['id']}/submit").status_code == 200
    assert retailer.post(f"stock/counts/{third['id']}/apply").status_code == 200
    page = look(manager)
    shown, href = page.cells["Soho", "Counts"]
    assert shown == "2"
    assert {str(row.pk) for row in listed(manager, href)} == {first["id"], second["id"]}
    assert "1 to review" in page.words


def listed(client: Client, href: str) -> list[Any]:
    answer = client.get(href)
    assert answer.status_code == 200, href
    return list(answer.context["cl"].result_list)


def test_each_number_leads_to_the_rows_that_it_counts(manager: Client, retailer: ApiCaller) -> None:
    work_at_the_shop(retailer)
    linked = {place: cell for place, cell in look(manager).cells.items() if "?" in cell[1]}
    assert {column for _, column in linked} >= {"To pick", "Ready for pickup", "To inspect"}
    for shown, href in linked.values():
        answer = manager.get(href)
        assert answer.status_code == 200, href  # the admin sends unknown lookups away
        assert len(answer.context["cl"].result_list) == int(shown), href


def test_pickups_that_expire_within_a_day_stand_out(manager: Client, retailer: ApiCaller) -> None:
    work_at_the_shop(retailer)
    assert "soon" not in look(manager).words
    late = Fulfilment.objects.filter(state="ready").order_by("pk")[0]
    Fulfilment.objects.filter(pk=late.pk).update(
        pickup_expires_at=timezone.now() + timedelta(hours=23)
    )
    page = look(manager)
    assert "1 expires soon" in page.words
    (href, *_) = [link for link in page.links if "pickup_expires_at__lt" in link]
    assert list(manager.get(href).context["cl"].result_list) == [late]


def test_the_last_orders_come_with_their_state(manager: Client, retailer: ApiCaller) -> None:
    numbers = [place(retailer, ("OF-S1", 1))["number"] for _ in range(2)]
    words = look(manager).words
    assert words.index(numbers[1]) < words.index(numbers[0])
    assert words.count("10.00 GBP Open") == 2


def test_numbers_lead_only_where_a_person_may_go(retailer: ApiCaller) -> None:
    work_at_the_shop(retailer)
    clerk = signed_in(role="manager")
    assert look(clerk).cells["Soho", "To pick"] == ("2", "")
    User.objects.update(is_staff=True)
    cells = look(clerk).cells
    assert clerk.get(cells["Soho", "To pick"][1]).status_code == 200
    assert clerk.get(cells["Soho", "Transfers under way"][1]).status_code == 200


def test_people_see_their_own_locations_only(retailer: ApiCaller) -> None:
    work_at_the_shop(retailer)
    elsewhere = place(retailer, ("OF-W1", 1))["number"]
    associate = signed_in(role="associate", locations=["S1"])
    page = look(associate)
    assert "Depot" not in page.words
    assert elsewhere not in page.words
    assert page.cells["Soho", "To pick"] == ("2", "")  # no admin account: no links to the admin


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
        stock_up(make_sku(f"MORE-{number}"), make_location(f"L{number}"), 5)
        place(retailer, (f"MORE-{number}", 1))
    assert questions() == quiet <= 19


def test_nobody_keeps_the_page(manager: Client) -> None:
    assert "no-store" in manager.get("/")["Cache-Control"]
    assert manager.post("/").status_code == 405
