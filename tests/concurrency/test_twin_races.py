"""The same act twice at once is one act: neither sender hears of a refusal that the other caused.

The second is sent while the first has not committed, so it waits for it, wherever it locks first.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from core.access.keys import issue_key
from orders.models import Order
from tests.concurrency.load import Call, call_at_once
from tests.concurrency.threads import wait_until_blocked
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ApiClientFactory,
    BarcodeFactory,
    BinFactory,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    PlacementFactory,
    ReturnBody,
    SkuFactory,
    stock_up,
)
from tests.inventory.stock_helpers import cart, hold
from tests.orders.fulfilment_helpers import assert_laws_hold, end_waiting, place, step, stock, units
from tests.orders.picking.picking_helpers import scan, start

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

GTIN = "05012345678900"
Sent = tuple[str, Any]  # path, body


@pytest.fixture(autouse=True)
def world() -> None:
    """Two of A1 in a warehouse, and a shop."""
    warehouse = LocationFactory(code="W1", returns=True)
    LocationFactory(code="S1", store=True, priority=200, returns=True)
    ChannelFactory(code="web")
    article = SkuFactory(code="A1")
    BarcodeFactory(sku=article, code=GTIN)
    PlacementFactory(sku=article, bin=BinFactory(location=warehouse, code="L1"))
    BinFactory(location=warehouse, code="L2")
    stock_up(article, warehouse, 2)


def send_twice(
    api: ApiCaller, path: str, body: Any, *, keys: tuple[str, str], also_lock: str = ""
) -> tuple[Any, Any]:
    """Send an act, and its twin before it has committed; return both answers.

    `also_lock`: a table that the twin finds locked until then, if nothing else would stop it.
    """

    def twin() -> Any:
        try:
            return api.post(path, body, key=keys[1])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = api.post(path, body, key=keys[0])
            assert first.status_code in (200, 201), first.json()
            if also_lock:
                with connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {also_lock} IN ACCESS EXCLUSIVE MODE")
            second = pool.submit(twin)
            wait_until_blocked()
        return first, second.result()


# Under one key


def fulfilment(api: ApiCaller, *steps: tuple[str, Any], **more: Any) -> str:
    """Place an order of two A1 and take these steps; return the path of its fulfilment."""
    code: str = place(api, ("A1", 2), **more)["fulfilments"][0]["id"]
    for action, body in steps:
        step(api, code, action, body)
    return f"fulfilments/{code}"


PICK = ("pick", units(("1", 2)))
PACK = ("pack", None)
SHIP = ("ship", {"carrier": "Post", "tracking_number": "1"})
READY = ("ready", {"bay": "7"})
PASSPORT = {"identity": {"document": "passport"}}


def step_after(*steps: tuple[str, Any], **more: Any) -> Callable[[ApiCaller], Sent]:
    """Return an act that is the last of these steps."""

    def prepare(api: ApiCaller) -> Sent:
        *before, (action, body) = steps
        return f"{fulfilment(api, *before, **more)}/{action}", body

    return prepare


def waiting_too_long(api: ApiCaller) -> str:
    path = fulfilment(api, PICK, READY, pickup_at="W1")
    end_waiting()
    return path


def line_of_list(api: ApiCaller) -> tuple[str, dict[str, Any]]:
    fulfilment(api)
    pick_list = start(api)
    return f"pick-lists/{pick_list['id']}", pick_list["lines"][0]


def shipped_order(api: ApiCaller) -> str:
    path = fulfilment(api, PICK, PACK, SHIP)
    return path.split("/")[1].rsplit("-", 1)[0]


def announcement(api: ApiCaller, resolution: str = "refund") -> dict[str, Any]:
    line = {"line_id": "1", "quantity": 2, "reason": "too small"}
    return ReturnBody(order=shipped_order(api), lines=[line], resolution=resolution)


def arrived(disposition: str) -> dict[str, Any]:
    line = {"line_id": "1", "quantity": 2, "disposition": disposition}
    return {"location": "S1", "lines": [line]}


def returned(api: ApiCaller, *dispositions: str) -> str:
    path = f"returns/{done(api.post('returns', announcement(api)))['id']}"
    for disposition in dispositions:
        done(api.post(f"{path}/receipts", arrived(disposition)))
    return path


def decision() -> dict[str, Any]:
    line = {"line_id": "1", "quantity": 2, "location": "S1", "disposition": "restock"}
    return {"lines": [line]}


def transfer(api: ApiCaller, *actions: str) -> str:
    lines = [{"sku": "A1", "quantity": 2}]
    draft = done(api.post("transfers", {"from": "W1", "to": "S1", "lines": lines}))
    path = f"transfers/{draft['id']}"
    for action in actions:
        done(api.post(f"{path}/{action}", {}))
    return path


def count(api: ApiCaller, *actions: str) -> str:
    started = done(api.post("stock/counts", {"location": "W1", "select": {"skus": ["A1"]}} | LOOSE))
    path = f"stock/counts/{started['id']}"
    done(api.post(f"{path}/entries", {"entries": [entry()]}))
    for action in actions:
        done(api.post(f"{path}/{action}", {}))
    return path


def entry() -> dict[str, Any]:
    return {"entry_id": str(uuid.uuid4()), "sku": "A1", "quantity": 1}


def delivery(api: ApiCaller) -> str:
    return f"deliveries/{done(api.post('deliveries', EXPECTED))['id']}"


def done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.json()
    return answer.json()


ORDER = {"external_id": "twin", "lines": [{"line_id": "1", "sku": "A1", "unit_price": "1.00"}]}
ORDER["lines"][0]["quantity"] = 2  # type: ignore[index]
EXPECTED = {"location": "W1", "reference": "PO-1", "lines": [{"sku": "A1", "quantity": 2}]}
LOOSE = {"threshold": {"units": 100, "percent": 100}}
SPOT = {"sku": "A1", "location": "W1"}
PLACED = {"lines": [{"sku": "A1", "bin": "L1"}]}

ACTS: dict[str, Callable[[ApiCaller], Sent]] = {
    "place": lambda api: ("orders", OrderBody(**ORDER)),
    "place_cart": lambda api: (
        "orders",
        OrderBody(**ORDER, reservation_id=hold(api, ("A1", 2))),
    ),
    "batch": lambda api: ("orders/batch", {"orders": [OrderBody(**ORDER)]}),
    "cancel": lambda api: (
        f"orders/{place(api, ('A1', 2))['number']}/cancellations",
        {"reason": "changed mind"},
    ),
    "hold": lambda api: ("reservations", cart(("A1", 2))),
    "extend": lambda api: (
        f"reservations/{hold(api, ('A1', 2))}/extend",
        {"ttl_seconds": 900},
    ),
    "release": lambda api: (f"reservations/{hold(api, ('A1', 2))}/release", None),
    "accept": step_after(("accept", None)),
    "pick": step_after(PICK),
    "pack": step_after(PICK, PACK),
    "ship": step_after(PICK, PACK, SHIP),
    "deliver": step_after(PICK, PACK, SHIP, ("deliver", None)),
    "ready": step_after(PICK, READY, pickup_at="W1"),
    "collect": step_after(PICK, READY, ("collect", PASSPORT), pickup_at="W1"),
    "expire": lambda api: (f"{waiting_too_long(api)}/expire", None),
    "reject": step_after(("reject", {"reason": "no_capacity"})),
    "start_list": lambda api: (
        "pick-lists",
        {"location": "W1", "fulfilments": [fulfilment(api).split("/")[1]]},
    ),
    "scan": lambda api: (f"{line_of_list(api)[0]}/scans", {"scans": [scan(GTIN, 2)]}),
    "short": lambda api: (
        "{}/lines/{[id]}/short".format(*line_of_list(api)),
        {"found": 1},
    ),
    "announce": lambda api: ("returns", announcement(api)),
    "receive": lambda api: (f"{returned(api)}/receipts", arrived("restock")),
    "dispose": lambda api: (f"{returned(api, 'inspect')}/dispositions", decision()),
    "cancel_return": lambda api: (f"{returned(api)}/cancel", None),
    "adjust": lambda api: (
        "stock/adjustments",
        {"reason": "lost", "lines": [SPOT | {"on_hand_delta": -2}]},
    ),
    "set_apart": lambda api: (
        "stock/unavailable",
        {"lines": [SPOT | {"quantity": 2, "from": "available", "to": "damaged"}]},
    ),
    "count_now": lambda api: (
        "stock/counts/apply",
        {"reason": "cycle_count", "lines": [SPOT | {"on_hand": 1, "expected": 2}]},
    ),
    "enter_count": lambda api: (f"{count(api)}/entries", {"entries": [entry()]}),
    "submit_count": lambda api: (f"{count(api)}/submit", None),
    "apply_count": lambda api: (f"{count(api, 'submit')}/apply", None),
    "cancel_count": lambda api: (f"{count(api)}/cancel", None),
    "expect": lambda api: ("deliveries", EXPECTED),
    "receive_delivery": lambda api: (
        f"{delivery(api)}/receipts",
        {"lines": [{"sku": "A1", "quantity": 2}]},
    ),
    "cancel_delivery": lambda api: (f"{delivery(api)}/cancel", None),
    "dispatch": lambda api: (f"{transfer(api)}/dispatch", {}),
    "receive_transfer": lambda api: (f"{transfer(api, 'dispatch')}/receive", {"close": True}),
    "cancel_transfer": lambda api: (f"{transfer(api)}/cancel", {}),
    "scan_transfer": lambda api: (f"{transfer(api)}/scans", {"scans": [scan(GTIN, 2)]}),
    "move_placement": lambda api: (
        "locations/W1/placements/move",
        {"sku": "A1", "from_bin": "L1", "to_bin": "L2"},
    ),
    "remove_placement": lambda api: ("locations/W1/placements/remove", {"sku": "A1", "bin": "L1"}),
}


@pytest.mark.parametrize("act", ACTS)
def test_the_same_request_twice_at_once_has_one_answer(act: str) -> None:
    api = make_caller(["*"])
    path, body = ACTS[act](api)
    first, second = send_twice(api, path, body, keys=("one", "one"))
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second["Idempotency-Replayed"] == "true"
    assert_laws_hold()


# Under keys of their own: what names the act is in its body


@pytest.mark.parametrize(
    ("act", "also_lock"),
    [("place", "inventory_stock"), ("place_cart", ""), ("batch", "inventory_stock")],
)
def test_the_same_order_is_placed_once(act: str, also_lock: str) -> None:
    """The twin finds no order, and then no goods: in between they were sold to the first."""
    api = make_caller(["*"])
    path, body = ACTS[act](api)
    first, second = send_twice(api, path, body, keys=("one", "other"), also_lock=also_lock)
    if act == "batch":
        (result,) = second.json()["results"]
        (placed,) = first.json()["results"]
        assert (result["status"], result["order"]) == (200, placed["order"])
    else:
        assert (second.status_code, second.json()) == (200, first.json())
    assert stock("A1", "W1") == (2, 2, 0)


CARTS, TWINS = 12, 4


def test_carts_are_ordered_once_each_by_many_at_once() -> None:
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), CARTS)
    key = issue_key(client=ApiClientFactory(name="load"))
    api = ApiCaller(key)
    bodies = [
        OrderBody(
            external_id=f"order-{number}",
            reservation_id=hold(api, ("A1", 1)),
            lines=[OrderLineBody(sku="A1")],
        )
        for number in range(CARTS)
    ]
    calls = [
        Call("orders", body, key=f"{number}-{twin}")
        for number, body in enumerate(bodies)
        for twin in range(TWINS)
    ]
    answers = call_at_once(calls, api_key=key)
    assert Counter((a.status, a.code) for a in answers) == {
        (201, None): CARTS,
        (200, None): CARTS * (TWINS - 1),
    }
    assert Order.objects.count() == CARTS
    assert_laws_hold()
