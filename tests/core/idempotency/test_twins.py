"""A request that waited for its twin gets the twin's answer, whatever it would get by itself."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from core.access.models import ApiClient
from core.idempotency.answers import Answer, IdempotencyKey
from core.idempotency.execute import execute_once
from core.problems.catalogue import Conflict, DomainError, NotFound
from tests.concurrency.threads import wait_until_blocked
from tests.factories import ApiClientFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
KEY = IdempotencyKey("client:1", "one", hashlib.sha256(b"").digest())


@pytest.mark.parametrize("refusal", [NotFound, Conflict])
def test_whatever_an_act_is_refused_for_when_it_is_done(refusal: type[DomainError]) -> None:
    ApiClientFactory(name="gone soon")

    def delete() -> tuple[int, object]:
        deleted, _ = ApiClient.objects.filter(name="gone soon").delete()
        if not deleted:
            raise refusal()
        return 200, {"deleted": deleted}

    def twin() -> Answer:
        try:
            return execute_once(KEY, delete)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = execute_once(KEY, delete)
            second = pool.submit(twin)
            wait_until_blocked()
        assert second.result() == first.replay()
