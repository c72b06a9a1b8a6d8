"""Handing over on an identity document: who may, who signs, who confirms."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.audit.models import AuditRecord
from orders.commands.fulfilment import identity as identity_module
from orders.pickup_code import MAX_WRONG_CODES, pickup_pass
from tests.conftest import ApiCaller, make_caller
from tests.factories import UserFactory
from tests.orders.fulfilment_helpers import refused, stock
from tests.orders.pickup.pickup_helpers import wrong_code

pytestmark = pytest.mark.django_db
PASSPORT = {"document": "passport"}


class Person:
    """A member of staff with a session, calling as the pages do."""

    def __init__(self, name: str, **more: Any) -> None:
        self.client = Client(raise_request_exception=False)
        self.client.force_login(UserFactory(username=name, **{"role": "associate"} | more))

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(
            f"/api/v1/{path}",
            json.dumps(body),
            content_type="application/json",
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )


def collected(api: ApiCaller, order: dict[str, Any]) -> dict[str, Any]:
    (last,) = [
        line
        for line in api.get(f"orders/{order['number']}/timeline").json()["results"]
        if line["type"] == "fulfilment.collected"
    ]
    return dict(last)


@pytest.mark.parametrize("body", [{"id_checked_by": "x"}, {"identity": {"second_person": "x"}}])
def test_a_name_alone_opens_nothing(api: ApiCaller, waiting: str, body: Any) -> None:
    refused(api.post(f"fulfilments/{waiting}/collect", body), 400, "validation_error")
    assert stock("A1", "S1") == (5, 2, 0)


def test_it_is_signed_with_who_is_signed_in(
    api: ApiCaller, order: dict[str, Any], waiting: str
) -> None:
    ada = Person("ada", locations=["S1"])
    body = {"identity": PASSPORT | {"second_person": "Bea"}}
    assert ada.post(f"fulfilments/{waiting}/collect", body).status_code == 200
    told = collected(api, order)
    assert (told["actor"], "on a passport" in told["text"]) == ("ada", True)
    assert "Bea" not in told["text"]  # a name that ada wrote is no confirmation
    checked = AuditRecord.objects.get(action="identity_checked")
    assert (checked.actor, checked.data) == ("ada", PASSPORT | {"second_person": "Bea"})


def test_a_locked_pickup_opens_by_identity_with_its_right_alone_and_what_was_tried_stays(
    api: ApiCaller, order: dict[str, Any], waiting: str
) -> None:
    path = f"fulfilments/{waiting}/collect"
    operative = Person("op", role="operative")
    for _ in range(MAX_WRONG_CODES):
        refused(operative.post(path, {"code": wrong_code(waiting)}), 403, "wrong_pickup_code")
    tried = AuditRecord.objects.filter(
        action="wrong_pickup_code", subject=f"fulfilments/{waiting}", actor="op", data={}
    )
    assert tried.count() == MAX_WRONG_CODES
    right = pickup_pass(waiting, "S1")
    refused(operative.post(path, {"qr": right.qr}), 403, "pickup_locked")
    refused(operative.post(path, {"identity": PASSPORT}), 403, "forbidden")
    assert Person("ada").post(path, {"identity": PASSPORT}).status_code == 200
    assert "after 5 wrong codes" in collected(api, order)["text"]
    assert AuditRecord.objects.get(action="identity_checked").data["wrong_codes"] == 5
    assert tried.count() == MAX_WRONG_CODES


class TestTwo:
    @pytest.fixture(autouse=True)
    def by_two(self, settings: Any) -> None:
        settings.PICKUP_IDENTITY_BY_TWO = True

    @pytest.fixture
    def ada(self) -> Person:
        return Person("ada", locations=["S1"])

    @pytest.fixture
    def bea(self) -> Person:
        return Person("bea", locations=["S1"])

    def test_a_second_person_confirms_with_a_session_of_their_own(
        self, api: ApiCaller, order: dict[str, Any], waiting: str, ada: Person, bea: Person
    ) -> None:
        path = f"fulfilments/{waiting}"
        body = {"identity": PASSPORT | {"second_person": "bea"}}
        refused(ada.post(f"{path}/collect", body), 403, "second_person_required")
        assert ada.post(f"{path}/confirm-identity", PASSPORT).status_code == 200
        refused(ada.post(f"{path}/collect", body), 403, "second_person_required")
        other = {"document": "id_card"}
        assert bea.post(f"{path}/confirm-identity", other).status_code == 200
        refused(ada.post(f"{path}/collect", body), 403, "second_person_required")
        assert stock("A1", "S1") == (5, 2, 0)
        assert bea.post(f"{path}/confirm-identity", PASSPORT).status_code == 200
        assert ada.post(f"{path}/collect", body).status_code == 200
        told = collected(api, order)
        assert (told["actor"], "on a passport, confirmed by bea" in told["text"]) == ("ada", True)
        assert AuditRecord.objects.get(action="identity_checked").data["confirmed_by"] == "bea"

    def test_a_till_hands_over_what_a_person_confirmed(self, waiting: str, bea: Person) -> None:
        till = make_caller(["fulfilment:write", "pickup:identity"], locations=["S1"])
        body = {"location": "S1", "fulfilments": [waiting], "identity": PASSPORT}
        refused(till.post("hand-overs", body), 403, "second_person_required")
        assert bea.post(f"fulfilments/{waiting}/confirm-identity", PASSPORT).status_code == 200
        assert till.post("hand-overs", body).status_code == 201

    def test_it_counts_for_minutes(
        self, waiting: str, ada: Person, bea: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert bea.post(f"fulfilments/{waiting}/confirm-identity", PASSPORT).status_code == 200
        monkeypatch.setattr(identity_module, "CONFIRMED_FOR", timedelta(0))
        answer = ada.post(f"fulfilments/{waiting}/collect", {"identity": PASSPORT})
        refused(answer, 403, "second_person_required")

    def test_who_may_confirm(self, api: ApiCaller, code: str, waiting: str) -> None:
        path = f"fulfilments/{waiting}/confirm-identity"
        refused(api.post(path, PASSPORT), 403, "forbidden")  # a key is no person
        refused(Person("op", role="operative").post(path, PASSPORT), 403, "forbidden")
        refused(Person("away", locations=["S2"]).post(path, PASSPORT), 404, "not_found")
        refused(Person("bea").post(path, {"document": "face"}), 400, "validation_error")
        assert not AuditRecord.objects.filter(action="identity_confirmed").exists()

    def test_only_what_waits_is_confirmed(self, code: str, bea: Person) -> None:
        answer = bea.post(f"fulfilments/{code}/confirm-identity", PASSPORT)
        refused(answer, 409, "illegal_transition")

    def test_a_code_needs_no_one_else(self, waiting: str, ada: Person) -> None:
        body = {"code": pickup_pass(waiting, "S1").code}
        assert ada.post(f"fulfilments/{waiting}/collect", body).status_code == 200
