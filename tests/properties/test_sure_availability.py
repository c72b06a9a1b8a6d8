"""The express lane answers questions for availability as the normal way does, byte for byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import ledger
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    RingFenceFactory,
    SkuFactory,
    TransferFactory,
    hold_units,
    stock_up,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 4, 12, 0, 30, 123456, tzinfo=UTC)
HOURS = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
SEEN, UNSEEN = "application/json", "application/json, text/html;q=0.1"  # the lane takes one of them

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 2.0, 10**30, "1", "", [], {}, "x" * 65, " A1", "a/b", "\u00a0", "\x7f"]
)
SKUS = st.sampled_from(["A1", "B1", "C1", "D1", "É 1", "NONE"])
QUANTITIES = st.sampled_from([1, 3, 7, 1_000_000, 1_000_001])
LINES = st.fixed_dictionaries(
    {"sku": SKUS | ODD, "quantity": QUANTITIES | ODD}, optional={"x": ODD}
) | st.fixed_dictionaries({"sku": SKUS, "quantity": QUANTITIES})
DESTINATIONS = st.fixed_dictionaries(
    {},
    optional={
        "latitude": st.sampled_from([51.5, 51, -91, True, None]),
        "longitude": st.sampled_from([-0.1, 0, 181, "0", None]),
        "postal_code": st.sampled_from(["SW1A 1AA", " LS1 ", "", "?", "x" * 33, None]),
        "country": st.sampled_from(["GB", "uk", "GBR", " G", None]),
    },
)
QUESTIONS = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["web", "pos", "web", "fax", " web"]),
        "lines": st.lists(LINES, max_size=5) | ODD,
    },
    optional={
        "destination": DESTINATIONS | ODD,
        "locations": st.lists(st.sampled_from(["S1", "W1", "MOON"]), max_size=2) | ODD,
        "when": ODD,
    },
)
PLAIN = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["web", "pos"]),
        "lines": st.lists(
            st.fixed_dictionaries(
                {"sku": st.sampled_from(["A1", "B1", "C1", "D1", "É 1"]), "quantity": QUANTITIES}
            ),
            min_size=1,
            max_size=6,
        ),
    },
    optional={"destination": DESTINATIONS},
)


@pytest.fixture
def callers(monkeypatch: pytest.MonkeyPatch, api: ApiCaller) -> list[ApiCaller]:
    """Every kind of thing that bears on a shelf; who may see all of it, and who only some."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    shop = LocationFactory(code="S1", store=True, hours=HOURS, ships=False, latitude=53.8)
    ware = LocationFactory(code="W1", hours=HOURS, pickup=False)
    far = LocationFactory(code="W2", latitude=40.0)
    web, pos = ChannelFactory(code="web"), ChannelFactory(code="pos", locations=[shop, ware])
    shirt, mug, lamp, cup = (SkuFactory(code=code) for code in ("A1", "B1", "C1", "É 1"))
    SkuFactory(code="D1")
    for sku in (shirt, mug, lamp):
        for place, units in ((shop, 5), (ware, 9), (far, 2)):
            stock_up(sku, place, units)
    stock_up(cup, ware, 1)
    ledger.set_safety_stock([(shirt.pk, shop.pk, 2)], actor="test")
    RingFenceFactory(channel=pos, sku=shirt, location=ware, quantity=4)
    RingFenceFactory(channel=web, sku=shirt, location=ware, quantity=1, until=NOON)
    later = datetime.now(UTC) + timedelta(days=9)
    RingFenceFactory(channel=web, sku=mug, location=ware, quantity=3, until=later)
    hold_units(mug, ware, 3, channel=web, until=datetime(2020, 1, 1, tzinfo=UTC))
    rule = {"kind": "safety_stock", "sku": "C1", "location": "S1", "quantity": 1}
    assert api.put("keep-rules/lamps", rule).status_code == 201
    transfer = TransferFactory(source=ware, destination=shop)
    transfer.lines.create(sku=cup, quantity=2)
    return [api, make_caller(["stock:read"], locations=["W1", "S1"], channels=["web"])]


def answers(caller: ApiCaller, raw: bytes) -> list[tuple[int, str, bytes]]:
    found = []
    for accept in (SEEN, UNSEEN):
        answer = caller.client.post(
            "/api/v1/availability/query",
            raw,
            content_type="application/json",
            headers=caller.headers | {"Accept": accept},
        )
        assert answer.has_header("X-Request-Id")
        found.append((answer.status_code, answer["Content-Type"], answer.content))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(question=PLAIN | QUESTIONS, first=st.booleans())
def test_both_ways_answer_alike(callers: list[ApiCaller], question: Any, first: bool) -> None:
    lane, normal = answers(callers[not first], json.dumps(question).encode())
    assert lane == normal
    assert lane[0] in (200, 400)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b'{"channel":"web","lines":[{"sku":"A1","quantity":NaN}]}',
        b'{"channel":"web","lines":[{"sku":"A1","quantity":1e0}]}',
        b'{"channel":"web","lines":[{"sku":"\\ud800","quantity":1}]}',
        b'{"channel":"web","lines":[{"sku":"A1\\u0000","quantity":1}]}',
        b'{"channel":"fax","channel":"web","lines":[{"sku":"A1","quantity":1}]}',
        b'\xef\xbb\xbf{"channel":"web","lines":[{"sku":"A1","quantity":1}]}',
        b'{"channel":"web","lines":[{"sku":"A1","quantity":1}]',
        b'{"channel":"web","lines":[{"sku":"\xff","quantity":1}]}',
    ],
)
def test_both_ways_read_alike(callers: list[ApiCaller], raw: bytes) -> None:
    lane, normal = answers(callers[0], raw)
    assert lane == normal


def test_the_lane_is_taken(callers: list[ApiCaller]) -> None:
    """Else both would be the normal way, and the comparison could not fail."""
    question = {"channel": "web", "lines": [{"sku": "A1", "quantity": 1}]}
    for accept, is_normal in ((SEEN, False), (UNSEEN, True)):
        answer = callers[0].client.post(
            "/api/v1/availability/query",
            json.dumps(question),
            content_type="application/json",
            headers=callers[0].headers | {"Accept": accept},
        )
        assert answer.status_code == 200
        assert answer.has_header("Allow") == is_normal
