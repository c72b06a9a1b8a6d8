"""The quick look at an order never passes what the serializer refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orders.api.order_body import OrderBody
from orders.api.sure_order import is_surely_valid
from tests.concurrency.nursery import open_nursery

WORDS = st.sampled_from(["1", "A1", "S1", "web", " x", "x ", "", "a b", "\t", "é", "y" * 70])
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, -1, 2.0, 10**9, "1", "", [], {}, "x" * 300, "\u00a0"]
)
PRICES = st.sampled_from(["1", "19.99", "19.999", "-1", ".5", "1.", "1e3", "٣", "0", "1.5\n"])
HAND_OVERS = st.fixed_dictionaries(
    {"type": st.sampled_from(["ship", "pickup", "same_day", "carry_out", "fly"])},
    optional={"location": WORDS | ODD, "extra": ODD},
)
LINES = st.fixed_dictionaries(
    {
        "line_id": WORDS,
        "sku": WORDS,
        "quantity": st.sampled_from([1, 2, 0, True, 1.0]),
        "unit_price": PRICES | ODD,
    },
    optional={"fulfilment": HAND_OVERS | ODD, "product_reference": WORDS | ODD},
)
EMAILS = st.sampled_from(["a@example.org", "a@", "", " a@example.org", "a b@example.org"])
CUSTOMERS = st.fixed_dictionaries(
    {}, optional={"external_id": WORDS, "email": EMAILS, "name": WORDS | ODD, "x": ODD}
)
PLACES = st.fixed_dictionaries(
    {},
    optional={
        "line1": WORDS | ODD,
        "postal_code": WORDS | st.just("SW1A 1AA"),
        "country": st.sampled_from(["GB", "gb", "GBR", "", "G1"]) | ODD,
        "latitude": st.sampled_from([51.5, 51, 91, "51", None, True]),
    },
)
ORDERS = st.fixed_dictionaries(
    {
        "channel": WORDS,
        "external_id": WORDS,
        "currency": st.sampled_from(["GBP", "JPY", "KWD", "XXX", "gbp"]),
        "lines": st.lists(LINES, max_size=3) | ODD,
    },
    optional={
        "reservation_id": WORDS | ODD,
        "customer": CUSTOMERS | ODD,
        "ship_to": PLACES | ODD,
        "allow_split": st.booleans() | ODD,
        "note": WORDS | ODD,
        "exchange_of": WORDS | ODD,
        "payment_reference": WORDS | ODD,
        "surprise": ODD,
    },
)


@given(ORDERS)
def test_what_passes_at_once_would_pass_the_serializer(order: dict[str, Any]) -> None:
    if is_surely_valid(order):
        assert OrderBody(data=order).is_valid()


def test_an_ordinary_order_passes_at_once() -> None:
    assert is_surely_valid(
        {
            "channel": "web",
            "external_id": "W-1",
            "currency": "GBP",
            "customer": {"name": "Ada", "email": "ada@example.org"},
            "ship_to": {"line1": "1 High Street", "postal_code": "SW1A 1AA", "country": "GB"},
            "lines": [
                {"line_id": "1", "sku": "A1", "quantity": 2, "unit_price": "19.99"},
                {
                    "line_id": "2",
                    "sku": "A1",
                    "quantity": 1,
                    "unit_price": "5",
                    "fulfilment": {"type": "pickup", "location": "S1"},
                },
            ],
        }
    )


def look_at_once() -> None:
    line = {"line_id": "1", "sku": "A1", "quantity": 1, "unit_price": "1.00"}
    order = {
        "channel": "web",
        "external_id": "1",
        "currency": "GBP",
        "lines": [line],
        "customer": {"name": "Ada"},
        "ship_to": {"city": "London"},
    }
    gate = Barrier(16)

    def look(_: int) -> bool:
        gate.wait()
        return is_surely_valid(order)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(look, range(16)))


def test_threads_that_meet_their_first_order_at_once_do_not_crash() -> None:
    """Without preparation at import, about every third process died of a segmentation fault."""
    nursery = open_nursery()
    processes = [nursery.Process(target=look_at_once) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
