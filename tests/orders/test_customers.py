"""`GET /customers`: people are looked up by those who may read of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, OrderBody, SkuFactory, stock_up

pytestmark = pytest.mark.django_db

ADA = {
    "external_id": "C-1",
    "email": "ada.lovelace@example.org",
    "name": "Ada Lovelace",
    "phone": "+44 (20) 7946-0123",
}
BO = {
    "external_id": None,
    "email": "bo@example.net",
    "name": "Bo Élan 100%",
    "phone": "02079460999",
}


@pytest.fixture(autouse=True)
def people(api: ApiCaller) -> dict[str, str]:
    """Two people who have ordered, the second through the market; the ids by first name."""
    ChannelFactory(code="web")
    ChannelFactory(code="market")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 50)
    ids = {}
    for name, channel, customer in (("ada", "web", ADA), ("bo", "market", BO)):
        answer = api.post("orders", OrderBody(channel=channel, customer=customer))
        ids[name] = answer.json()["customer_id"]
    return ids


def found(api: ApiCaller, **asked: Any) -> list[str]:
    answer = api.get("customers", **asked)
    assert answer.status_code == 200, answer.content
    return [customer["name"].partition(" ")[0].lower() for customer in answer.json()["results"]]


def test_a_customer_is_shown_whole(api: ApiCaller, people: dict[str, str]) -> None:
    one = api.get(f"customers/{people['ada']}")
    assert one.json() == {"id": people["ada"], **ADA}
    listed = api.get("customers", external_id="C-1").json()
    assert listed == {"results": [one.json()], "next": None}
    first = api.get("customers", limit=1).json()
    rest = api.client.get(first["next"], headers=api.headers).json()
    assert [each["id"] for each in first["results"] + rest["results"]] == sorted(
        people.values(), key=int
    )


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ({"email": "ada.lovelace@example.org"}, ["ada"]),
        ({"email": " Ada.Lovelace@Example.ORG "}, ["ada"]),
        ({"email": "BO@example.net"}, ["bo"]),
        ({"email": "lovelace@example.org"}, []),
        ({"email": "%@example.org"}, []),
        ({"phone": "+442079460123"}, ["ada"]),
        ({"phone": "0044 20 79 46 01 23"}, ["ada"]),
        ({"phone": "020 7946 0999"}, ["bo"]),
        ({"phone": "7946 0123"}, []),
        ({"external_id": "C-1"}, ["ada"]),
        ({"external_id": "c-1"}, []),
        ({"q": "LOVE"}, ["ada"]),
        ({"q": "ada love"}, ["ada"]),
        ({"q": "  love  ADA "}, ["ada"]),
        ({"q": "lov ada.lovelace@ex"}, ["ada"]),
        ({"q": "ovelace"}, []),
        ({"q": "+44 20 7946"}, ["ada"]),
        ({"q": "020 7946"}, ["bo"]),
        ({"q": "lovelace 442079"}, ["ada"]),
        ({"q": "lov' | 'bo"}, []),
        ({"q": "lov\\"}, []),
        ({"q": ":*&!"}, []),
        ({"q": "Élan"}, ["bo"]),
        ({"q": "100%"}, ["bo"]),
        ({"q": "bo@", "email": "bo@example.net"}, ["bo"]),
        ({"q": "lovelace", "external_id": "C-2"}, []),
    ],
)
def test_customers_are_looked_up(api: ApiCaller, asked: dict[str, str], who: list[str]) -> None:
    assert found(api, **asked) == who


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"phone": "none"}, "too_short"),
        ({"phone": "+44"}, "too_short"),
        ({"phone": "٤٤٤٤٤"}, "too_short"),
        ({"q": "ad"}, "min_length"),
        ({"name": "Ada"}, "unknown_field"),
    ],
)
def test_what_would_find_too_many_is_refused(
    api: ApiCaller, asked: dict[str, str], code: str
) -> None:
    answer = api.get("customers", **asked)
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == [code]


def test_who_is_not_told_apart_is_asked_for_more(
    api: ApiCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.queries.customers.MOST_FOUND", 0)
    answer = api.get("customers", q="lovelace")
    assert [error["code"] for error in answer.json()["errors"]] == ["too_many"]


def test_a_channel_sees_the_customers_of_its_orders(api: ApiCaller, people: dict[str, str]) -> None:
    market = make_caller(["customers:read"], channels=["market"])
    assert found(market) == found(market, q="bo@") == ["bo"]
    assert market.get(f"customers/{people['bo']}").status_code == 200
    assert market.get(f"customers/{people['ada']}").status_code == 404
    api.post("orders", OrderBody(channel="market", customer=ADA))
    assert found(market) == ["ada", "bo"]


def test_people_are_a_scope_of_their_own(people: dict[str, str]) -> None:
    reader = make_caller(["orders:read", "orders:write", "customers:privacy"])
    for path in ("customers", f"customers/{people['ada']}", "customers?q=nobody"):
        answer = reader.get(path)
        assert (answer.status_code, answer.json()["scope"]) == (403, "customers:read")


@pytest.mark.parametrize("identity", ["0", "x", "-1", "99999999999999999999"])
def test_a_customer_that_is_not_there(api: ApiCaller, identity: str) -> None:
    assert api.get(f"customers/{identity}").status_code == 404


def test_an_erased_customer_is_found_no_more(api: ApiCaller, people: dict[str, str]) -> None:
    assert api.post(f"customers/{people['ada']}/erase").status_code == 200
    for asked in ({"email": ADA["email"]}, {"q": "Lovelace"}, {"phone": ADA["phone"]}):
        assert found(api, **asked) == []
