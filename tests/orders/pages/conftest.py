"""A warehouse with bins, a person who picks there, and orders that wait."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.orders.pages.pick_floor import set_up_floor, sign_in


@pytest.fixture
def floor() -> None:
    set_up_floor()


@pytest.fixture
def picker(floor: None) -> Client:
    return sign_in("picker")
