"""The pages on which people count: starting, counting blind, approving, applying."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inventory.models import Count, CountEntry, CountLine, Drift
from tests.conftest import ApiCaller
from tests.factories import (
    BarcodeFactory,
    BinFactory,
    ChannelFactory,
    LocationFactory,
    PlacementFactory,
    SkuFactory,
    UserFactory,
    stock_up,
)
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, nothing_written, order

pytestmark = pytest.mark.django_db

LIST = reverse("admin:inventory_count_changelist")
START = f"{LIST}start/"


@pytest.fixture(autouse=True)
def world() -> None:
    ChannelFactory(code="web")
    home = LocationFactory(code="W1")
    LocationFactory(code="W2")
    shelf = BinFactory(location=home, code="L", walk=1)
    for code in ("A1", "B1"):
        sku = SkuFactory(code=code)
        stock_up(sku, home, 6421)
        PlacementFactory(sku=sku, bin=shelf)
    BarcodeFactory(sku=sku, code="05012345678900")


def person(name: str, *, role: str = "operative", locations: list[str] | None = None) -> Client:
    """Sign a person of the warehouse in."""
    user = UserFactory(username=name, is_staff=True, role=role, locations=locations or [])
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def started(client: Client, **fields: Any) -> str:
    """Start a count by a form that must be taken; return the address of its page."""
    answer = client.post(START, {"location": "W1", "skus": "A1\r\nB1\r\n"} | fields)
    assert answer.status_code == 302, text_of(answer)
    return str(answer.url)


def enter(client: Client, page: str, what: str, quantity: Any, **more: Any) -> Any:
    entry = {"do": "enter", "entry_id": str(uuid.uuid4()), "what": what, "quantity": quantity}
    return client.post(page, entry | more, follow=True)


def do(client: Client, page: str, step: str, **fields: Any) -> str:
    return text_of(client.post(page, {"do": step} | fields, follow=True))


def test_a_count_by_two_people_and_a_third_pair_of_eyes(api: ApiCaller) -> None:
    ann, bob = person("ann"), person("bob")
    number = order(api, "1", 5)
    assert "Start a count" in text_of(ann.get(LIST))
    page = started(ann, name="Aisle 1")
    shown = text_of(ann.get(page))
    assert "2 lines, 2 not counted yet" in shown
    assert shown.count("to count") >= 2
    assert "Saved: 3 x A1 in L" in text_of(enter(ann, page, "A1", 3, bin="L"))
    scan = enter(bob, page, "5012345678900", 1, bin="L", adds="1")
    assert "Saved: 1 more x 5012345678900 in L" in text_of(scan)
    assert scan.redirect_chain[-1][0].endswith("?bin=L&each=1")
    assert list(CountLine.objects.order_by("pk").values_list("counted", "counted_by")) == [
        (3, "ann"),
        (1, "bob"),
    ]
    assert "6421" not in text_of(ann.get(page))  # blind
    shown = do(ann, page, "submit")
    assert "2 lines need a second person" in shown
    assert "6421" in shown
    assert "-6418" in shown
    assert "Somebody" not in shown
    assert "second pair of eyes is another person" in do(ann, page, "approve")
    assert "A1" in do(bob, page, "apply")  # refused, and says which
    assert balances("A1", "W1")[0] == 6421
    assert "Approved." in do(person("eve"), page, "approve")
    assert "Applied: the record says what was seen." in do(bob, page, "apply")
    assert (balances("A1", "W1"), balances("B1", "W1")) == ((3, 3, 0), (1, 0, 0))
    story = api.get(f"orders/{number}/timeline").json()["results"]
    count = Count.objects.get()
    assert f"count {count.pk} found fewer" in str(story)
    assert f"counts/{count.pk}" in ann.get(page).content.decode()
    assert_pool_laws()


def test_the_same_form_sent_twice_is_one_entry() -> None:
    ann = person("ann")
    page = started(ann)
    entry = str(uuid.uuid4())
    for words in ("Saved: 2 more x A1 in L", "Saved before: 2 more x A1 in L"):
        assert words in text_of(enter(ann, page, "A1", 2, bin="L", adds="1", entry_id=entry))
    assert CountLine.objects.get(sku__code="A1").counted == 2


def test_what_waited_for_a_connection_was_seen_before() -> None:
    ann = person("ann")
    page = started(ann)
    hour = timedelta(hours=1)
    before = timezone.now()
    enter(ann, page, "A1", 2, bin="L", waited="3600.0")
    seen = CountEntry.objects.get().at
    assert before - hour <= seen <= timezone.now() - hour


@pytest.mark.parametrize("waited", ["-1", "nan", "inf", "1e300", "x", "\x00"])
def test_nothing_waits_that_long(waited: str) -> None:
    ann = person("ann")
    page = started(ann)
    with nothing_written():
        assert enter(ann, page, "A1", 2, waited=waited).status_code == 200
    assert not CountEntry.objects.exists()


def test_what_was_counted_before_it_was_booked_in_is_to_be_counted_again() -> None:
    ann = person("ann")
    page = started(ann, skus="A1")
    enter(ann, page, "A1", 3, bin="L", waited="3600")
    do(ann, page, "submit")
    do(person("eve"), page, "approve")
    said = do(ann, page, "apply")
    assert "from before the pool&#x27;s first record of what was counted. A1" in said
    assert balances("A1", "W1") == (6421, 0, 0)


def test_an_empty_bin_and_a_recount() -> None:
    ann = person("ann")
    page = started(ann, skus="", bins="L")
    empty = {"do": "enter", "entry_id": str(uuid.uuid4()), "bin": "L", "empty": "1"}
    assert "Saved: nothing in L" in text_of(ann.post(page, empty, follow=True))
    do(ann, page, "submit")
    assert "Tick the lines" in do(ann, page, "recount")
    first = CountLine.objects.order_by("pk").first()
    assert first is not None
    shown = do(ann, page, "recount", sku=first.sku_id)
    assert "2 lines, 1 not counted yet" in shown
    assert "Nothing has changed." in do(ann, page, "cancel")
    assert balances("A1", "W1")[0] == 6421


@pytest.mark.parametrize(
    ("what", "quantity", "bin_", "words"),
    [
        ("NONE", 1, "L", "No SKU, order, pickup or return carries this code."),
        ("5012345678901", 1, "L", "digit"),
        ("A1", 1, "X9", "There is no bin X9 here."),
        ("A1", "", "L", "Say how many there are."),
        ("", 1, "L", "Scan or type what you see."),
        ("A1", -1, "L", "greater than or equal to 0"),
        ("A1", 10**30, "L", "less than or equal to 1000000"),
        ("A1\x00", 1, "L", "Null characters"),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept_in_the_fields(
    what: str, quantity: Any, bin_: str, words: str
) -> None:
    ann = person("ann")
    page = started(ann)
    answer = enter(ann, page, what, quantity, bin=bin_)
    assert words in text_of(answer)
    assert f'value="{bin_}"' in answer.content.decode()
    assert not CountLine.objects.filter(counted__isnull=False).exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"skus": ""}, "Choose one"),
        ({"bins": "L"}, "Choose one"),
        ({"skus": "A1\nNONE"}, "There is no SKU NONE."),
        ({"skus": "", "bins": "X9"}, "There is no bin X9 here."),
        ({"skus": "", "missed": "7"}, "no picker has missed anything"),
        ({"location": "W9"}, "Select a valid choice"),
    ],
)
def test_a_start_that_cannot_be_says_why(fields: Any, words: str) -> None:
    answer = person("ann").post(START, {"location": "W1", "skus": "A1"} | fields)
    assert words in text_of(answer)
    assert not Count.objects.exists()


def test_counts_are_for_those_who_work_there_with_stock() -> None:
    page = started(person("ann"))
    agent, stranger = person("agent", role="agent"), person("cy", locations=["W2"])
    assert "You may look at this count." in text_of(agent.get(page))
    assert agent.post(page, {"do": "submit"}).status_code == 403
    assert agent.get(START).status_code == 403
    assert "Start a count" not in text_of(agent.get(LIST))
    assert stranger.get(page).status_code == 404
    assert "Aisle" not in text_of(stranger.get(LIST))
    assert stranger.post(START, {"location": "W1", "skus": "A1"}).status_code == 200
    assert Client().get(page).status_code == 302
    assert person("dee").post(page, {"do": "dance"}).status_code == 404


def test_the_record_of_an_open_count_is_blind_too() -> None:
    ann = person("ann")
    page = started(ann)
    enter(ann, page, "A1", 3, bin="L")
    record = reverse("admin:inventory_count_change", args=[Count.objects.get().pk])
    assert "6421" not in text_of(ann.get(record))


def test_drift_shows_what_moved(api: ApiCaller) -> None:
    lines = [{"sku": "A1", "location": "W2", "on_hand": 900}]
    body = {"source": "erp", "as_of": "2026-01-01T00:00:00Z", "lines": lines}
    api.post("stock/snapshots", body)
    drift = Drift.objects.get()
    ann = person("ann")
    shown = text_of(ann.get(reverse("admin:inventory_drift_change", args=[drift.pk])))
    assert "No recorded movement explains it" in shown
    assert "+900" in text_of(ann.get(reverse("admin:inventory_drift_changelist")))
