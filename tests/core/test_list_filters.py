"""Lists take several values, and those with commas in them; people search by a part."""

from __future__ import annotations

import pytest

from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory, stock_up

pytestmark = pytest.mark.django_db


def codes(api: ApiCaller, path: str, name: str, **query: str) -> list[str]:
    answer = api.get(path, **query)
    assert answer.status_code == 200, answer.content
    return [each[name] for each in answer.json()["results"]]


def test_any_of_several_codes(api: ApiCaller) -> None:
    places = [LocationFactory(code=code) for code in ("S1", "S2", "S3")]
    for sku in (SkuFactory(code="A1"), SkuFactory(code="A,2"), SkuFactory(code="A3")):
        for place in places:
            stock_up(sku, place, 1)
    assert codes(api, "stock", "sku", sku="A1,A3", location="S2") == ["A1", "A3"]
    assert codes(api, "stock", "location", sku="A1", location="S3,S1,none") == ["S1", "S3"]
    assert codes(api, "stock", "sku", sku="A\\,2,A3", location="S1") == ["A,2", "A3"]
    assert codes(api, "stock/movements", "sku", sku="A1,A3", location="S1") == ["A1", "A3"]


def test_any_of_several_words(api: ApiCaller) -> None:
    LocationFactory(code="S1", store=True, pickup=True)
    LocationFactory(code="W1", pickup=False, same_day=True)
    assert codes(api, "locations", "code", kind="store,warehouse") == ["S1", "W1"]
    assert codes(api, "locations", "code", kind="store") == ["S1"]
    assert codes(api, "locations", "code", capability="pickup") == ["S1"]
    assert codes(api, "locations", "code", capability="pickup,same_day") == ["S1", "W1"]


def test_people_search_by_a_part(api: ApiCaller) -> None:
    LocationFactory(code="S1", name="Soho")
    LocationFactory(code="W1", name="Depot")
    assert codes(api, "locations", "code", q="oho") == ["S1"]
    assert codes(api, "locations", "code", q="w") == ["W1"]
    SkuFactory(code="MUG-1", name="Blue mug")
    assert codes(api, "skus", "sku", q="blue") == codes(api, "skus", "sku", q="mug-") == ["MUG-1"]
