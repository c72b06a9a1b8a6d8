"""Every number of the home page is true, and leads to the rows that it counts."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import Fulfilment
from tests.conftest import ApiCaller
from tests.omniretail.overview.home_page_helpers import (
    expect,
    listed,
    look,
    signed_in,
    work_at_the_shop,
)
from tests.orders.fulfilment_helpers import place, step, units

pytestmark = pytest.mark.django_db


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
