"""Generated: no way of reading shows a person to who may not read people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import get_resolver

from core.access.scopes import EVERYTHING, PASS, READS_CUSTOMERS, ROLES, SCOPES, SETS
from orders.models import Customer, Order
from tests.architecture.test_openapi import ITSELF, routes
from tests.conftest import ApiCaller, make_caller
from tests.factories import UserFactory
from tests.omniretail.admin.admin_helpers import page
from tests.omniretail.people_helpers import HOME, NAME, PERSON, live, marks_in, text_of

pytestmark = pytest.mark.django_db

OPERATIONS = sorted(
    path.removeprefix("/api/v1/")
    for path, callback in routes(get_resolver().url_patterns)
    if path.startswith("/api/v1/") and path not in ITSELF and hasattr(callback.view_class, "get")
)
ASKED = {
    "products/{code}/availability": {"channel": "web"},
    "scan": {"payload": "A1"},
    "stock/as-of": {"sku": "A1", "location": "W1", "at": "2026-01-01T00:00:00Z"},
    "events": {"limit": 200},
}
# What shows people to who may read them; all else never does.
SHOWS = {
    "customers", "customers/{identity}", "customers/{identity}/export", "events",
    "imports/{id}/errors", "orders", "orders/{number}", "orders/{number}/sourcing",
    "orders/{number}/timeline",
}  # fmt: skip
LABEL = "fulfilments/{code}/label"  # for who packs the parcel, while it is packed
ACCEPTED = {
    path: ["text/csv", "application/json"]
    for path in ("imports/{id}/errors", "imports/{id}/changes")
} | {path: ["text/csv"] for path in OPERATIONS if path.endswith(".csv")}

Get = Callable[[str, dict[str, Any], str], Any]


@pytest.fixture
def names(api: ApiCaller) -> dict[str, str]:
    return live(api)


def address(path: str, names: dict[str, str]) -> str:
    """Return the address of the one that there is; fails where no one is known."""
    kind, brace, rest = path.partition("/{")
    if not brace:
        return path
    return f"{kind}/{names.get(path, '') or names[kind]}{rest.partition('}')[2]}"


def read(get: Get, names: dict[str, str]) -> Iterator[tuple[str, int, list[str]]]:
    """Ask every operation; yield its path, the status, and which marks of the person it shows."""
    for path in OPERATIONS:
        for accepted in ACCEPTED.get(path, ["application/json"]):
            answer = get(address(path, names), ASKED.get(path, {}), accepted)
            assert answer.status_code < 500, path
            yield path, answer.status_code, marks_in(text_of(answer))


def by_key(scopes: list[str]) -> Get:
    caller = make_caller(scopes)

    def get(path: str, query: dict[str, Any], accepted: str) -> Any:
        headers = caller.headers | {"Accept": f"{accepted}, application/problem+json;q=0.1"}
        return caller.client.get(f"/api/v1/{path}", query, headers=headers)

    return get


def by_session(role: str) -> Get:
    browser = Client(raise_request_exception=False)
    browser.force_login(UserFactory(username=f"a.{role}", role=role, is_staff=True))

    def get(path: str, query: dict[str, Any], accepted: str) -> Any:
        return browser.get(f"/api/v1/{path}", query, headers={"Accept": accepted})

    return get


def showing(get: Get, names: dict[str, str]) -> dict[str, list[str]]:
    return {path: marks for path, _, marks in read(get, names) if marks}


def test_each_operation_answers_who_may_do_everything(names: dict[str, str]) -> None:
    """Else what follows would compare refusals."""
    refused = {path for path, status, _ in read(by_key([EVERYTHING]), names) if status != 200}
    assert refused == {"fulfilments/{code}/pickup-pass", "products/{code}/availability"}


def test_people_are_shown_to_who_may_read_them(names: dict[str, str]) -> None:
    everything = [scope for scope in SCOPES if scope not in (EVERYTHING, PASS)]
    for scopes in (everything, [EVERYTHING]):
        assert showing(by_key(scopes), names).keys() == SHOWS | {LABEL}


def test_no_other_scope_shows_a_person(names: dict[str, str]) -> None:
    alone = [[scope] for scope in SCOPES if scope not in (READS_CUSTOMERS, EVERYTHING)]
    together = [scope for (scope,) in alone]
    for scopes in [*alone, together, [scope for scope in together if scope != PASS]]:
        allowed = {LABEL} if "fulfilment:write" in scopes else set()
        assert showing(by_key(scopes), names).keys() == allowed, scopes


@pytest.mark.parametrize("kind", SETS)
def test_keys_of_each_kind_read_what_they_need(names: dict[str, str], kind: str) -> None:
    shown = showing(by_key(list(SETS[kind])), names)
    if READS_CUSTOMERS in SETS[kind]:
        assert {"customers", "orders/{number}"} <= shown.keys()
    else:
        assert shown.keys() <= {LABEL}


@pytest.mark.parametrize("role", ROLES)
def test_sessions_of_each_role_read_what_they_need(names: dict[str, str], role: str) -> None:
    shown = showing(by_session(role), names)
    if READS_CUSTOMERS in ROLES[role][1] or EVERYTHING in ROLES[role][1]:
        assert {"customers", "orders/{number}", "events"} <= shown.keys()
    else:
        assert shown.keys() == {LABEL}


def test_who_needs_people_for_the_work_may_read_them() -> None:
    may = {name for name, scopes in SETS.items() if READS_CUSTOMERS in scopes}
    assert may == {"web-shop", "help-desk"}
    roles = {name for name, (_, scopes) in ROLES.items() if scopes & {READS_CUSTOMERS, EVERYTHING}}
    assert roles == {"agent", "manager"}


# The admin


def pages_with_marks(browser: Client) -> dict[str, list[str]]:
    """Open every list of the admin and pages of its rows; return the marks on each."""
    found = {}
    for model in admin.site._registry:
        addresses = [page("changelist", model)]
        for row in model._default_manager.order_by("-pk")[:3]:
            addresses.append(page("change", model, row.pk))
        if model in (Customer, Order):
            addresses += [page(name, model, row.pk) for name in ("history", "delete")]
        for path in addresses:
            answer = browser.get(path)
            assert answer.status_code in (200, 302, 403, 404), path  # 404: a row of others
            if marks := marks_in(answer.content.decode()):
                found[path] = marks
    return found


PERSONAL_PAGES = ("order", "customer", "import")


@pytest.mark.slow
@pytest.mark.parametrize("role", ["associate", "agent", ""])
def test_pages_show_people_to_who_may_read_them(names: dict[str, str], role: str) -> None:
    browser = Client(raise_request_exception=False)
    user = UserFactory(username="kim", role=role, is_staff=True)
    if not role:  # what the tables of the service itself hold, for one who may look at all of them
        user.user_permissions.set(Permission.objects.all())
    browser.force_login(user)
    found = pages_with_marks(browser)
    if role == "agent":
        for kind in PERSONAL_PAGES:
            assert any(f"/{kind}/" in path for path in found), kind
    else:
        assert found == {}


@pytest.mark.parametrize(
    ("list_", "guess"),
    [
        ("customer", {"email__startswith": "quen"}),
        ("customer", {"name__contains": "Quennell"}),
        ("customer", {"external_id": PERSON["external_id"]}),
        ("customer", {"q": PERSON["email"]}),
        ("order", {"q": PERSON["email"]}),
        ("order", {"ship_to__line1": HOME["line1"]}),
        ("order", {"note__contains": "Ottoline"}),
        ("order", {"customer__name": NAME}),
    ],
)
def test_pages_confirm_no_guess(names: dict[str, str], list_: str, guess: dict[str, str]) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(UserFactory(username="kim", role="associate", is_staff=True))
    answer = browser.get(f"/admin/orders/{list_}/", guess)
    assert answer.status_code in (200, 400, 403)
    if answer.status_code == 200:
        assert READS_CUSTOMERS in answer.content.decode()
        assert f"/admin/orders/{list_}/{names[f'{list_}s']}/" not in answer.content.decode()
