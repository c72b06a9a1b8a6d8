"""Each decision about access leaves one record: when, who, from where, what, on what, outcome."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from core.access import rate
from core.access.keys import issue_key
from core.access.models import ApiClient, ApiKey, User
from core.access.sessions import BEGAN, USED
from core.audit.models import AuditRecord, SecurityRecord
from core.pages.sessions import IDLE
from core.pages.signing_in import OF_ACCOUNT, RECENT
from tests.conftest import ApiCaller, make_caller
from tests.core.access.second_factor_helpers import CONFIRM, SIGN_IN, give_password
from tests.core.audit.security_helpers import security_records
from tests.factories import ApiClientFactory, UserFactory
from tests.omniretail.admin.admin_helpers import errors_in, form_of, page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_counted_yet() -> None:
    rate.counts.cache_clear()


@pytest.fixture
def chief() -> User:
    return UserFactory(username="chief", superuser=True)


@pytest.fixture
def staff(chief: User) -> Client:
    client = Client(REMOTE_ADDR="192.0.2.5")
    client.force_login(chief)
    return client


def since(count: int) -> AuditRecord:
    """Return the one record that came after so many."""
    (row,) = security_records()[count:]
    return row


def test_signing_in_and_out() -> None:
    person = UserFactory(username="ada", role="agent")
    client = Client(REMOTE_ADDR="192.0.2.5")
    give_password(client, "ada")
    row = since(0)
    assert (row.action, row.outcome, row.actor, row.actor_id, row.address, row.subject) == (
        "signed_in", "done", "ada", f"user:{person.pk}", "192.0.2.5", f"users/{person.pk}",
    )  # fmt: skip
    assert row.data == {"ways": ["password"]}
    client.post("/admin/logout/")
    assert (since(1).action, since(1).actor) == ("signed_out", "ada")


def test_a_wrong_password_of_an_account() -> None:
    person = UserFactory(username="ada")
    give_password(Client(REMOTE_ADDR="192.0.2.5"), "ada", "wrong")
    row = since(0)
    assert (row.action, row.outcome, row.subject) == (
        "sign_in.refused", "refused", f"users/{person.pk}",
    )  # fmt: skip
    assert (row.address, row.data) == ("192.0.2.5", {"why": "password"})


def test_a_name_without_an_account_is_not_written_down() -> None:
    give_password(Client(), "my secret password", "wrong")
    row = since(0)
    assert (row.actor, row.subject) == ("anonymous", "sign-in")
    assert "my secret" not in f"{row.data}{row.reason}"


def test_too_many_attempts() -> None:
    UserFactory(username="ada")
    for _ in range(OF_ACCOUNT + 1):
        give_password(Client(), "ada", "wrong")
    assert [row.action for row in security_records()] == [
        *["sign_in.refused"] * OF_ACCOUNT,
        "sign_in.throttled",
    ]


def test_a_session_that_was_left_alone(staff: Client) -> None:
    session = staff.session
    session[BEGAN], session[USED] = time.time() - IDLE - 60, time.time() - IDLE - 60
    session.save()
    staff.get("/admin/")
    row = since(1)
    assert (row.action, row.actor, row.data) == ("session.ended", "chief", {"why": "idle"})


def test_sessions_that_an_administrator_ends(staff: Client) -> None:
    ada = UserFactory(username="ada")
    staff.post(page("changelist", User), {"action": "end_sessions", "_selected_action": [ada.pk]})
    row = since(1)
    assert (row.action, row.actor, row.subject) == ("sessions.ended", "chief", f"users/{ada.pk}")


def test_rights_of_a_person_before_and_after(staff: Client) -> None:
    ada = UserFactory(username="ada", role="agent", locations=["S1"])
    address = page("change", User, ada.pk)
    data = form_of(staff, address) | {"role": "associate", "locations": "S1, S2"}
    data |= {"last_login_0": "", "last_login_1": ""}
    answer = staff.post(address, data)
    assert answer.status_code == 302, errors_in(answer)
    row = since(1)
    assert (row.action, row.subject, row.actor) == ("user.changed", f"users/{ada.pk}", "chief")
    assert row.data["before"] == {"role": "agent", "locations": ["S1"]}
    assert row.data["after"] == {"role": "associate", "locations": ["S1", "S2"]}
    assert staff.post(address, data).status_code == 302
    assert len(security_records()) == 2, "nothing has changed"


def test_a_person_who_is_made_and_deleted(staff: Client) -> None:
    new = {"username": "sam", "usable_password": "true", "role": "associate"}
    staff.post(
        page("add", User), new | {"password1": "long-enough-7", "password2": "long-enough-7"}
    )
    row = since(1)
    assert (row.action, row.data["after"]["role"]) == ("user.created", "associate")
    assert "long-enough" not in str(row.data)
    staff.post(page("delete", User, User.objects.get(username="sam").pk), {"post": "yes"})
    assert (since(2).action, since(2).data["before"]["role"]) == ("user.deleted", "associate")


def test_a_new_password_of_a_person(staff: Client) -> None:
    ada = UserFactory(username="ada")
    address = reverse("admin:auth_user_password_change", args=[ada.pk])
    given = {"usable_password": "true", "password1": "long-enough-7", "password2": "long-enough-7"}
    assert staff.post(address, given).status_code == 302
    assert (since(1).action, since(1).subject) == ("password.changed", f"users/{ada.pk}")


def test_rights_of_a_client_and_its_keys(staff: Client) -> None:
    client = ApiClientFactory(name="till", scopes=["orders:read"])
    address = page("change", ApiClient, client.pk)
    data = form_of(staff, address) | {"scopes": ["orders:read", "stock:read"]}
    assert staff.post(address, data).status_code == 302
    row = since(1)
    assert (row.action, row.subject) == ("api_client.changed", f"api_clients/{client.pk}")
    assert (row.data["before"], row.data["after"]) == (
        {"scopes": ["orders:read"]},
        {"scopes": ["orders:read", "stock:read"]},
    )
    issue = address.replace("/change/", "/issue-key/")
    staff.post(issue, {"expires_at_0": "", "expires_at_1": ""})
    assert (since(2).action, since(2).data["called"]) == ("api_key.issued", "till")
    key = client.keys.get()
    bulk = {"action": "revoke", "_selected_action": [key.pk]}
    staff.post(page("changelist", ApiKey), bulk)
    assert (since(3).action, since(3).data["hint"]) == ("api_key.revoked", key.hint)


def test_a_key_that_the_machine_issues(capsys: Any) -> None:
    call_command("issue_api_key", "shop", "--scopes", "orders:read")
    row = since(0)
    assert (row.action, row.actor, row.data["scopes"]) == (
        "api_key.issued", "system", ["orders:read"],
    )  # fmt: skip
    assert capsys.readouterr().out.strip() not in str(row.data)


def test_an_export(api: ApiCaller) -> None:
    assert api.get("exports/stock.csv").status_code == 200
    row = since(0)
    assert (row.action, row.subject, row.outcome) == ("exported", "exports/stock.csv", "done")
    assert make_caller(["orders:read"]).get("exports/stock.csv").status_code == 403
    assert since(1).action == "request.refused"


def test_the_page_is_for_administrators_and_managers_of_all_places(staff: Client) -> None:
    address = page("changelist", SecurityRecord)
    for who, status in (
        ({"role": "manager"}, 200),
        ({"role": "manager", "locations": ["S1"]}, 403),
        ({"role": "agent"}, 403),
    ):
        client = Client()
        client.force_login(UserFactory(**who))
        assert client.get(address).status_code == status
        assert ("Security log" in client.get("/admin/").content.decode()) is (status == 200)
    assert staff.get(address).status_code == 200
    row = security_records()[0]
    for kind in ("add", "delete"):
        of = [row.pk] if kind == "delete" else []
        assert staff.get(page(kind, SecurityRecord, *of)).status_code == 403
    assert "192.0.2" not in staff.get(page("changelist", AuditRecord)).content.decode()


def test_it_is_filtered_by_kind_person_and_day(staff: Client) -> None:
    give_password(Client(), "ada", "wrong")
    UserFactory(username="sam", role="agent")
    give_password(Client(), "sam")
    address = page("changelist", SecurityRecord)
    today = security_records()[0].at.date()

    def found(**query: str) -> list[str]:
        shown = staff.get(address, query).context["cl"].result_list
        return sorted(f"{row.actor}: {row.action}" for row in shown)

    assert found(about="sign", q="sam") == ["sam: signed_in"]
    assert found(outcome="refused") == ["anonymous: sign_in.refused"]
    assert found(q="chief") == ["chief: signed_in"]
    assert len(found(q=today.isoformat())) == 3
    assert found(q="2020-01-01") == found(q="2026-02-31") == []


def test_who_has_been_signed_in_for_long_signs_in_again_for_what_is_sensitive(
    staff: Client,
) -> None:
    ada = UserFactory(username="ada", role="agent")
    session = staff.session
    session[BEGAN] -= RECENT + 1
    session.save()
    listed = page("changelist", User)
    assert staff.get(listed).status_code == 200
    assert staff.get("/admin/").status_code == 200
    for address in (page("change", User, ada.pk), page("add", ApiClient), page("add", User)):
        for answer in (staff.get(address), staff.post(address, {"password1": "a secret"})):
            assert answer.status_code == 302
            assert answer["Location"].startswith(f"{CONFIRM}?next=")
    bulk = {"action": "take_second_factor_away", "_selected_action": [ada.pk]}
    assert staff.post(listed, bulk)["Location"].startswith(CONFIRM)
    assert "a secret" not in str(dict(staff.session))
    asked = f"{CONFIRM}?next={page('change', User, ada.pk)}"
    assert staff.post(asked, {"password": "wrong"}).status_code == 200
    assert staff.post(asked, {"password": "secret"})["Location"] == page("change", User, ada.pk)
    assert staff.get(page("change", User, ada.pk)).status_code == 200


def test_work_is_no_part_of_it(staff: Client) -> None:
    before = len(security_records())
    key = issue_key(client=ApiClientFactory(scopes=["*"]))
    assert ApiCaller(key).get("locations").status_code == 200
    staff.get("/")
    staff.get(SIGN_IN)
    assert len(security_records()) == before
