"""What members of staff see when they sign in."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ["associate", "operative", "agent", "manager"])
def test_a_role_looks_at_the_work_and_not_at_the_keys(role: str) -> None:
    user = UserFactory(username="kim", password="secret-enough", role=role, is_staff=True)
    browser = Client()
    browser.force_login(user)
    for page in ("orders/order", "inventory/stock", "orders/orderline", "stores/location"):
        assert browser.get(f"/admin/{page}/").status_code == 200, page
    for page in ("access/apikey", "access/user", "idempotency/storedanswer"):
        assert browser.get(f"/admin/{page}/").status_code == 403, page
    assert browser.get("/admin/stores/location/add/").status_code == 403


def test_without_a_role_there_is_nothing_to_see() -> None:
    browser = Client()
    browser.force_login(UserFactory(username="kim", is_staff=True))
    assert browser.get("/admin/orders/order/").status_code == 403
