"""What the security log says of hand-overs and of customers' data, once each, and without it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core.audit.models import AuditRecord
from orders.models import Customer
from tests.conftest import ApiCaller
from tests.core.audit.security_helpers import security_records
from tests.factories import UserFactory
from tests.omniretail.admin.admin_helpers import page
from tests.orders.fulfilment_helpers import place, step
from tests.orders.pickup.pickup_helpers import wrong_code

pytestmark = pytest.mark.django_db

HOME = {"name": "Jo Reed", "line1": "2 Elm Row", "country": "GB"}
JO = {"name": "Jo Reed", "email": "jo@example.org", "phone": "+44 20 7946 0000"}


def the_record() -> AuditRecord:
    (row,) = security_records()
    assert not any(word in f"{row.subject}{row.data}{row.reason}" for word in ("Jo", "jo@", "7946"))
    return row


@pytest.fixture
def jos(api: ApiCaller) -> dict[str, Any]:
    return place(api, ("A1", 1), customer=JO, ship_to=HOME)


def test_a_wrong_code_at_the_counter(api: ApiCaller, waiting: str) -> None:
    body = {"location": "S1", "code": wrong_code(waiting)}
    assert api.post("hand-overs", body).status_code == 403
    row = the_record()
    assert (row.action, row.subject, row.outcome) == (
        "wrong_pickup_code", "locations/S1", "refused",
    )  # fmt: skip
    assert wrong_code(waiting) not in str(row.data)
    assert row.address == "127.0.0.1"


def test_a_wrong_code_of_one_pickup(api: ApiCaller, waiting: str) -> None:
    assert (
        api.post(f"fulfilments/{waiting}/collect", {"code": wrong_code(waiting)}).status_code == 403
    )
    row = the_record()
    assert (row.action, row.outcome) == ("wrong_pickup_code", "refused")
    assert row.subject == f"fulfilments/{waiting}"


def test_an_identity_that_was_checked(api: ApiCaller, waiting: str) -> None:
    step(api, waiting, "collect", {"identity": {"document": "passport"}})
    row = the_record()
    assert (row.action, row.outcome) == ("identity_checked", "done")
    assert row.data == {"document": "passport"}


def test_an_erasure(api: ApiCaller, jos: dict[str, Any]) -> None:
    api.post(f"customers/{jos['customer_id']}/erase")
    row = the_record()
    assert (row.action, row.subject) == ("customer.erased", f"customers/{jos['customer_id']}")


def test_an_export_of_a_customer(api: ApiCaller, jos: dict[str, Any]) -> None:
    api.get(f"customers/{jos['customer_id']}/export")
    row = the_record()
    assert (row.action, row.data) == ("customer.exported", {"orders": 1})
    assert row.subject == f"customers/{jos['customer_id']}"


def test_orders_that_are_read_are_counted(api: ApiCaller, jos: dict[str, Any]) -> None:
    place(api, ("B1", 1), ship_to=HOME)
    assert security_records() == [], "who places an order has read nothing"
    assert len(api.get("orders").json()["results"]) == 2
    row = the_record()
    assert (row.action, row.data) == ("personal_data.read", {"released": {"orders": 2}})
    one = api.get(f"orders/{jos['number']}")
    assert security_records()[-1].subject == f"/api/v1/orders/{jos['number']}"
    before = len(security_records())
    again = api.client.get(
        f"/api/v1/orders/{jos['number']}",
        headers=api.headers | {"If-None-Match": one["ETag"]},
    )
    assert again.status_code == 304
    assert api.get("orders/999").status_code == 404
    assert len(security_records()) == before, "nothing left the service"


def test_customers_in_the_admin(api: ApiCaller, jos: dict[str, Any]) -> None:
    staff = Client()
    staff.force_login(UserFactory(username="ada", role="agent"))
    staff.get(page("changelist", Customer))
    row = security_records()[-1]
    assert (row.action, row.actor) == ("personal_data.read", "ada")
    assert row.data == {"released": {"customers": 1}}
    staff.get(page("change", Customer, jos["customer_id"]))
    assert security_records()[-1].data == {"released": {"customers": 1}}
    assert len(security_records()) == 3
