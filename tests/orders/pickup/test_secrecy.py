"""No table and no log holds what opens a pickup, in the clear or as a digest that can be guessed;
and no one can both read it and hand over."""

from __future__ import annotations

import inspect
import itertools
import json
import logging
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.conf import settings

from core.access.redaction import SecretsFormatter
from core.access.scopes import HANDS_OVER, PASS, ROLES, SCOPES, SETS, includes
from core.idempotency import answers
from omniretail.celery import app
from orders.commands.fulfilment import visit
from orders.pickup_code import MAX_WRONG_CODES, PickupPass, pickup_pass
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, UserFactory
from tests.orders.fulfilment_helpers import place, refused, step, units
from tests.orders.pickup.pickup_helpers import wrong_code
from tests.orders.pickup.secrecy_helpers import RecordingCaller, digests_of, dump, holds_code

pytestmark = pytest.mark.django_db
ADA = {"name": "Ada", "email": "ada@example.org"}
PASSPORT = {"identity": {"document": "passport"}}


@pytest.fixture
def caller(api: ApiCaller) -> RecordingCaller:
    return RecordingCaller(api)


def wait(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> tuple[str, PickupPass]:
    """Place an order and put it into its bay; return its parcel and its pass."""
    code = str(place(api, *lines, pickup_at="S1", **more)["fulfilments"][0]["id"])
    step(api, code, "pick", units(*[(str(n), q) for n, (_, q) in enumerate(lines, start=1)]))
    step(api, code, "ready", {"bay": "7"})
    return code, pickup_pass(code, "S1")


def by_pass_and_code(api: RecordingCaller) -> list[PickupPass]:
    one, first = wait(api, ("A1", 1))
    two, second = wait(api, ("A1", 2))
    step(api, one, "collect", {"qr": first.qr})
    path = f"fulfilments/{two}/collect"
    body = {"code": f"{second.code[:3]} {second.code[3:]}"} | units(("1", 1))
    answers_given = [api.post(path, body, key="twin") for _ in range(2)]  # a repeat
    assert answers_given[1]["Idempotency-Replayed"] == "true"
    refused(api.post(path, {"code": second.code}, key="twin"), 422, "idempotency_mismatch")
    step(api, two, "collect", {"code": second.code})
    refused(api.post(path, {"code": second.code}), 409, "illegal_transition")
    return [first, second]


def locked_then_by_identity(api: RecordingCaller) -> list[PickupPass]:
    code, shown = wait(api, ("B1", 2))
    for _ in range(MAX_WRONG_CODES):
        answer = api.post(f"fulfilments/{code}/collect", {"code": wrong_code(code)})
        refused(answer, 403, "wrong_pickup_code")
    for proof in ({"code": shown.code}, {"qr": shown.qr}):
        refused(api.post(f"fulfilments/{code}/collect", proof), 403, "pickup_locked")
    step(api, code, "collect", PASSPORT)
    return [shown]


def a_visit(api: RecordingCaller) -> list[PickupPass]:
    shown = [wait(api, (sku, 1), customer=ADA)[1] for sku in ("A1", "B1")]
    other, others = wait(api, ("B1", 1))
    wrong = {"location": "S1", "code": wrong_code(other)}
    for _ in range(2):
        refused(api.post("hand-overs", wrong), 403, "wrong_pickup_code")
    bodies = [{"location": "S1", "code": shown[1].code, "collected_by": shown[0].qr}]
    bodies += [{"location": "S1", "qr": others.qr, "fulfilments": [other]}]
    for body in bodies:
        assert api.post("hand-overs", body).status_code == 201
        refused(api.post("hand-overs", body), 409, "illegal_transition")
    return [*shown, others]


def extended_moved_and_scanned(api: RecordingCaller) -> list[PickupPass]:
    code, shown = wait(api, ("A1", 1))
    step(api, code, "extend", {"days": 2})
    LocationFactory(code="S2", store=True)
    for payload in (shown.qr, shown.code):
        api.get(f"scan/{quote(payload, safe='')}")
        api.post("scan", {"payload": payload})
    step(api, code, "move", {"location": "S2"})
    moved = pickup_pass(code, "S2")
    refused(api.post(f"fulfilments/{code}/collect", {"qr": shown.qr}), 409, "illegal_transition")
    return [shown, moved]


def read_in_wrong_places(api: RecordingCaller) -> list[PickupPass]:
    code, shown = wait(api, ("A1", 1))
    place(api, ("B1", 1), pickup_at="S1", note=f"his pass: {shown.qr}")
    pick_list = api.post("pick-lists", {"location": "S1", "max_orders": 1}).json()
    scans = [
        {"scan_id": str(uuid4()), "payload": payload}
        for payload in (shown.qr, shown.qr.upper(), shown.code, shown.qr.rpartition(":")[2])
    ]
    assert api.post(f"pick-lists/{pick_list['id']}/scans", {"scans": scans}).status_code == 200
    other = place(api, ("B1", 1), pickup_at="S1")["fulfilments"][0]["id"]
    step(api, other, "pick", units(("1", 1)))
    step(api, other, "ready", {"bay": shown.qr[:64]})
    reason = {"reason": f"wrong parcel {shown.qr}"}
    assert api.post(f"fulfilments/{code}/cancel", reason).status_code in (200, 400)
    return [shown]


WAYS = [
    by_pass_and_code, locked_then_by_identity, a_visit, extended_moved_and_scanned,
    read_in_wrong_places,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_is_kept_or_logged_opens_a_pickup(
    caller: RecordingCaller, way: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("django.db.backends", "factory", "faker"):  # written with DEBUG alone
        caplog.set_level(logging.INFO, logger=name)
    shown = way(caller)
    formatter = SecretsFormatter(settings.LOGGING["formatters"]["line"]["format"])
    logged = "\n".join(formatter.format(record) for record in caplog.records)
    figures = make_caller(["metrics:read"]).get("/metrics").content.decode()
    kept = dump()
    for each in shown:
        secret = each.qr.rpartition(":")[2]
        for written in (kept, logged, figures):
            assert secret not in written.lower()
            assert secret[:16] not in written.lower()
            assert not holds_code(written, each.code)
        words = (each.code, each.qr, secret)
        assert not [found for found in digests_of(caller.sent, *words) if found in kept]


def test_a_plain_digest_would_be_found(
    caller: RecordingCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: with the key left out, the code is in the dump."""
    monkeypatch.setattr(answers, "keyed_digest", lambda purpose, digest: digest)
    code, shown = wait(caller, ("A1", 1))
    step(caller, code, "collect", {"code": shown.code})
    kept = dump()
    assert [found for found in digests_of(caller.sent) if found in kept]


def test_the_log_is_written_without_secrets() -> None:
    assert settings.LOGGING["root"]["handlers"] == ["console"]
    handler = settings.LOGGING["handlers"]["console"]
    line = settings.LOGGING["formatters"][handler["formatter"]]
    assert line["class"] == "core.access.redaction.SecretsFormatter"


def test_no_task_takes_anything_along_to_the_broker() -> None:
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    assert ours
    assert not [task.name for task in ours if inspect.signature(task.run).parameters]


PRINCIPALS = [
    *((scope,) for scope in SCOPES),
    *itertools.combinations(SCOPES, 2),
    *SETS.values(),
    *(tuple(scopes) for _, scopes in ROLES.values()),
    tuple(SCOPES),
]


def test_no_scopes_both_read_codes_and_hand_over() -> None:
    assert sum(includes(scopes, PASS) for scopes in PRINCIPALS) > 10
    assert sum(includes(scopes, HANDS_OVER) for scopes in PRINCIPALS) > 10
    for scopes in PRINCIPALS:
        assert not (includes(scopes, PASS) and includes(scopes, HANDS_OVER)), scopes


@pytest.mark.parametrize("scopes", [each for each in PRINCIPALS if PASS in each])
def test_who_reads_a_pass_collects_nothing_with_it(waiting: str, scopes: tuple[str, ...]) -> None:
    principal = make_caller(list(scopes))
    shown = principal.get(f"fulfilments/{waiting}/pickup-pass")
    known = pickup_pass(waiting, "S1") if shown.status_code == 200 else None
    assert (shown.status_code == 200) == includes(scopes, PASS)
    if known is None:
        return
    for proof in ({"code": known.code}, {"qr": known.qr}, PASSPORT):
        refused(principal.post(f"fulfilments/{waiting}/collect", proof), 403, "forbidden")
        body = {"location": "S1", "fulfilments": [waiting]} | proof
        refused(principal.post("hand-overs", body), 403, "forbidden")


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
def test_no_member_of_staff_reads_a_pass(client: Any, waiting: str, role: str) -> None:
    user = UserFactory(superuser=True) if role == "superuser" else UserFactory(role=role)
    client.force_login(user)
    shown = pickup_pass(waiting, "S1")
    assert client.get(f"/api/v1/fulfilments/{waiting}/pickup-pass").status_code == 403
    for address in ("fulfilments", f"fulfilments/{waiting}", f"orders/{waiting[:-2]}", "events"):
        text = json.dumps(client.get(f"/api/v1/{address}").json())
        assert shown.qr.rpartition(":")[2] not in text
        assert not holds_code(text, shown.code)


def test_guesses_at_the_counter_end(api: ApiCaller, waiting: str) -> None:
    """What a till without the right for documents is left with, if it tries all codes."""
    till = make_caller(["fulfilment:write"], locations=["S1"])
    right = pickup_pass(waiting, "S1").code
    guesses = [f"{n:06d}" for n in range(visit.MAX_WRONG_AT_COUNTER + 1) if f"{n:06d}" != right]
    answered = [
        till.post("hand-overs", {"location": "S1", "code": code}).json()["code"]
        for code in guesses[: visit.MAX_WRONG_AT_COUNTER]
    ]
    assert set(answered) == {"wrong_pickup_code"}
    body = {"location": "S1", "code": right}
    refused(till.post("hand-overs", body), 403, "pickup_locked")
