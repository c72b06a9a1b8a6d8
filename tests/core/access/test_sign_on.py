"""Single sign-on: whom a provider may bring in, and what of it is not believed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from core.access.models import User
from core.access.sessions import BEGAN
from tests.core.access.oidc_provider import ANOTHER_KEY, CLIENT, SECRET, Provider
from tests.core.access.second_factor_helpers import SET_UP, SIGN_IN, give_password, is_in, set_up
from tests.core.audit.security_helpers import security_records
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

BEGIN = "/account/sign-on/"


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with Provider().running() as running:
        settings.OIDC_ISSUER = running.issuer
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
        settings.OIDC_NAME = "Acme"
        yield running


@pytest.fixture
def ada() -> User:
    return UserFactory(username="ada", email="Ada@Example.org", role="manager")


def sign_on(provider: Provider, client: Client, **query: str) -> Any:
    sent = client.get(BEGIN, query)
    return client.get(provider.authorise(sent["Location"]))


def refused(provider: Provider, client: Client | None = None) -> str:
    """Try to sign on, which must fail; return the reason that the security log gives."""
    client = client or Client()
    answer = sign_on(provider, client)
    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)
    assert 'role="alert"' in client.get(SIGN_IN).content.decode()
    assert not is_in(client)
    row = security_records()[-2]  # the last is that of `is_in`
    assert (row.action, row.outcome) == ("sign_in.refused", "refused")
    why: str = row.data["why"]
    return why


def test_the_button_is_there_when_a_provider_is(provider: Provider, settings: Any) -> None:
    assert b"Sign in with Acme" in Client().get(SIGN_IN).content
    settings.OIDC_ISSUER = ""
    assert b"Sign in with" not in Client().get(SIGN_IN).content
    for path in (BEGIN, f"{BEGIN}callback/"):
        assert Client().get(path).status_code == 404


def test_a_member_of_staff_is_known_by_the_verified_address(provider: Provider, ada: User) -> None:
    client = Client()
    done = sign_on(provider, client, next="/admin/")
    assert (done.status_code, done["Location"]) == (302, "/admin/")
    assert is_in(client), "the provider has asked for the second factor"
    assert time.time() - client.session[BEGAN] < 60
    account = SocialAccount.objects.get()
    assert (account.user, account.provider, account.uid) == (ada, provider.issuer, "subject-1")
    (row,) = [each for each in security_records() if each.action == "signed_in"]
    assert (row.actor, row.data) == ("ada", {"ways": ["socialaccount"]})
    assert User.objects.count() == 1


def test_afterwards_the_subject_alone_counts(provider: Provider, ada: User) -> None:
    sign_on(provider, Client())
    User.objects.update(email="new@example.org")
    provider.email, provider.is_verified = "other@example.org", False
    client = Client()
    sign_on(provider, client)
    assert is_in(client)


def test_an_address_that_was_given_to_someone_else(provider: Provider, ada: User) -> None:
    sign_on(provider, Client())
    provider.sub = "subject-2"
    assert refused(provider) == "another_subject"
    assert SocialAccount.objects.get().uid == "subject-1"


def test_the_address_may_come_from_userinfo(provider: Provider, ada: User) -> None:
    provider.email_in_token = False
    client = Client()
    sign_on(provider, client)
    assert is_in(client)
    provider.userinfo_sub = "someone-else"
    assert refused(provider) == "userinfo"


def test_the_service_may_want_its_own_second_factor(
    provider: Provider, ada: User, settings: Any
) -> None:
    settings.OIDC_SECOND_FACTOR = False
    client = Client()
    sign_on(provider, client)
    assert client.get("/")["Location"] == SET_UP


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"iss": "http://127.0.0.1:1"}, "token: InvalidIssuerError"),
        ({"aud": "another"}, "token: InvalidAudienceError"),
        ({"azp": "another"}, "token: made for another"),
        ({"exp": 1_000_000}, "token: ExpiredSignatureError"),
        ({"exp": None}, "token: MissingRequiredClaimError"),
        ({"sub": None}, "token: MissingRequiredClaimError"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"email_verified": False}, "email_not_verified"),
        ({"email_verified": "true"}, "email_not_verified"),
        ({"email": "unknown@example.org"}, "unknown_person"),
        ({"email": ""}, "email_not_verified"),
    ],
)
def test_claims_that_are_not_believed(
    provider: Provider, ada: User, change: dict[str, Any], why: str
) -> None:
    provider.changes = change
    assert refused(provider) == why
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1, "no account is made"


def test_a_key_that_is_not_the_providers(provider: Provider, ada: User) -> None:
    provider.key = ANOTHER_KEY
    assert refused(provider) == "token: InvalidSignatureError"


def test_the_clients_secret_signs_nothing(provider: Provider, ada: User) -> None:
    provider.key, provider.algorithm = SECRET * 3, "HS256"
    assert refused(provider).startswith("token: ")
    provider.key, provider.algorithm = None, "none"
    assert refused(provider).startswith("token: ")


def test_another_issuer_in_the_discovery(provider: Provider, ada: User) -> None:
    provider.discovery = {"issuer": "https://evil.example"}
    client = Client()
    assert client.get(BEGIN)["Location"] == SIGN_IN
    assert security_records()[-1].data["why"] == "issuer"


def test_a_provider_that_is_away(provider: Provider, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    answer = Client().get(BEGIN)
    assert (answer.status_code, answer["Location"]) == (302, SIGN_IN)
    assert security_records()[-1].data["why"] == "unreachable"


def test_a_code_that_the_provider_refuses(provider: Provider, ada: User) -> None:
    provider.is_token_refused = True
    assert refused(provider) == "provider"


def test_a_state_that_is_not_of_this_browser(provider: Provider, ada: User) -> None:
    back = provider.authorise(Client().get(BEGIN)["Location"])
    victim = Client()
    assert victim.get(back)["Location"] == SIGN_IN
    assert security_records()[-1].data["why"] == "state"
    assert not is_in(victim)


def test_an_answer_opens_once(provider: Provider, ada: User) -> None:
    client = Client()
    back = provider.authorise(client.get(BEGIN)["Location"])
    client.get(back)
    client.post("/admin/logout/")
    assert client.get(back)["Location"] == SIGN_IN
    assert not is_in(client)


def test_who_changes_their_mind(provider: Provider) -> None:
    client = Client()
    state = parse_qs(urlsplit(client.get(BEGIN)["Location"]).query)["state"][0]
    client.get(f"{BEGIN}callback/", {"error": "access_denied", "state": state})
    assert security_records()[-1].data["why"] == "cancelled"


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
@pytest.mark.parametrize("has_been_in", [False, True])
def test_who_has_left_stays_out(
    provider: Provider, ada: User, change: dict[str, Any], has_been_in: bool
) -> None:
    if has_been_in:
        sign_on(provider, Client())
    User.objects.filter(pk=ada.pk).update(**change)
    assert refused(provider) == "not_staff"


def test_two_accounts_with_one_address(provider: Provider, ada: User) -> None:
    UserFactory(username="ada2", email="ada@example.org")
    assert refused(provider) == "ambiguous"


def test_the_demos_accounts_are_no_ones(provider: Provider) -> None:
    UserFactory(username="admin", email="ada@example.org", is_superuser=True, is_demo=True)
    assert refused(provider) == "unknown_person"


def test_only_addresses_of_this_service_are_gone_on_to(provider: Provider, ada: User) -> None:
    assert sign_on(provider, Client(), next="https://evil.example/")["Location"] == "/"


@pytest.mark.django_db(transaction=True)
def test_the_second_factor_is_not_asked_for_twice(provider: Provider, ada: User) -> None:
    client = Client()
    give_password(client, "ada")
    set_up(client)
    other = Client()
    sign_on(provider, other)
    assert is_in(other)
