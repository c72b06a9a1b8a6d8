"""Limits of clients, counted in the broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.access import rate
from core.access.rate import spend
from core.embedded.broker import Broker


def test_it_is_counted_in_the_brokers_redis_by_all_who_use_it(
    home: Path, settings: Any, request: pytest.FixtureRequest
) -> None:
    """As long as it is there; then by each for itself."""
    broker = Broker(home)
    broker.start()
    settings.CELERY_BROKER_URL = f"redis+socket://{broker.socket}"
    rate.counts.cache_clear()
    request.addfinalizer(rate.counts.cache_clear)
    first, second = [spend("1", 2) for _ in range(2)]
    rate.counts.cache_clear()  # as another process
    third = spend("1", 2)
    assert (first.limit, first.left, first.clear_in, first.wait) == (2, 1, 30, 0)
    assert (second.left, second.wait, third.left) == (0, 0, 0)
    assert 55 <= second.clear_in <= 60
    assert 25 <= third.wait <= 30
    assert spend("2", 2).wait == 0
    broker.stop()
    assert [spend("1", 2).wait for _ in range(3)] == [0, 0, 30]
