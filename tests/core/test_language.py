"""In which language a page speaks: the person's choice, else the browser's."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.conftest import make_caller
from tests.factories import LocationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    LocationFactory(code="W1")
    signed_in = Client()
    signed_in.force_login(UserFactory(username="giulia", role="operative", locations=["W1"]))
    return signed_in


def page(client: Client, browser: str) -> str:
    answer = client.get("/staff/", headers={"Accept-Language": browser})
    return answer.content.decode()


def test_a_page_speaks_as_the_browser_asks(client: Client) -> None:
    assert '<html lang="it">' in page(client, "it-IT,it;q=0.9")
    assert "Niente da prelevare" in page(client, "it")
    assert '<html lang="en-gb">' in page(client, "ja")
    assert "Nothing to pick" in page(client, "en-GB")


def test_the_persons_choice_stays(client: Client) -> None:
    answer = client.post("/staff/language", {"language": "it", "next": "/staff/pick/"})
    assert answer["Location"] == "/staff/pick/"
    assert "Niente da prelevare" in page(client, "en-GB")
    client.post("/staff/language", {"language": "tlh"})
    assert "Niente da prelevare" in page(client, "en-GB")
    again = Client()
    again.force_login(UserFactory(username="giulia"))
    assert "Niente da prelevare" in page(again, "en-GB")


def test_one_is_led_to_no_other_site(client: Client) -> None:
    answer = client.post("/staff/language", {"language": "it", "next": "https://example.com/"})
    assert answer["Location"] == "/staff/"


def test_the_api_stays_english_for_who_asks_next_on_the_same_thread(client: Client) -> None:
    page(client, "it")
    problem = make_caller(["catalogue:read"]).get("locations/NOWHERE").json()
    assert problem["title"] == "Not found"
