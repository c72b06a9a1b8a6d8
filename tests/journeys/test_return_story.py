"""A parcel leaves a warehouse for a web customer, and its goods come back to three places."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import StockMovement
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    ReturnBody,
    SkuFactory,
    stock_up,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def retailer() -> None:
    warehouse = LocationFactory(code="W1", address={"line1": "1 Dock Road", "country": "GB"})
    LocationFactory(code="S1", store=True, priority=200)
    LocationFactory(code="S2", store=True, priority=300)
    ChannelFactory(code="web")
    ChannelFactory(code="pos")
    for code, units in (("SHIRT-M", 4), ("SHIRT-L", 1)):
        stock_up(SkuFactory(code=code), warehouse, units)


def done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.json()
    return answer.json()


def ship_an_order(api: ApiCaller) -> str:
    """Order three medium shirts and a large one on the web; pick, pack and ship them."""
    order = done(
        api.post(
            "orders",
            OrderBody(
                external_id="W-1001",
                payment_reference="PAY-1",
                customer={"name": "Jo Reed", "email": "jo@example.org"},
                ship_to={"name": "Jo Reed", "line1": "2 Elm Row", "country": "GB"},
                lines=[
                    OrderLineBody(sku="SHIRT-M", quantity=3, unit_price="20.00"),
                    OrderLineBody(line_id="2", sku="SHIRT-L", unit_price="25.00"),
                ],
            ),
        )
    )
    (fulfilment,) = order["fulfilments"]
    address = f"fulfilments/{fulfilment['id']}"
    units = [{"line_id": "1", "quantity": 3}, {"line_id": "2", "quantity": 1}]
    done(api.post(f"{address}/pick", {"lines": units}))
    done(api.post(f"{address}/pack"))
    done(api.post(f"{address}/ship", {"carrier": "Royal Mail", "tracking_number": "RM1"}))
    return order["number"]


def stock(api: ApiCaller, sku: str, location: str) -> tuple[int, int]:
    (row,) = api.get("stock", sku=sku, location=location).json()["results"]
    return row["on_hand"], row["unavailable"]


def test_goods_come_back_by_parcel_at_another_shop_and_without_a_word(
    api: ApiCaller, retailer: None
) -> None:
    order = ship_an_order(api)
    till = make_caller(["returns:write", "orders:read"], channels=["pos"], locations=["S2"])

    # The customer announces two medium shirts on the site, by parcel.
    ret = done(
        api.post(
            "returns",
            ReturnBody(
                order=order,
                lines=[{"sku": "SHIRT-M", "quantity": 2, "reason": "too wide"}],
                drop_off={"type": "parcel"},
            ),
        )
    )
    assert b"1 Dock Road" in api.get(ret["label_url"]).content
    address = f"returns/{ret['id']}"

    # One of them arrives at the warehouse, to be looked at.
    line = {"line_id": "1", "quantity": 1}
    arrived = done(
        api.post(
            f"{address}/receipts", {"location": "W1", "lines": [line | {"disposition": "inspect"}]}
        )
    )
    assert (arrived["state"], arrived["refund"]["amount"]) == ("received", "20.00")
    assert stock(api, "SHIRT-M", "W1") == (2, 1)

    # The other is brought to a shop that never stocked it, together with the large one.
    brought = done(
        till.post(
            f"{address}/receipts",
            {
                "location": "S2",
                "lines": [
                    {"sku": "SHIRT-M", "quantity": 1, "disposition": "restock"},
                    {"sku": "SHIRT-L", "quantity": 1, "disposition": "damaged"},
                ],
            },
        )
    )
    assert brought["refund"] == {"amount": "65.00", "currency": "GBP", "requested": True}
    assert brought["allowed_actions"] == ["receive", "dispose"]
    assert stock(api, "SHIRT-M", "S2") == (1, 0)
    assert stock(api, "SHIRT-L", "S2") == (1, 1)

    # Inspected, and good enough for the shelf: nothing is left to do.
    decided = done(
        api.post(
            f"{address}/dispositions",
            {"lines": [line | {"location": "W1", "disposition": "restock"}]},
        )
    )
    assert (decided["state"], decided["allowed_actions"]) == ("closed", [])
    assert stock(api, "SHIRT-M", "W1") == (2, 0)

    # The last shirt comes back to the till, announced and taken in one visit.
    counter = done(
        till.post(
            "returns",
            ReturnBody(
                order=order,
                channel="pos",
                lines=[{"line_id": "1", "quantity": 1, "reason": "changed my mind"}],
                drop_off={"type": "store", "location": "S2"},
            ),
        )
    )
    done(
        till.post(
            f"returns/{counter['id']}/receipts",
            {"location": "S2", "lines": [line | {"disposition": "restock"}]},
        )
    )
    again = till.post(
        "returns",
        ReturnBody(
            order=order, channel="pos", lines=[{"line_id": "1", "quantity": 1, "reason": "x"}]
        ),
    )
    assert (again.status_code, again.json()["reason"]) == (409, "too_many")

    # The order's story has it all, and the pool adds up.
    assert api.get(f"orders/{order}").json()["state"] == "returned"
    assert [ret["id"] for ret in api.get("returns", order=order).json()["results"]] == [
        counter["id"],
        ret["id"],
    ]
    told = [entry["type"] for entry in api.get(f"orders/{order}/timeline").json()["results"]]
    assert told.count("refund.requested") == 3
    assert told[-3:] == ["return.received", "refund.requested", "return.closed"]
    amounts = [
        event["data"]["amount"]
        for event in api.get("events", after=0, types="refund.requested").json()["results"]
    ]
    assert amounts == ["20.00", "45.00", "20.00"]
    assert api.get("integrity").json()["ok"] is True
    returned = StockMovement.objects.filter(reason="returned")
    assert sum(movement.on_hand_delta for movement in returned) == 4


def test_a_stranger_without_an_order_at_a_shop_that_never_sold_it(
    api: ApiCaller, retailer: None
) -> None:
    ret = done(
        api.post(
            "returns",
            ReturnBody(
                channel="pos",
                lines=[{"sku": "SHIRT-L", "quantity": 1, "reason": "a present"}],
                resolution="store_credit",
                drop_off={"type": "store", "location": "S1"},
            ),
        )
    )
    answer = done(
        api.post(
            f"returns/{ret['id']}/receipts",
            {
                "location": "S1",
                "lines": [{"sku": "SHIRT-L", "quantity": 1, "disposition": "to_vendor"}],
            },
        )
    )
    assert (answer["state"], answer["blind"]) == ("closed", True)
    assert answer["refund"] == {"amount": None, "currency": None, "requested": True}
    assert stock(api, "SHIRT-L", "S1") == (0, 0)
    assert api.get("integrity").json()["ok"] is True
