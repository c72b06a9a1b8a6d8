"""A second factor: who must have one, what it opens, and how it is lost and replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from core.access import rate
from core.access.models import User
from core.access.sessions import BEGAN
from core.pages.second_factor import OF_PERSON
from core.pages.signing_in import RECENT
from tests.core.access.second_factor_helpers import (
    CODE,
    CODES,
    CONFIRM,
    SET_UP,
    SIGN_IN,
    code_of,
    give_password,
    is_in,
    set_up,
)
from tests.core.audit.security_helpers import security_records
from tests.factories import UserFactory

ROOT = Path(__file__).resolve().parents[3]
TRANSLATED = re.compile(r"""{% translate (["'])(.*?)\1""")
# The same word in Italian, one with a context, one with a plural.
ELSEWHERE = {
    "Password",
    "Username",
    "%(left)s code is left. Codes are shown once, when they are made.",
}

# What is added is told after the transaction.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_is_counted_yet() -> Iterator[None]:
    rate.counts.cache_clear()
    yield
    rate.counts.cache_clear()


@pytest.fixture
def manager() -> User:
    return UserFactory(username="ada", role="manager")


@pytest.mark.parametrize("who", [{"role": "manager"}, {"is_superuser": True}])
def test_who_must_have_one_does_nothing_before(who: dict[str, Any]) -> None:
    UserFactory(username="ada", **who)
    client = Client()
    assert give_password(client, "ada")["Location"] == "/"
    for page in ("/", "/admin/", "/admin/password_change/", "/admin/stock-as-of/"):
        assert client.get(page)["Location"] == SET_UP
    refused = client.get("/api/v1/locations")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")
    assert client.post("/admin/access/user/add/", {}).status_code == 302
    set_up(client)
    assert is_in(client)
    assert client.get("/admin/").status_code == 200


def test_a_manager_signs_in_with_both(manager: User) -> None:
    key, _ = set_up_as(manager)
    client = Client()
    asked = give_password(client, "ada")
    assert asked["Location"] == CODE
    assert not is_in(client), "the password alone opens nothing"
    assert client.get("/admin/").status_code == 302
    assert b"authenticator app" in client.get(CODE).content
    assert client.post(CODE, {"code": "000000"}).status_code == 200
    assert not is_in(client)
    done = client.post(CODE, {"code": code_of(key, steps=1)})
    assert done.status_code == 302
    assert is_in(client)
    assert client.session[BEGAN], "sessions end as those of others do"
    last = security_records()[-1]
    assert (last.action, last.actor) == ("signed_in", "ada")
    assert last.data == {"ways": ["password", "mfa"]}


def set_up_as(person: User) -> tuple[str, list[str]]:
    client = Client()
    give_password(client, person.username)
    found = set_up(client)
    client.logout()
    return found


def test_others_may_have_one_and_then_it_is_asked_for() -> None:
    UserFactory(username="sam", role="associate")
    client = Client()
    give_password(client, "sam")
    assert is_in(client)
    key, _ = set_up(client)
    again = Client()
    assert give_password(again, "sam")["Location"] == CODE
    again.post(CODE, {"code": code_of(key, steps=1)})
    assert is_in(again)


def test_a_code_opens_once(manager: User) -> None:
    key, _ = set_up_as(manager)
    code = code_of(key, steps=1)
    first, second = Client(), Client()
    for client in (first, second):
        give_password(client, "ada")
        client.post(CODE, {"code": code})
    assert is_in(first)
    assert not is_in(second)


def test_recovery_codes_open_once_each_and_are_shown_once(manager: User) -> None:
    client = Client()
    give_password(client, "ada")
    _, codes = set_up(client)
    assert len(set(codes)) == 10
    shown = client.get(CODES).content.decode()
    assert not any(code in shown for code in codes)
    assert client.get(f"{CODES}download/").status_code == 403
    for opens in (True, False):
        other = Client()
        give_password(other, "ada")
        other.post(CODE, {"code": codes[0]})
        assert is_in(other) is opens


def test_wrong_codes_are_few_whatever_session_they_come_from(manager: User) -> None:
    key, codes = set_up_as(manager)
    for _ in range(OF_PERSON):
        client = Client()
        give_password(client, "ada")
        assert b"Incorrect code" in client.post(CODE, {"code": "000000"}).content
    client = Client()
    give_password(client, "ada")
    for right in (code_of(key, steps=1), codes[0]):
        assert b"too many attempts" in client.post(CODE, {"code": right}).content
    assert not is_in(client)
    assert security_records()[-2].action == "second_factor.throttled"


def test_no_second_factor_stands_in_the_database_in_the_clear(manager: User) -> None:
    key, codes = set_up_as(manager)
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert key not in kept
    assert not any(code in kept for code in codes)
    assert not Session.objects.filter(session_data__contains=key).exists()


def test_an_old_secret_key_reads_what_it_has_encrypted(manager: User, settings: Any) -> None:
    key, _ = set_up_as(manager)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    client = Client()
    give_password(client, "ada")
    client.post(CODE, {"code": code_of(key, steps=1)})
    assert is_in(client)


def test_the_demos_accounts_need_none(settings: Any) -> None:
    settings.DEMO = True
    UserFactory(username="demo", is_superuser=True, is_demo=True)
    client = Client()
    give_password(client, "demo")
    assert is_in(client)


def test_who_becomes_a_manager_is_asked_at_once() -> None:
    person = UserFactory(username="sam", role="associate")
    client = Client()
    give_password(client, "sam")
    assert is_in(client)
    User.objects.filter(pk=person.pk).update(role="manager")
    assert client.get("/api/v1/locations").json()["code"] == "second_factor_required"


def test_what_another_person_gave_in_the_same_browser_is_not_theirs(manager: User) -> None:
    key, _ = set_up_as(manager)
    UserFactory(username="eve", role="manager")
    client = Client()
    give_password(client, "ada")
    client.post(CODE, {"code": code_of(key, steps=1)})
    assert is_in(client)
    client.post("/admin/logout/")
    give_password(client, "eve")
    assert client.get("/api/v1/locations").json()["code"] == "second_factor_required"


def test_a_lost_one_is_taken_away_by_an_administrator(manager: User) -> None:
    client = Client()
    give_password(client, "ada")
    set_up(client)
    chief = Client()
    chief.force_login(UserFactory(superuser=True, username="chief"))
    bulk = {"action": "take_second_factor_away", ACTION_CHECKBOX_NAME: [str(manager.pk)]}
    assert chief.post("/admin/access/user/", bulk).status_code == 302
    assert not Authenticator.objects.filter(user=manager).exists()
    assert not is_in(client), "what it had opened is closed"
    row = next(row for row in security_records() if row.action == "second_factor.reset")
    assert (row.actor, row.subject) == ("chief", f"users/{manager.pk}")
    again = Client()
    give_password(again, "ada")
    assert again.get("/")["Location"] == SET_UP


def test_managers_take_no_ones_away(manager: User) -> None:
    set_up_as(UserFactory(username="eve", role="manager"))
    client = Client()
    client.force_login(manager)
    eve = User.objects.get(username="eve")
    bulk = {"action": "take_second_factor_away", ACTION_CHECKBOX_NAME: [str(eve.pk)]}
    client.post("/admin/access/user/", bulk)
    assert Authenticator.objects.filter(user=eve).exists()


def test_the_last_administrator_asks_the_machine(manager: User) -> None:
    set_up_as(manager)
    out = StringIO()
    call_command("reset_second_factor", "ada", stdout=out)
    assert not Authenticator.objects.filter(user=manager).exists()
    assert "ada" in out.getvalue()
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_second_factor", "nobody")


def test_it_is_removed_only_by_who_gives_their_password_again(manager: User) -> None:
    client = Client()
    give_password(client, "ada")
    set_up(client)
    session = client.session
    session[BEGAN] -= RECENT + 1
    session.save()
    remove = "/account/second-factor/totp/deactivate/"
    asked = client.post(remove)
    assert asked["Location"].startswith(CONFIRM)
    assert Authenticator.objects.filter(user=manager).exists()
    assert client.post(CONFIRM, {"password": "wrong"}).status_code == 200
    assert client.post(f"{CONFIRM}?next={remove}", {"password": "secret"}).status_code == 302
    client.post(remove)
    assert not Authenticator.objects.filter(user=manager).exists()
    assert client.get("/api/v1/locations").json()["code"] == "second_factor_required"


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/signup/",
        "/account/signup/",
        "/account/email/",
        "/account/password/reset/",
        "/account/login/",
        "/account/social/connections/",
        "/account/second-factor/webauthn/",
    ],
)
def test_no_other_page_of_accounts_is_open(path: str) -> None:
    assert Client().get(path).status_code == 404


def test_the_pages_speak_italian_to_who_asks_for_it() -> None:
    english, italian = (
        Client().get(SIGN_IN, headers={"Accept-Language": asked}).content.decode()
        for asked in ("de, en;q=0.5", "it-IT, en;q=0.5")
    )
    assert '<html lang="en-gb">' in english
    assert '<html lang="it">' in italian
    assert "Username" in english
    assert "Nome utente" in italian
