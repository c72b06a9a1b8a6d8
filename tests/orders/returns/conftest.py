"""A shop that takes goods back."""

from __future__ import annotations

import pytest

from tests.builders import make_channel, make_location, make_sku, stock_up


@pytest.fixture
def shop() -> None:
    """A shop that sells, another that never stocked anything, and three articles."""
    home = make_location("S1", kind="store")
    make_location("S2", kind="store", priority=200)
    for code in ("pos", "web", "market"):
        make_channel(code)
    for code in ("A1", "B1", "C1"):
        stock_up(make_sku(code), home, 20)
