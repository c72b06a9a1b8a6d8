"""Ways out of a box or a bay that meet each other: each unit goes one way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db.models import Sum

from core.access.keys import issue_key
from inventory.models import Stock
from orders.models import Fulfilment, OrderLine
from orders.pickup_code import pickup_pass
from tests.concurrency.load import Call, call_at_once
from tests.conftest import ApiCaller
from tests.factories import (
    ApiClientFactory,
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    stock_up,
)
from tests.inventory.laws import assert_pool_laws
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    end_waiting,
    place,
    step,
    stock,
    units,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

HAD = 40
PARCEL = {"carrier": "Post", "tracking_number": "1"}
REFUSED = (409, "illegal_transition")


@pytest.fixture
def api_key() -> str:
    return issue_key(client=ApiClientFactory(name="load"))


@pytest.fixture(autouse=True)
def world() -> None:
    """Forty of A1 and of B1 in one shop."""
    ChannelFactory(code="web")
    shop = LocationFactory(code="S1", store=True)
    for code in ("A1", "B1"):
        stock_up(SkuFactory(code=code), shop, HAD)


def packed(api: ApiCaller, count: int) -> list[str]:
    codes = []
    for number in range(count):
        lines = (("A1", 1), ("B1", 1)) if number % 2 else (("B1", 1), ("A1", 1))
        code = place(api, *lines)["fulfilments"][0]["id"]
        step(api, code, "pick", units(("1", 1), ("2", 1)))
        step(api, code, "pack")
        codes.append(code)
    return codes


def ready(api: ApiCaller, **order: Any) -> str:
    code: str = place(api, ("A1", 1), ("B1", 1), pickup_at="S1", **order)["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 1), ("2", 1)))
    step(api, code, "ready")
    return code


def at_once(calls: list[tuple[str, Any]], api_key: str, key: str = "call") -> list[Any]:
    """Send them from two processes; neighbours go to different ones."""
    return call_at_once(
        [Call(path, body, key=f"{key}-{number}") for number, (path, body) in enumerate(calls)],
        api_key=api_key,
        processes=2,
        threads=6,
    )


def check(*, gone: int) -> None:
    """Compare with the count of what went out: the rest is reserved, to put back, or on sale."""
    for sku in ("A1", "B1"):
        assert stock(sku, "S1")[0] == HAD - gone
    assert (OrderLine.objects.aggregate(units=Sum("fulfilled"))["units"] or 0) == 2 * gone
    assert_laws_hold()
    assert_pool_laws()


def test_a_box_is_opened_or_shipped(api: ApiCaller, api_key: str) -> None:
    codes = packed(api, 10)
    calls = [
        call
        for code in codes
        for call in (
            (f"fulfilments/{code}/ship", PARCEL),
            (f"fulfilments/{code}/unpack", {}),
        )
    ]
    answers = at_once(calls, api_key)
    assert {(a.status, a.code) for a in answers} <= {(200, None), REFUSED}
    states = Counter(Fulfilment.objects.values_list("state", flat=True))
    assert states.keys() <= {"shipped", "picking"}
    assert sum(a.status == 200 for a in answers) == len(codes)
    check(gone=states["shipped"])


def test_a_box_is_packed_or_cancelled(api: ApiCaller, api_key: str) -> None:
    """A box that is cancelled once it is closed has its units to put back, as has a tote."""
    codes = packed(api, 8)
    for code in codes:
        step(api, code, "unpack")
    calls = [
        call
        for code in codes
        for call in (
            (f"fulfilments/{code}/pack", {}),
            (f"fulfilments/{code}/cancel", {"reason": "x"}),
            (f"orders/{code.rpartition('-')[0]}/cancellations", {"reason": "y"}),
        )
    ]
    answers = at_once(calls, api_key)
    assert {a.status for a in answers} <= {200, 201, 409}
    assert set(Fulfilment.objects.values_list("state", flat=True)) == {"cancelled"}
    for sku in ("A1", "B1"):
        assert stock(sku, "S1") == (HAD, 0, len(codes))
    check(gone=0)
    put_back = [(f"fulfilments/{code}/put-back", {}) for code in codes for _ in range(2)]
    again = at_once(list(put_back), api_key, key="back")
    assert Counter((a.status, a.code) for a in again) == {(200, None): 8, REFUSED: 8}
    for row in Stock.objects.all():
        assert (row.on_hand, row.reserved, row.unavailable) == (HAD, 0, 0)
    check(gone=0)


def test_a_pickup_is_collected_expired_or_cancelled(api: ApiCaller, api_key: str) -> None:
    codes = [ready(api) for _ in range(6)]
    end_waiting(*codes)
    calls = [
        call
        for code in codes
        for call in (
            (f"fulfilments/{code}/collect", {"code": pickup_pass(code, "S1").code}),
            (f"fulfilments/{code}/expire", {}),
            (f"fulfilments/{code}/cancel", {"reason": "x"}),
            (f"fulfilments/{code}/extend", {"days": 1}),
        )
    ]
    answers = at_once(calls, api_key)
    assert {(a.status, a.code) for a in answers} <= {
        (200, None), REFUSED, (409, "pickup_not_over"),
    }  # fmt: skip
    states = Counter(Fulfilment.objects.values_list("state", flat=True))
    assert states.keys() <= {"collected", "expired", "cancelled"}
    gone = states["collected"]
    assert stock("A1", "S1") == (HAD - gone, 0, len(codes) - gone)
    check(gone=gone)


def test_one_visit_is_handed_over_once(api: ApiCaller, api_key: str) -> None:
    """Two counters, one customer with three parcels, and one of them opened by itself."""
    ada = {"name": "Ada", "email": "ada@example.org"}
    codes = [ready(api, customer=ada) for _ in range(3)]
    passes = [pickup_pass(code, "S1") for code in codes]
    visits = [("hand-overs", {"location": "S1", "code": shown.code}) for shown in passes]
    visits += [("hand-overs", {"location": "S1", "qr": shown.qr}) for shown in passes]
    visits += [(f"fulfilments/{codes[1]}/collect", {"code": passes[1].code})]
    answers = at_once(visits, api_key)
    assert {(a.status, a.code) for a in answers} <= {(201, None), (200, None), REFUSED}
    given = [each["id"] for a in answers if a.status == 201 for each in a.body["fulfilments"]]
    given += [a.body["id"] for a in answers if a.status == 200]
    assert sorted(given) == sorted(codes)
    check(gone=3)


def test_guesses_at_one_counter_get_no_more_tries(api: ApiCaller, api_key: str) -> None:
    code = ready(api)
    right = int(pickup_pass(code, "S1").code)
    guesses = [
        ("hand-overs", {"location": "S1", "code": f"{(right + n) % 10**6:06d}"})
        for n in range(1, 31)
    ]
    answers = at_once(guesses, api_key)
    assert Counter((a.status, a.code) for a in answers) == {
        (403, "wrong_pickup_code"): 20, (403, "pickup_locked"): 10,
    }  # fmt: skip
    check(gone=0)


def test_a_parcel_is_lost_delivered_or_comes_back(api: ApiCaller, api_key: str) -> None:
    codes = packed(api, 6)
    for code in codes:
        step(api, code, "ship", PARCEL)
    calls = [
        call
        for code in codes
        for call in (
            (f"fulfilments/{code}/lost", {"instead": "send_again"}),
            (f"fulfilments/{code}/deliver", {}),
            (f"fulfilments/{code}/returning", {}),
        )
    ]
    answers = at_once(calls, api_key)
    assert Counter((a.status, a.code) for a in answers) == {(200, None): 6, REFUSED: 12}
    lost = Fulfilment.objects.filter(state="lost").count()
    again = Fulfilment.objects.filter(state="open").count()
    assert again == lost
    assert stock("A1", "S1") == (HAD - 6, lost, 0)
    assert_laws_hold()
    assert_pool_laws()


def test_a_pickup_moves_or_is_handed_over(api: ApiCaller, api_key: str) -> None:
    LocationFactory(code="S2", store=True)
    codes = [ready(api) for _ in range(6)]
    calls = [
        call
        for code in codes
        for call in (
            (f"fulfilments/{code}/move", {"location": "S2"}),
            (f"fulfilments/{code}/collect", {"code": pickup_pass(code, "S1").code}),
        )
    ]
    answers = at_once(calls, api_key)
    assert {(a.status, a.code) for a in answers} <= {(200, None), REFUSED}
    gone = Fulfilment.objects.filter(state="collected").count()
    moved = Fulfilment.objects.filter(state="picking", location__code="S2").count()
    assert gone + moved == len(codes)
    assert stock("A1", "S1") == (HAD - gone, moved, 0)
    check(gone=gone)
