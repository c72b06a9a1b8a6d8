"""Every operation of the API, asked with every kind of right, of one's own and of another's.

The expectations come from `operations.py` alone. Each call is taken back, so that all meet the
same world.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from core.access.scopes import EVERYTHING, PASS, ROLES, SCOPES, includes
from tests.access.operations import OPERATIONS, Of, Operation
from tests.access.world import OTHERS, OURS, Names, World, caller, contents, fill, send_file
from tests.conftest import ApiCaller
from tests.factories import UserFactory

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
METHODS = {
    operation["operationId"]: method
    for methods in json.loads(DOCUMENT.read_text())["paths"].values()
    for method, operation in methods.items()
}
pytestmark = pytest.mark.django_db

EVERY = pytest.mark.parametrize("name", sorted(OPERATIONS))

PLACES, SITES = [f"{OURS}-A", f"{OURS}-B"], [f"{OURS}-site"]
PRIVATE = (" person", " road", " note", "@example.org", "-paid", " clerk")
TIES: dict[str, dict[str, Any]] = {
    "channel": {"channels": SITES},
    "location": {"locations": PLACES},
    "both": {"channels": SITES, "locations": PLACES},
}


class Session(ApiCaller):
    """A member of staff, who is signed in, at the same endpoints."""

    def __init__(self, role: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {}
        self.client.force_login(UserFactory(username=f"{OURS} {role}", role=role, locations=PLACES))


@pytest.fixture(scope="module")
def tied(world: World) -> dict[str, ApiCaller]:
    """A key for each kind of tie that may do everything, and one that may read pickup passes."""
    keys = {kind: caller([EVERYTHING], **ties) for kind, ties in TIES.items()}
    return keys | {f"{kind} {PASS}": caller([PASS], **ties) for kind, ties in TIES.items()}


@pytest.fixture(scope="module")
def scoped(world: World) -> dict[str, ApiCaller]:
    return {scope: caller([scope]) for scope in SCOPES}


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, ApiCaller]:
    return {role: Session(role) for role in ROLES}


def ask(who: ApiCaller, name: str, names: Names, *, seen: Any = None) -> tuple[int, str]:
    """Return the status and the text of an answer, and take back what the call has done."""
    operation, method = OPERATIONS[name], METHODS[name]
    path = fill(operation.path, names)
    with transaction.atomic():
        if name == "import_file":
            answer = send_file(who, names["mark"], key="again")
        elif method == "get":
            answer = who.get(path, **fill(operation.query, names))
        elif method == "post":
            answer = who.post(path, fill(operation.body, names))
        elif method == "put":
            answer = who.put(path, fill(operation.body, names))
        else:
            answer = who.delete(path)
        text = b"".join(answer) if answer.streaming else answer.content
        if seen is not None:
            seen.append(contents())
        transaction.set_rollback(True)
    return answer.status_code, text.decode()


def is_ours(status: int) -> bool:
    """Say whether an answer is one of who may do it: done, or refused by a rule of the trade."""
    return status < 500 and status not in (401, 403, 404)


def test_each_operation_says_whose_object_it_touches() -> None:
    assert set(OPERATIONS) == set(METHODS)


@EVERY
def test_without_a_key_there_is_nothing(world: World, name: str) -> None:
    class Stranger(ApiCaller):
        def __init__(self) -> None:
            self.client = Client(raise_request_exception=False)
            self.headers = {}

    assert ask(Stranger(), name, world.ours)[0] == 401


@EVERY
def test_the_scope_that_is_declared_allows_it_and_no_other(
    world: World, scoped: dict[str, ApiCaller], name: str
) -> None:
    wanted = OPERATIONS[name].scope
    for scope, who in scoped.items():
        status, text = ask(who, name, world.ours)
        if wanted is not None:
            allowed = includes({scope}, wanted)
            allowed = allowed and includes({scope}, OPERATIONS[name].also or wanted)
            allowed = allowed and not OPERATIONS[name].by_people
            assert is_ours(status) if allowed else status == 403, (scope, status, text)


@EVERY
@pytest.mark.parametrize("kind", list(TIES))
def test_ones_own_is_there_and_anothers_is_not(
    world: World, tied: dict[str, ApiCaller], name: str, kind: str
) -> None:
    operation = OPERATIONS[name]
    who = tied[f"{kind} {PASS}" if operation.scope == PASS else kind]
    status, text = ask(who, name, world.ours)
    is_refused = operation.of is Of.POOL or operation.by_people
    if is_refused or (operation.refuses_places and kind != "channel"):
        assert status == 403, text
    elif operation.scope == PASS and kind == "location":
        assert status == 404, "who stands at the counter reads no codes"
    elif operation.of_buildings and kind == "channel":
        refuse_as_anothers(operation, status, text)
    elif name not in ("get_import", "list_import_errors", "list_import_changes"):
        assert is_ours(status), text
        if operation.of is Of.LISTED and name != "list_imports":
            assert OURS in text
    meet_anothers(world, who, name, in_shop=kind != "channel", in_all=kind == "location")


@EVERY
@pytest.mark.parametrize("role", list(ROLES))
def test_people_see_their_building_and_do_what_their_role_says(
    world: World, people: dict[str, ApiCaller], name: str, role: str
) -> None:
    operation, who, scopes = OPERATIONS[name], people[role], ROLES[role][1]
    status, text = ask(who, name, world.ours)
    if operation.scope is None:
        assert status < 500
    elif not includes(scopes, operation.scope):
        assert status == 403, text
        return
    elif operation.of is Of.POOL or operation.refuses_places:
        assert status == 403, text
    else:
        assert is_ours(status), text
    takes, sells = includes(scopes, "returns:write"), operation.shown_to_people
    meet_anothers(world, who, name, in_shop=takes, in_all=True, sells=sells)


def meet_anothers(
    world: World,
    who: ApiCaller,
    name: str,
    *,
    in_shop: bool,
    in_all: bool,
    sells: bool = False,
) -> None:
    """Ask for what is another's: it is not there, and the call leaves no trace."""
    operation, seen = OPERATIONS[name], list[dict[str, str]]()
    if operation.of is Of.ALL:
        return
    reads = METHODS[name] == "get"
    status, text = ask(who, name, world.others, seen=None if reads else seen)
    if operation.of is Of.LISTED:
        assert status in (200, 403), text
    elif operation.of is Of.POOL or (operation.refuses_places and status == 403):
        assert status == 403, text
    elif operation.any_channel and in_all:
        assert is_ours(status), text
    elif operation.found_in_shops and in_shop:
        assert status == 200, text
        assert [word for word in PRIVATE if f"{OTHERS}{word}" in text] == []
    else:
        refuse_as_anothers(operation, status, text)
    if operation.of is Of.LISTED and not sells:
        told = [OTHERS, OTHERS.upper(), world.others["order"], world.others["sold"]]
        assert [word for word in told if word in text] == []
    if seen:
        assert seen == [world.content]


def refuse_as_anothers(operation: Operation, status: int, text: str) -> None:
    if operation.of is Of.LISTED:
        assert status == 200
        assert OURS not in text
        assert OTHERS not in text
    elif operation.of is Of.NAMED:
        whole = status == 200 and {each["status"] for each in json.loads(text)["results"]} == {400}
        assert whole or status in (400, 404), text
        assert "unknown" in text or status == 404, text
    else:
        assert status in (operation.at or {404}), text
