"""`manage.py issue_api_key`: a key that works, ties that hold, slips that are told in a line."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from core.access.keys import recognise
from core.access.models import ApiClient
from core.access.scopes import SCOPES, SETS, includes
from tests.factories import ChannelFactory, LocationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def network() -> None:
    ChannelFactory(code="web")
    ChannelFactory(code="pos")
    LocationFactory(code="S1")


def issue(*arguments: str) -> str:
    said = io.StringIO()
    call_command("issue_api_key", *arguments, stdout=said)
    return said.getvalue().splitlines()[-1]


def test_the_last_line_is_a_key_with_its_scopes_and_ties() -> None:
    key = issue("shop", "--scopes", "orders:read,orders:write", "--channels", "web, pos")
    principal = recognise(key)
    assert principal is not None
    assert principal.name == "shop"
    assert principal.scopes == {"orders:read", "orders:write"}
    assert principal.channels == {"web", "pos"}
    assert principal.locations is None
    assert key not in str(list(ApiClient.objects.values("keys__digest", "keys__hint")))


@pytest.mark.parametrize("system", SETS)
def test_a_ready_set_is_what_such_a_system_needs(system: str) -> None:
    principal = recognise(issue("theirs", "--for", system))
    assert principal is not None
    assert principal.scopes == set(SETS[system]) <= SCOPES.keys()
    assert principal.may("pickup:pass") is (system == "web-shop")
    assert not (principal.may("pickup:pass") and principal.may("fulfilment:write"))
    assert principal.may("stock:write") is (system == "warehouse")


def test_narrow_scopes_do_not_include_each_other() -> None:
    for scope in SCOPES.keys() - {"*"}:
        others = SCOPES.keys() - {scope, "*"}
        assert not any(includes({scope}, other) for other in others)
    assert {scope for scope in SCOPES if not includes({"*"}, scope)} == {"pickup:pass"}


def test_keys_rotate_with_overlap() -> None:
    first, second = issue("shop", "--scopes", "*"), issue("shop", "--locations", "S1")
    found = {recognise(key) for key in (first, second)}
    assert len(found) == 1
    (principal,) = found
    assert principal is not None
    assert principal.locations == {"S1"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("shop",),
        ("shop", "--scopes", "orders"),
        ("x" * 65, "--scopes", "*"),
        (" ", "--scopes", "*"),
        ("shop", "--scopes", "*", "--channels", "web,wbe"),
        ("shop", "--scopes", "*", "--locations", "S2"),
        ("shop", "--scopes", "*,pickup:pass"),
        ("shop", "--scopes", "fulfilment:write", "--for", "web-shop"),
        ("shop", "--for", "baker"),
    ],
)
def test_a_slip_is_refused_and_makes_no_client(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        issue(*arguments)
    assert not ApiClient.objects.exists()


def test_a_tie_to_nothing_is_named_with_what_there_is() -> None:
    with pytest.raises(CommandError, match=r"Unknown channel: wbe\. Known: pos, web\."):
        issue("shop", "--scopes", "*", "--channels", "web,wbe")
    with pytest.raises(CommandError, match=r"Unknown location: S2\. Known: S1\."):
        issue("shop", "--scopes", "*", "--locations", "S2")


def test_a_limit_is_kept_until_another_is_given() -> None:
    issue("till", "--scopes", "*", "--per-minute", "600")
    principal = recognise(issue("till"))
    assert principal is not None
    assert principal.requests_per_minute == 600
    for slip in ("0", "-5", "99999999999999999999"):
        with pytest.raises(CommandError, match="from 1 to"):
            issue("till", "--per-minute", slip)
