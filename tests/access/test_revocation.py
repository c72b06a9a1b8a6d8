"""A right that is taken away is gone at the next request: in the API, on pages, in the feed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.access.models import ApiClient, ApiKey, User
from tests.access.world import OURS, World, caller
from tests.conftest import ApiCaller
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PATHS = ("orders", "stock", "events", "exports/orders.csv", "fulfilments", "stock/counts")
PAGES = ("/admin/orders/order/", "/admin/inventory/stock/")


def statuses(client: Client, headers: dict[str, str]) -> set[int]:
    return {client.get(f"/api/v1/{path}", headers=headers).status_code for path in PATHS}


def test_a_key_that_is_revoked_reads_no_more(world: World) -> None:
    key = caller(["*"])
    assert statuses(key.client, key.headers) == {200}
    ApiKey.objects.update(revoked_at=timezone.now())
    assert statuses(key.client, key.headers) == {401}


def test_scopes_taken_from_a_client_are_gone_with_its_next_request(world: World) -> None:
    key = caller(["*"], name="one")
    assert statuses(key.client, key.headers) == {200}
    ApiClient.objects.filter(name="one").update(scopes=["metrics:read"])
    assert statuses(key.client, key.headers) == {403}


@pytest.mark.parametrize("tie", [{"channels": ["none"]}, {"locations": ["none"]}])
def test_a_client_that_is_tied_sees_no_more_than_that(
    world: World, tie: dict[str, list[str]]
) -> None:
    key = caller(["*"], name="one")
    one = f"orders/{world.ours['order']}/timeline"
    assert key.get(one).status_code == 200
    after = key.get("events", limit="1").json()["results"][0]["sequence"] - 1
    ApiClient.objects.filter(name="one").update(**tie)
    assert key.get(one).status_code == 404
    for path in ("orders", "stock", "returns", "fulfilments", "stock/movements"):
        assert key.get(path).json()["results"] == [], path
    assert key.get("events", after=str(after)).json()["results"] == []


@pytest.fixture
def person(world: World) -> User:
    return UserFactory(username="kim", role="manager")


@pytest.fixture
def browser(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    assert statuses(client, {}) == {200}
    assert {client.get(page).status_code for page in PAGES} == {200}
    return client


@pytest.mark.parametrize(
    ("change", "api", "pages"),
    [
        ({"is_staff": False}, {401}, {302}),
        ({"is_active": False}, {401}, {302}),
        ({"role": ""}, {403}, {403}),
        ({"role": "operative"}, {200}, {200}),
    ],
)
def test_what_is_taken_from_a_person_is_gone_on_pages_too(
    browser: Client, change: dict[str, Any], api: set[int], pages: set[int]
) -> None:
    User.objects.filter(username="kim").update(**change)
    assert statuses(browser, {}) == api
    assert {browser.get(page).status_code for page in PAGES} == pages
    put = browser.put("/api/v1/locations/X", {}, content_type="application/json")
    assert put.status_code in (401, 403)


def test_a_person_who_moves_to_another_shop_sees_the_orders_of_that_one(
    world: World, browser: Client
) -> None:
    def numbers() -> str:
        return browser.get("/api/v1/orders").content.decode()

    assert world.others["order"] in numbers()
    User.objects.filter(username="kim").update(locations=[f"{OURS}-A"])
    assert world.others["order"] not in numbers()
    assert world.ours["order"] in numbers()


def test_a_file_is_read_by_its_sender_and_by_none_who_is_tied(world: World) -> None:
    def find(who: ApiCaller) -> int:
        status: int = who.get(f"imports/{world.ours['file']}").status_code
        return status

    assert find(caller(["*"])) == 200
    assert find(caller(["*"], locations=[f"{OURS}-A"])) == 404
