"""Somebody who looks at the home page, and a retailer to look at."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.omniretail.overview.home_page_helpers import signed_in


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


@pytest.fixture
def manager() -> Client:
    return signed_in(is_staff=True, is_superuser=True)


@pytest.fixture
def retailer(api: ApiCaller) -> ApiCaller:
    """Two buildings with ten units each, and work of every kind at the shop."""
    shop = LocationFactory(code="S1", name="Soho", store=True, ships=True)
    depot = LocationFactory(code="W1", name="Depot", pickup=False)
    ChannelFactory()
    for building in (shop, depot):
        stock_up(SkuFactory(code=f"OF-{building.code}"), building, 10)
    return api
