"""Digests of what can be guessed."""

from __future__ import annotations

import hashlib
import importlib
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.utils.crypto import salted_hmac

from core.access.digests import is_keyed_digest, keyed_digest
from core.idempotency.models import StoredAnswer
from orders.models import Order
from orders.pickup_code import is_right_code, is_right_qr, pickup_pass
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, OrderBody, SkuFactory, stock_up

NEW = override_settings(SECRET_KEY="the new one")


def test_they_are_those_of_django_and_of_their_purpose() -> None:
    django = salted_hmac("a purpose", b"123456", algorithm="sha256").digest()
    assert keyed_digest("a purpose", b"123456") == django
    assert keyed_digest("another", b"123456") != django


def test_a_secret_that_was_replaced_is_believed_while_it_is_named(settings: Any) -> None:
    old = settings.SECRET_KEY
    kept = keyed_digest("p", b"x")
    shown = pickup_pass("100001-1", "S1")
    with NEW:
        assert not is_keyed_digest(kept, "p", b"x")
        assert not is_right_code("100001-1", "S1", shown.code)
        assert not is_right_qr("100001-1", "S1", shown.qr)
    with NEW, override_settings(SECRET_KEY_FALLBACKS=[old]):
        assert keyed_digest("p", b"x") != kept
        assert is_keyed_digest(kept, "p", b"x")
        assert not is_keyed_digest(kept, "p", b"y")
        new = pickup_pass("100001-1", "S1")
        for each in (shown, new):
            assert is_right_code("100001-1", "S1", each.code)
            assert is_right_qr("100001-2", "S1", each.qr)
        assert new != shown


def test_the_secret_of_a_pass_opens_nothing_by_itself() -> None:
    shown = pickup_pass("100001-1", "S1")
    token = shown.qr.rpartition(":")[2]
    for given in (token, f":{token}", f"omni:pickup:{token}", f"omni:pickup:100002-1:{token}"):
        assert not is_right_qr("100001-1", "S1", given)


@pytest.fixture
def order(api: ApiCaller) -> dict[str, Any]:
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="S1", store=True), 5)
    body: dict[str, Any] = OrderBody()
    assert api.post("orders", body, key="k").status_code == 201
    return body


@pytest.mark.django_db
def test_a_repeat_is_known_under_the_next_secret(
    api: ApiCaller, order: dict[str, Any], settings: Any
) -> None:
    old = settings.SECRET_KEY
    with NEW, override_settings(SECRET_KEY_FALLBACKS=[old]):
        again = api.post("orders", order, key="k")
        assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
        assert api.post("orders", order, key="other").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "migration"),
    [
        (StoredAnswer, "core.idempotency.migrations.0003_fingerprints_are_keyed"),
        (Order, "orders.migrations.0017_fingerprints_are_keyed"),
    ],
)
def test_what_is_kept_of_a_request_is_keyed_by_the_upgrade_too(
    api: ApiCaller, order: dict[str, Any], table: Any, migration: str
) -> None:
    fingerprint = bytes(table.objects.values_list("fingerprint", flat=True).get())
    plain = hashlib.sha256(b"as it was before").digest()
    table.objects.update(fingerprint=plain)
    changed = Order.objects.get().updated_at
    module = importlib.import_module(migration)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the table cannot be altered
    with connection.schema_editor() as editor:
        module.key(None, editor)
    kept = bytes(table.objects.values_list("fingerprint", flat=True).get())
    purpose = {StoredAnswer: "core.idempotency.fingerprint", Order: "orders.order.fingerprint"}
    assert kept == keyed_digest(purpose[table], plain) != fingerprint
    assert Order.objects.get().updated_at == changed
