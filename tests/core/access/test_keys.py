"""What a busy process believes of a key for a second."""

from __future__ import annotations

import pytest
from django.utils import timezone

from core.access import keys
from core.access.keys import recognise_lately
from core.access.models import ApiKey
from tests.conftest import make_caller

pytestmark = pytest.mark.django_db


def key_of_a_client() -> str:
    return make_caller(["*"]).headers["Authorization"].partition(" ")[2]


def test_a_key_is_looked_up_again_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LATELY", 1.0)
    now = [100.0]
    monkeypatch.setattr(keys.time, "monotonic", lambda: now[0])
    key = key_of_a_client()
    assert recognise_lately(key) is not None
    ApiKey.objects.update(revoked_at=timezone.now())
    now[0] += 0.9
    assert recognise_lately(key) is not None
    now[0] += 0.2
    assert recognise_lately(key) is None
    assert recognise_lately("omni_unknown") is None


def test_memory_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_REMEMBERED", 2)
    for _ in range(5):
        assert recognise_lately(key_of_a_client()) is not None
    assert len(keys._lately) <= 2
