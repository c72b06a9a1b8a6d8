"""The counter over HTTP: the customer's pass, guesses, handing over."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import override_settings

from core.audit.models import AuditRecord
from core.idempotency.models import StoredAnswer
from core.outbox.models import Event
from orders.models import Fulfilment
from orders.pickup_code import is_right_code, is_right_qr, pickup_pass
from tests.conftest import ApiCaller, make_caller
from tests.factories import UserFactory
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    events,
    place,
    refused,
    show_pass,
    step,
    stock,
    units,
)
from tests.orders.pickup.pickup_helpers import wrong_code

pytestmark = pytest.mark.django_db


def test_the_customer_collects_with_the_pass_of_the_shop(
    api: ApiCaller, order: dict[str, Any], code: str
) -> None:
    refused(api.post(f"fulfilments/{code}/ready"), 409, "picking_incomplete")
    step(api, code, "pick", units(("1", 2)))
    refused(api.post(f"fulfilments/{code}/ready"), 409, "picking_incomplete")
    step(api, code, "pick", units(("2", 1)))
    ready = step(api, code, "ready", {"bay": "7"})
    assert (ready["state"], ready["bay"]) == ("ready", "7")
    assert ready["allowed_actions"] == [
        "collect", "expire", "extend", "unpack", "move", "reject", "cancel",
    ]  # fmt: skip
    shop = make_caller(["pickup:pass"], channels=["web"])
    answer = shop.get(f"fulfilments/{code}/pickup-pass")
    assert answer["Cache-Control"] == "no-store"
    shown = answer.json()
    assert shown["qr"].startswith(f"omni:pickup:{code}:")
    assert shown["expires_at"] == ready["pickup_expires_at"]
    collected = step(api, code, "collect", {"code": shown["code"]})
    assert (collected["state"], collected["allowed_actions"]) == ("collected", [])
    assert [line["fulfilled"] for line in collected["lines"]] == [2, 1]
    assert (stock("A1", "S1"), stock("B1", "S1")) == ((3, 0, 0), (4, 0, 0))
    assert events(order["number"])[2:] == [
        "fulfilment.picking", "fulfilment.ready", "fulfilment.collected", "order.completed",
    ]  # fmt: skip
    assert_laws_hold()


def test_the_code_is_of_no_use_afterwards(api: ApiCaller, waiting: str) -> None:
    body = {"code": pickup_pass(waiting, "S1").code}
    step(api, waiting, "collect", body)
    refused(api.post(f"fulfilments/{waiting}/collect", body), 409, "illegal_transition")
    refused(show_pass(waiting), 404, "not_found")
    assert stock("A1", "S1") == (3, 0, 0)


@pytest.mark.parametrize("how", ["code", "code with spaces", "qr", "identity"])
def test_three_proofs_open_it(api: ApiCaller, waiting: str, how: str) -> None:
    shown = pickup_pass(waiting, "S1")
    body = {
        "code": {"code": shown.code},
        "code with spaces": {"code": f" {shown.code[:3]} {shown.code[3:]}"},
        "qr": {"qr": shown.qr},
        "identity": {"identity": {"document": "passport"}},
    }[how]
    assert step(api, waiting, "collect", body)["state"] == "collected"
    checked = AuditRecord.objects.filter(action="identity_checked")
    assert checked.count() == (how == "identity")


def test_the_code_is_never_written_anywhere(api: ApiCaller, waiting: str) -> None:
    shown = show_pass(waiting).json()
    refused(
        api.post(f"fulfilments/{waiting}/collect", {"code": wrong_code(waiting)}),
        403,
        "wrong_pickup_code",
    )
    step(api, waiting, "collect", {"qr": shown["qr"]})
    written = [
        *Event.objects.values_list("data", flat=True),
        *AuditRecord.objects.values_list("data", flat=True),
        *StoredAnswer.objects.values_list("body", flat=True),
        *(str(row) for row in Fulfilment.objects.values()),
    ]
    text = json.dumps(written)
    assert shown["qr"].rpartition(":")[2] not in text
    # By itself, not as the fraction of a second or a part of some longer id.
    assert not re.search(rf"(?<![\w.]){shown['code']}(?!\w)", text)


def test_wrong_codes_are_counted_and_lock_the_pickup(api: ApiCaller, waiting: str) -> None:
    for left in (4, 3, 2, 1, 0):
        problem = refused(
            api.post(f"fulfilments/{waiting}/collect", {"code": wrong_code(waiting)}),
            403,
            "wrong_pickup_code",
        )
        assert problem["remaining_tries"] == left
    right = pickup_pass(waiting, "S1")
    for body in ({"code": right.code}, {"qr": right.qr}):
        refused(api.post(f"fulfilments/{waiting}/collect", body), 403, "pickup_locked")
    assert stock("A1", "S1") == (5, 2, 0)
    checked = {"identity": {"document": "passport"}, "lines": units(("1", 1))["lines"]}
    assert step(api, waiting, "collect", checked)["state"] == "ready"
    assert step(api, waiting, "collect", {"code": right.code})["state"] == "collected"


def test_the_same_guess_sent_again_counts_once(api: ApiCaller, waiting: str) -> None:
    guess = {"code": wrong_code(waiting)}
    first = api.post(f"fulfilments/{waiting}/collect", guess, key="guess")
    again = api.post(f"fulfilments/{waiting}/collect", guess, key="guess")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again["Idempotency-Replayed"] == "true"
    assert Fulfilment.objects.get().wrong_codes == 1


def test_the_right_code_forgives_the_wrong_ones(api: ApiCaller, waiting: str) -> None:
    api.post(f"fulfilments/{waiting}/collect", {"code": wrong_code(waiting)})
    body = {"code": pickup_pass(waiting, "S1").code, "lines": units(("1", 1))["lines"]}
    step(api, waiting, "collect", body)
    assert Fulfilment.objects.get().wrong_codes == 0


def test_some_of_it_may_be_collected_first(
    api: ApiCaller, order: dict[str, Any], waiting: str
) -> None:
    proof = {"code": pickup_pass(waiting, "S1").code}
    part = step(api, waiting, "collect", proof | units(("1", 1)))
    assert (part["state"], [line["fulfilled"] for line in part["lines"]]) == ("ready", [1, 0])
    assert stock("A1", "S1") == (4, 1, 0)
    problem = refused(
        api.post(f"fulfilments/{waiting}/collect", proof | units(("1", 2))), 409, "exceeds_line"
    )
    assert problem["lines"] == [{"line_id": "1", "sku": "A1", "requested": 2, "remaining": 1}]
    assert api.get(f"orders/{order['number']}").json()["state"] == "partially_fulfilled"
    assert step(api, waiting, "collect", proof)["state"] == "collected"
    assert stock("A1", "S1") == (3, 0, 0)
    assert events(order["number"]).count("order.completed") == 1
    assert_laws_hold()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"code": "1", "qr": "2"}, ""),
        ({"code": "1", "identity": {"document": "passport"}}, ""),
        ({"code": ""}, "/code"),
        ({"code": 123456}, "/code"),
        ({"code": None}, "/code"),
        ({"qr": "x" * 257}, "/qr"),
        ({"identity": ""}, "/identity"),
        ({"identity": {"document": "passport"}, "lines": []}, "/lines"),
        ({"identity": {"document": "passport"}} | units(("9", 1)), "/lines/0/line_id"),
        ({"identity": {"document": "passport"}, "pin": "1"}, "/pin"),
    ],
)
def test_a_bad_body_hands_nothing_over(
    api: ApiCaller, waiting: str, body: Any, pointer: str
) -> None:
    problem = refused(api.post(f"fulfilments/{waiting}/collect", body), 400, "validation_error")
    assert problem["errors"][0]["pointer"].startswith(pointer)
    assert Fulfilment.objects.get().wrong_codes == 0
    assert stock("A1", "S1") == (5, 2, 0)


def test_codes_that_are_no_ascii_are_merely_wrong(api: ApiCaller, waiting: str) -> None:
    for body in ({"code": "１２３４５６"}, {"qr": "omni:pickup:ü"}):
        refused(api.post(f"fulfilments/{waiting}/collect", body), 403, "wrong_pickup_code")


@pytest.mark.parametrize(
    ("scopes", "ties", "status"),
    [
        (["pickup:pass"], {}, 200),
        (["pickup:pass"], {"channels": ["web"]}, 200),
        (["pickup:pass"], {"channels": ["web", "pos"], "locations": ["S1"]}, 200),
        (["pickup:pass"], {"channels": ["pos"]}, 404),
        (["pickup:pass"], {"locations": ["S1"]}, 404),
        (["orders:read"], {"channels": ["web"]}, 403),
        (["*"], {}, 403),
        (["*", "pickup:pass"], {}, 403),
        (["fulfilment:write"], {"channels": ["web"]}, 403),
        (["fulfilment:write", "pickup:pass"], {"channels": ["web"]}, 403),
    ],
)
def test_who_hands_over_does_not_see_the_pass(
    code: str, scopes: list[str], ties: dict[str, list[str]], status: int
) -> None:
    answer = make_caller(scopes, **ties).get(f"fulfilments/{code}/pickup-pass")
    assert answer.status_code == status


def test_staff_of_the_shop_do_not_see_the_pass(client: Any, code: str) -> None:
    client.force_login(UserFactory(username="ada", role="associate", locations=["S1"]))
    assert client.get(f"/api/v1/fulfilments/{code}").status_code == 200
    assert client.get(f"/api/v1/fulfilments/{code}/pickup-pass").status_code == 403


def test_a_parcel_has_no_pass(api: ApiCaller) -> None:
    parcel = place(api, ("A1", 1))["fulfilments"][0]["id"]
    refused(show_pass(parcel), 404, "not_found")


def test_each_order_each_shop_and_each_installation_has_codes_of_its_own() -> None:
    passes = [pickup_pass(f"{number}-1", "S1") for number in range(100001, 100051)]
    assert len({shown.qr for shown in passes}) == 50
    assert len({shown.code for shown in passes}) > 40
    assert all(len(shown.code) == 6 and shown.code.isdigit() for shown in passes)
    assert pickup_pass("100002-1", "S1") == passes[1]
    assert pickup_pass("100002-1", "S2").code != passes[1].code
    with override_settings(SECRET_KEY="of another installation"):
        assert pickup_pass("100002-1", "S1") != passes[1]
    assert is_right_code("100002-1", "S1", passes[1].code)
    assert not is_right_qr("100003-1", "S1", passes[1].qr)
    assert not is_right_qr("100002-1", "S2", passes[1].qr)
    # One visit, one code: whichever of the order's parcels it was shown for.
    assert pickup_pass("100002-2", "S1").code == passes[1].code
    assert is_right_qr("100002-2", "S1", passes[1].qr)
