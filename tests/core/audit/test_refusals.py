"""Refusals leave one record each, few a minute, and no personal data or secret."""

from __future__ import annotations

import json
import logging
import stat
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from core.access.keys import issue_key
from core.access.models import ApiClient
from core.access.principal import SYSTEM
from core.audit import refusals
from core.audit.bound import MINUTE, OF_ALL, OF_SOURCE, Bound
from core.audit.log_file import SecurityFileHandler, log
from core.audit.models import Outcome
from core.audit.record import record
from core.audit.refusals import UNKNOWN, record_refusal
from tests.conftest import ApiCaller, make_caller
from tests.core.audit.security_helpers import security_records, the_record
from tests.factories import ApiClientFactory, LocationFactory, OrderBody, SkuFactory, UserFactory

pytestmark = pytest.mark.django_db


def caller_of(client: ApiClient, **more: Any) -> ApiCaller:
    return ApiCaller(issue_key(client=client, **more))


def test_without_a_key() -> None:
    answer = Client().get("/api/v1/orders", REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 401
    row = the_record(
        actor="anonymous",
        actor_id="anonymous",
        address="192.0.2.7",
        action="request.refused",
        subject="/api/v1/orders",
        outcome="refused",
    )
    assert row.data == {"method": "GET", "status": 401, "code": "unauthenticated"}


def test_with_a_key_that_is_over() -> None:
    client = ApiClientFactory(name="till", scopes=["orders:read"])
    over = timezone.now() - timedelta(days=1)
    assert caller_of(client, expires_at=over).get("orders").status_code == 401
    row = the_record(actor="till", actor_id=f"client:{client.pk}", action="api_key.refused")
    assert row.data["why"] == "expired"


def test_with_a_key_that_was_revoked() -> None:
    client = ApiClientFactory(name="till", scopes=["orders:read"])
    caller = caller_of(client)
    client.keys.update(revoked_at=timezone.now())
    assert caller.post("orders", OrderBody()).status_code == 401
    assert the_record(actor="till", action="api_key.refused").data["why"] == "revoked"


def test_with_a_key_that_no_one_has_and_it_is_not_written_down() -> None:
    assert ApiCaller("omni_guessed").get("orders").status_code == 401
    row = the_record(actor="anonymous", action="api_key.refused")
    assert row.data["why"] == "unknown"
    assert "guessed" not in json.dumps(row.data) + row.subject


def test_the_demos_key_outside_of_the_demo() -> None:
    client = ApiClientFactory(name="demo", scopes=["*"], is_demo=True)
    assert caller_of(client).get("orders").status_code == 401
    assert the_record(actor="demo").data["why"] == "demo"


@pytest.mark.parametrize("path", ["orders", "availability/query"])
def test_without_the_scope_also_on_the_fast_path(path: str) -> None:
    caller = make_caller(["stock:read"])
    assert caller.post(path, {"a": 1}).status_code == 403
    row = the_record(action="request.refused", subject=f"/api/v1/{path}", outcome="refused")
    assert row.actor_id.startswith("client:")
    assert row.data["code"] == "forbidden"


def test_a_person_without_the_scope() -> None:
    person = UserFactory(username="ada", role="operative")
    client = Client()
    client.force_login(person)
    before = len(security_records())
    assert client.get("/api/v1/webhooks").status_code in (403, 404)
    answer = client.put("/api/v1/skus/A1", {"name": "A"}, content_type="application/json")
    assert answer.status_code == 403
    row = security_records()[-1]
    assert len(security_records()) - before == 1
    assert (row.actor, row.actor_id) == ("ada", f"user:{person.pk}")


def test_what_is_elsewhere_and_was_to_be_changed() -> None:
    LocationFactory(code="S1")
    LocationFactory(code="S2")
    SkuFactory(code="A1")
    tied = make_caller(["*"], locations=["S1"])
    assert tied.post("transfers/999/dispatch").status_code == 404
    row = the_record(action="request.refused", subject="/api/v1/transfers/999/dispatch")
    assert (row.data["method"], row.data["status"]) == ("POST", 404)


def test_what_is_missing_is_no_refusal_to_those_who_see_all(api: ApiCaller) -> None:
    assert api.post("transfers/999/dispatch").status_code == 404
    assert api.get("orders/999").status_code == 404
    assert security_records() == []


def test_a_pass_that_was_asked_for_stands_in_no_record() -> None:
    answer = make_caller(["orders:write"]).get("scan/omni:pickup:100001-1:SECRET")
    assert answer.status_code == 403
    assert "SECRET" not in the_record(action="request.refused").subject


@pytest.mark.django_db(transaction=True)
def test_a_refusal_outlives_the_transaction_of_the_act() -> None:
    with transaction.atomic():
        record(actor=SYSTEM, action="undone", subject="x", security=Outcome.DONE)
        transaction.set_rollback(True)
    make_caller(["stock:read"]).post("orders", OrderBody())
    the_record(action="request.refused", subject="/api/v1/orders")


def test_one_source_fills_no_disk_and_what_was_left_out_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0 * MINUTE]
    monkeypatch.setattr(refusals, "BOUND", Bound(clock=lambda: now[0]))
    for _ in range(OF_SOURCE + 5):
        Client().get("/api/v1/orders", REMOTE_ADDR="192.0.2.7")
    Client().get("/api/v1/orders", REMOTE_ADDR="192.0.2.8")
    assert Counter(row.address for row in security_records()) == {
        "192.0.2.7": OF_SOURCE,
        "192.0.2.8": 1,
    }
    now[0] += MINUTE
    Client().get("/api/v1/orders", REMOTE_ADDR="192.0.2.9")
    *_, last, left_out = security_records()
    assert last.address == "192.0.2.9"
    assert left_out.action == "security_log.left_out"
    assert left_out.data == {"count": 5, "largest": {"192.0.2.7": 5}}
    now[0] += MINUTE
    Client().get("/api/v1/orders", REMOTE_ADDR="192.0.2.9")
    assert security_records()[-1].action == "request.refused", "it is said once"


def test_many_sources_fill_neither_disk_nor_memory() -> None:
    bound = Bound(clock=lambda: 0.0)
    admitted = sum(bound.admits(f"192.0.2.{number}") for number in range(3 * OF_ALL))
    assert admitted == OF_ALL
    assert len(bound._left_out) <= OF_ALL + 1
    assert bound._left_out.total() == 2 * OF_ALL


def test_a_line_of_json_each_in_a_file_for_its_owner(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    file = tmp_path / "log" / "security.log"
    file.parent.mkdir()
    file.write_text("")
    file.chmod(0o644)
    handler = SecurityFileHandler(str(file))
    log.addHandler(handler)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            record_refusal(actor=UNKNOWN, action="sign_in.refused", subject="é\nx")
            record(actor=SYSTEM, action="day.closed", subject="an act is no line")
    finally:
        log.removeHandler(handler)
        handler.close()
    (line,) = file.read_text().splitlines()
    said = json.loads(line)
    assert (said["action"], said["subject"], said["outcome"]) == (
        "sign_in.refused",
        "é\nx",
        "refused",
    )
    assert said["at"].startswith("20")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_security_log_is_a_file_of_its_own() -> None:
    assert not log.propagate, "a console is read by others"
    assert log.level == logging.INFO
    ours = [each for each in log.handlers if type(each).__module__.startswith("core.")]
    assert [type(handler) for handler in ours] == [SecurityFileHandler]
