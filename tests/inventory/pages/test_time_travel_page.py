"""The page "what was available of this SKU in this shop at 14:03, and why"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils.html import strip_tags

from inventory.models import StockMovement
from tests.conftest import ApiCaller
from tests.factories import (
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    UserFactory,
    stock_up,
)
from tests.orders.fulfilment_helpers import place

pytestmark = pytest.mark.django_db

PAGE = "/admin/stock/as-of"
TEN = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)  # ten o'clock in London


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(UserFactory(superuser=True))
    return client


@pytest.fixture
def order(api: ApiCaller) -> str:
    """Ten in at 10:00 London time, three of them ordered at 14:03, one more found at 18:00."""
    shop = LocationFactory(code="S1", store=True, name="High Street")
    ChannelFactory(code="web")
    sku = SkuFactory(code="A1")
    BarcodeFactory(sku=sku, code="05012345678900")
    stock_up(sku, shop, 10)
    number = place(api, ("A1", 3))["number"]
    stock_up(sku, shop, 1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE inventory_stockmovement DISABLE TRIGGER USER")
        for row, hours in zip(StockMovement.objects.order_by("id"), (0, 4.05, 8), strict=True):
            at = TEN + timedelta(hours=hours)
            cursor.execute(
                "UPDATE inventory_stockmovement SET recorded_at = %s, occurred_at = %s"
                " WHERE id = %s",
                [at, at, row.pk],
            )
    return number


def ask(staff: Client, **query: str) -> Any:
    answer = staff.get(PAGE, {"sku": "A1", "location": "S1"} | query)
    assert answer.status_code == 200
    return answer


def words(answer: Any) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def test_the_moment_stands_between_the_movements_that_explain_it(staff: Client, order: str) -> None:
    said = words(ask(staff, at="2026-07-01T14:03"))
    assert "A1 in High Street, Wednesday 1 July 2026, 14:03:00" in said
    assert "7 available" in said
    moment = said.index("1 Jul 14:03:00: 7 available")
    assert said.index("1 Jul 10:00:00") < said.index(f"Order {order}") < moment
    assert moment < said.index("1 Jul 18:00:00")
    early = words(ask(staff, at="2026-07-01T14:02:59"))
    assert "10 available" in early
    assert early.index("10 available") < early.index("Promised to a cart or an order")


def test_the_day_is_drawn_and_told_in_words(staff: Client, order: str) -> None:
    page = ask(staff, at="2026-07-01T14:03").content.decode()
    picture = re.search(r'<svg[^>]*aria-labelledby="([^"]+)"', page)
    assert picture
    assert f'id="{picture[1]}"' in page
    assert "0 available as the day began, 8 as it ended" in page
    assert "most 10 at 10:00; 3 movements." in page
    (line,) = re.findall(r'class="line" d="([^"]+)"', page)
    assert line == "M0 160.0H400.0V0.0H562.0V48.0H720.0V32.0H960"


def test_one_walks_from_movement_to_movement(staff: Client, order: str) -> None:
    answer = ask(staff, at="2026-07-01T14:30")
    seen = []
    while answer.context["previous"]:
        answer = staff.get(PAGE + answer.context["previous"])
        seen.append(answer.context["then"].available)
    assert seen == [7, 10]
    while answer.context["next"]:
        answer = staff.get(PAGE + answer.context["next"])
        seen.append(answer.context["then"].available)
    assert seen == [7, 10, 7, 8]


def test_a_barcode_names_the_sku_and_no_moment_is_now(staff: Client, order: str) -> None:
    answer = ask(staff, sku="5012345678900")
    assert answer.context["then"].available == 8
    assert "Nothing has moved since." in words(answer)


def test_references_lead_to_their_pages(staff: Client, order: str) -> None:
    page = ask(staff, at="2026-07-01T15:00").content.decode()
    (href,) = re.findall(rf'href="([^"]+)">Order {order}<', page)
    assert order in staff.get(href).content.decode()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"sku": "NONE"}, "There is no SKU NONE"),
        ({"sku": ""}, "This field is required."),
        ({"location": "S9"}, "Select a valid choice."),
        ({"at": "yesterday"}, "Write a moment such as"),
        ({"at": "0001-01-01T00:00"}, "Write a moment such as"),
        ({"at": "9999-12-31T23:59"}, "Write a moment such as"),
        ({"at": "2026-13-41T25:61"}, "Write a moment such as"),
        ({"sku": "'; DROP TABLE x"}, "There is no SKU"),
    ],
)
def test_a_question_that_cannot_be_answered_says_what_to_write(
    staff: Client, order: str, query: dict[str, str], said: str
) -> None:
    answer = ask(staff, **query)
    assert said in words(answer)
    assert "then" not in answer.context
    assert 'role="alert"' in answer.content.decode()


def test_an_hour_that_the_clock_skips_is_no_error(staff: Client, order: str) -> None:
    for at in ("2026-03-29T01:30", "2026-10-25T01:30", "2026-10-25T00:30:00+00:00"):
        assert "then" in ask(staff, at=at).context


def test_at_first_it_says_what_it_is_for(staff: Client, order: str) -> None:
    answer = staff.get(PAGE)
    assert "Choose a SKU, a location and a time." in words(answer)
    assert PAGE in staff.get("/admin/").content.decode(), "the sidebar leads there"


def test_what_has_never_moved_says_so(staff: Client, order: str) -> None:
    SkuFactory(code="B1")
    assert "No movement of B1 is recorded in High Street." in words(ask(staff, sku="B1"))


def test_people_see_the_buildings_that_they_work_at(order: str) -> None:
    LocationFactory(code="S2")
    away = UserFactory(username="sam", role="associate", is_staff=True, locations=["S2"])
    client = Client()
    client.force_login(away)
    answer = client.get(PAGE, {"sku": "A1", "location": "S1", "at": "2026-07-01T14:03"})
    assert answer.status_code == 200
    assert "then" not in answer.context
    agent = UserFactory(username="kim", is_staff=True)
    client.force_login(agent)
    assert client.get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302
