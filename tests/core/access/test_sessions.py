"""Sessions end by themselves, for all devices at once, and with the right to have one."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from core.access.keys import issue_key
from core.access.models import User
from core.access.sessions import BEGAN, USED
from core.pages.sessions import IDLE, LONGEST
from tests.factories import ApiClientFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = 3600
ASKED = "/api/v1/locations"


@pytest.fixture
def person() -> User:
    return UserFactory(role="manager", is_staff=True)


def sign_in(person: User) -> Client:
    client = Client(raise_request_exception=False)
    assert client.login(username=person.username, password="secret")
    return client


def is_in(client: Client) -> bool:
    page, api = client.get("/admin/").status_code, client.get(ASKED).status_code
    assert (page, api) in [(200, 200), (302, 401)]
    return page == 200


def set_back(client: Client, **seconds: int) -> None:
    session = client.session
    for name, ago in seconds.items():
        session[name] = int(time.time()) - ago
    session.save()


@pytest.mark.parametrize(
    ("times", "lasts"),
    [
        ({BEGAN: LONGEST - 60, USED: 0}, True),
        ({BEGAN: LONGEST + 60, USED: 0}, False),
        ({BEGAN: IDLE, USED: IDLE - 60}, True),
        ({BEGAN: IDLE + 60, USED: IDLE + 60}, False),
    ],
)
def test_a_session_lasts_a_shift_and_an_hour_without_use(
    person: User, times: dict[str, int], lasts: bool
) -> None:
    client = sign_in(person)
    set_back(client, **times)
    assert is_in(client) is lasts
    if lasts:
        assert time.time() - client.session[USED] < 60, "it has been used now"


def test_a_session_of_an_unknown_age_is_over(person: User) -> None:
    client = sign_in(person)
    session = client.session
    del session[BEGAN]
    session.save()
    assert not is_in(client)


def test_an_administrator_ends_all_sessions_of_a_person(person: User) -> None:
    devices = [sign_in(person), sign_in(person)]
    assert all(map(is_in, devices))
    chief = sign_in(UserFactory(is_superuser=True, is_staff=True))
    chief.post(
        "/admin/access/user/",
        {"action": "end_sessions", ACTION_CHECKBOX_NAME: [str(person.pk)]},
    )
    assert not any(map(is_in, devices))
    assert is_in(sign_in(person)), "and they may sign in again"


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_who_is_no_longer_staff_is_out_at_once(person: User, change: dict[str, Any]) -> None:
    client = sign_in(person)
    assert is_in(client)
    User.objects.filter(pk=person.pk).update(**change)
    assert not is_in(client)


def test_a_role_taken_away_ends_what_it_allowed(person: User) -> None:
    client = sign_in(person)
    assert client.get(ASKED).status_code == 200
    User.objects.filter(pk=person.pk).update(role="")
    assert client.get(ASKED).status_code == 403


def test_the_demos_accounts_and_keys_open_the_demo_alone(settings: Any) -> None:
    """Their passwords are known to all, and the demo's data may be served on afterwards."""
    known = UserFactory(is_superuser=True, is_staff=True, is_demo=True)
    key = {"Authorization": f"Bearer {issue_key(client=ApiClientFactory(is_demo=True))}"}
    settings.DEMO = True
    client = sign_in(known)
    assert is_in(client)
    assert Client().get(ASKED, headers=key).status_code == 200
    settings.DEMO = False
    assert not is_in(client)
    assert not Client().login(username=known.username, password="secret")
    assert Client().get(ASKED, headers=key).status_code == 401


def test_a_page_that_is_too_old_is_told_of_itself_and_not_of_a_key(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    refused = client.put("/api/v1/skus/A1", {"name": "A"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
