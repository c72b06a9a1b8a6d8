"""Keys of API clients, and colleagues."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from core.access.models import ApiClient, ApiKey, User
from core.audit.models import AuditRecord
from tests.conftest import ApiCaller
from tests.factories import ApiClientFactory
from tests.omniretail.admin.admin_helpers import errors_in, form_of, page

pytestmark = pytest.mark.django_db


def test_a_key_is_shown_once_and_works(staff: Client, day: str) -> None:
    client = ApiClientFactory(name="till", scopes=["orders:read"])
    address = page("change", ApiClient, client.pk)
    issue = address.replace("/change/", "/issue-key/")
    assert issue in staff.get(address).content.decode()
    assert not client.keys.exists()
    staff.get(issue)
    assert not client.keys.exists(), "looking at the page must not make a key"
    answer = staff.post(issue, {"expires_at_0": "", "expires_at_1": ""})
    assert "no-store" in answer["Cache-Control"]
    (key,) = re.findall(r"omni_[\w-]+", answer.content.decode())
    assert ApiCaller(key).get("orders").status_code == 200
    assert AuditRecord.objects.filter(action="api_key.issued").count() == 1
    row = client.keys.get()
    for again in (address, page("changelist", ApiKey), page("change", ApiKey, row.pk)):
        shown = staff.get(again).content.decode()
        assert row.hint in shown
        assert key not in shown
        assert bytes(row.digest).hex() not in shown
    bulk = {"action": "revoke", "_selected_action": [row.pk]}
    assert staff.post(page("changelist", ApiKey), bulk).status_code == 302
    assert ApiCaller(key).get("orders").status_code == 401
    assert AuditRecord.objects.filter(action="api_key.revoked").count() == 1


def test_a_key_does_not_end_before_it_began(staff: Client, day: str) -> None:
    client = ApiClientFactory(name="till", scopes=["orders:read"])
    issue = page("change", ApiClient, client.pk).replace("/change/", "/issue-key/")
    for past in ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, {"expires_at_0": "x"}):
        assert staff.post(issue, past).status_code == 200
    assert not client.keys.exists()


def test_scopes_are_chosen_from_those_there_are(staff: Client) -> None:
    data = {
        "name": "shop",
        "channels": "web, pos",
        "locations": "",
        "keys-TOTAL_FORMS": 0,
        "keys-INITIAL_FORMS": 0,
    }
    refused = staff.post(page("add", ApiClient), data | {"scopes": ["everything"]})
    assert list(errors_in(refused)) == ["scopes"]
    answer = staff.post(page("add", ApiClient), data | {"scopes": ["orders:read", "stock:read"]})
    assert answer.status_code == 302, errors_in(answer)
    client = ApiClient.objects.get(name="shop")
    assert (client.scopes, client.channels) == (["orders:read", "stock:read"], ["web", "pos"])


def test_a_colleague_is_hired_and_given_a_shop(staff: Client, settings: Any) -> None:
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]  # without the one of the tests
    new = {"username": "sam", "usable_password": "true", "role": "associate"}
    password = {"password1": "long-enough-7", "password2": "long-enough-7"}
    answer = staff.post(page("add", User), new | password)
    assert answer.status_code == 302, errors_in(answer)
    sam = User.objects.get(username="sam")
    assert sam.password.startswith("argon2")
    assert sam.check_password("long-enough-7")
    address = page("change", User, sam.pk)
    data = form_of(staff, address) | {"locations": "S1, S2"}
    data |= {"last_login_0": "", "last_login_1": ""}
    answer = staff.post(address, data)
    assert answer.status_code == 302, errors_in(answer)
    principal = User.objects.get(pk=sam.pk).principal()
    assert principal.locations == {"S1", "S2"}
    assert principal.may("returns:write")
    assert not principal.may("orders:write")
