"""A shop with goods to collect."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import place, step, units


@pytest.fixture(autouse=True)
def world() -> None:
    """Five of A1 and of B1 in one shop."""
    shop = LocationFactory(code="S1", store=True)
    ChannelFactory(code="web")
    ChannelFactory(code="pos")
    for code in ("A1", "B1"):
        stock_up(SkuFactory(code=code), shop, 5)


@pytest.fixture
def order(api: ApiCaller) -> dict[str, Any]:
    """Two of A1 and one of B1, to be collected at S1."""
    return place(api, ("A1", 2), ("B1", 1), pickup_at="S1")


@pytest.fixture
def code(order: dict[str, Any]) -> str:
    return str(order["fulfilments"][0]["id"])


@pytest.fixture
def waiting(api: ApiCaller, code: str) -> str:
    """The code of the fulfilment when all of it lies in bay 7."""
    step(api, code, "pick", units(("1", 2), ("2", 1)))
    step(api, code, "ready", {"bay": "7"})
    return code
