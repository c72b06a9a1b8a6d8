"""Returns over the API: announcing, receiving anywhere, deciding, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Sku, Stock, StockMovement
from omniretail.audit.models import AuditRecord
from omniretail.outbox.models import Event
from orders.models import Fulfilment, OrderLine, Return, ReturnLine, ReturnReceiptLine
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.conftest import ApiCaller, make_caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> None:
    """A shop that sells, another that never stocked anything, and three articles."""
    home = make_location("S1", kind="store")
    make_location("S2", kind="store", priority=200)
    for code in ("pos", "web", "market"):
        make_channel(code)
    for code in ("A1", "B1", "C1"):
        stock_up(make_sku(code), home, 20)


def buy(api: ApiCaller, *lines: tuple[str, int], **fields: Any) -> str:
    """Sell at the till: the goods are out of the door at once. Returns the order's number."""
    body = {
        "channel": "pos",
        "external_id": f"T-{Return.objects.count()}-{Event.objects.count()}",
        "currency": "GBP",
        "lines": [
            {
                "line_id": str(number),
                "sku": sku,
                "quantity": quantity,
                "unit_price": "19.99",
                "fulfilment": {"type": "carry_out", "location": "S1"},
            }
            for number, (sku, quantity) in enumerate(lines, start=1)
        ],
    }
    answer = api.post("orders", body | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()["number"]


def announce(api: ApiCaller, number: str | None, *lines: dict[str, Any], **fields: Any) -> Any:
    body: dict[str, Any] = {
        "channel": "web",
        "lines": [{"reason": "too small"} | line for line in lines],
        "resolution": "refund",
        "drop_off": {"type": "store"},
    }
    if number:
        body["order"] = number
    return api.post("returns", body | fields)


def announced(api: ApiCaller, number: str | None, *lines: dict[str, Any], **fields: Any) -> Any:
    answer = announce(api, number, *lines, **fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def receive(api: ApiCaller, ret: str, *lines: dict[str, Any], location: str = "S2") -> Any:
    return api.post(
        f"returns/{ret}/receipts",
        {"location": location, "lines": [{"disposition": "restock"} | line for line in lines]},
    )


def received(api: ApiCaller, ret: str, *lines: dict[str, Any], location: str = "S2") -> Any:
    answer = receive(api, ret, *lines, location=location)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def balances(sku: str, location: str) -> tuple[int, int, int] | None:
    return (
        Stock.objects.filter(sku__code=sku, location__code=location)
        .values_list("on_hand", "reserved", "unavailable")
        .first()
    )


def movements_of(ret: str) -> list[tuple[str, int, int]]:
    rows = StockMovement.objects.filter(reference=f"return/{ret}").order_by("id")
    return list(rows.values_list("reason", "on_hand_delta", "unavailable_delta"))


def event_types(ret: str) -> list[str]:
    events = Event.objects.filter(subject=f"returns/{ret}").order_by("id")
    return list(events.values_list("type", flat=True))


def counts() -> tuple[int, ...]:
    models = (Return, ReturnLine, ReturnReceiptLine, StockMovement, Event, AuditRecord)
    return tuple(model.objects.count() for model in models)


# Announcing


def test_an_order_is_announced_through_another_channel(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3))
    ret = announced(api, order, {"line_id": "1", "quantity": 2})
    assert ret["state"] == "authorised"
    assert (ret["order"], ret["channel"], ret["blind"]) == (order, "web", False)
    assert ret["lines"] == [
        {
            "line_id": "1",
            "sku": "A1",
            "quantity": 2,
            "reason": "too small",
            "received": 0,
            "missing": 0,
            "receipts": [],
        }
    ]
    assert ret["refund"] == {"amount": "0.00", "currency": "GBP", "requested": False}
    assert ret["allowed_actions"] == ["receive", "cancel"]
    assert "label_url" not in ret
    assert api.get(f"returns/{ret['id']}").json() == ret
    event = Event.objects.get(type="return.requested")
    assert (event.subject, event.order, event.data) == (f"returns/{ret['id']}", order, ret)


def test_a_sku_is_spread_over_the_lines_of_its_order(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2), ("B1", 1), ("A1", 2))
    ret = announced(api, order, {"sku": "A1", "quantity": 3})
    assert [(line["line_id"], line["quantity"]) for line in ret["lines"]] == [("1", 2), ("3", 1)]


def test_no_more_is_announced_than_the_customer_has(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3))
    announced(api, order, {"line_id": "1", "quantity": 2})
    before = counts()
    answer = announce(api, order, {"line_id": "1", "quantity": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_returnable")
    assert answer.json()["reason"] == "too_many"
    assert answer.json()["lines"] == [{"line_id": "1", "returnable": 1, "requested": 2}]
    assert counts() == before


def test_cancelling_frees_what_was_announced(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 1})
    cancelled = api.post(f"returns/{ret['id']}/cancel").json()
    assert (cancelled["state"], cancelled["allowed_actions"]) == ("cancelled", [])
    announced(api, order, {"line_id": "1", "quantity": 1})
    again = api.post(f"returns/{ret['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert event_types(ret["id"]) == ["return.requested", "return.closed"]


def test_goods_that_never_left_cannot_come_back(api: ApiCaller, shop: None) -> None:
    line = {"line_id": "1", "sku": "A1", "quantity": 1, "unit_price": "5.00"}
    body = {"channel": "web", "external_id": "W-1", "currency": "GBP", "lines": [line]}
    order = api.post("orders", body).json()["number"]
    answer = announce(api, order, {"line_id": "1", "quantity": 1})
    assert (answer.status_code, answer.json()["reason"]) == (409, "nothing_to_return")


def test_the_window_closes_but_a_supervisor_may_open_it(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 1))
    Fulfilment.objects.update(finished_at=timezone.now() - timedelta(days=31))
    clerk = make_caller(["returns:write"])
    answer = announce(clerk, order, {"line_id": "1", "quantity": 1})
    assert (answer.status_code, answer.json()["reason"]) == (409, "outside_window")
    assert not Return.objects.exists()
    supervisor = make_caller(["returns:write", "returns:override"])
    ret = announced(supervisor, order, {"line_id": "1", "quantity": 1})
    assert ret["state"] == "authorised"
    assert Return.objects.get().overridden_by
    assert AuditRecord.objects.filter(action="return.overridden").count() == 1
    too_many = announce(supervisor, order, {"line_id": "1", "quantity": 1})
    assert too_many.json()["reason"] == "too_many"


def test_without_an_order_anything_is_announced_and_nothing_priced(
    api: ApiCaller, shop: None
) -> None:
    lines = [{"sku": sku, "quantity": units} for sku, units in (("A1", 2), ("A1", 1), ("B1", 1))]
    ret = announced(api, None, *lines)
    # Nobody was asked before: the goods lie on the counter.
    assert (ret["order"], ret["blind"], ret["state"]) == (None, True, "received")
    assert ret["allowed_actions"] == ["receive", "close"]
    assert [(line["sku"], line["quantity"], line["line_id"]) for line in ret["lines"]] == [
        ("A1", 3, None),
        ("B1", 1, None),
    ]
    assert ret["refund"] == {"amount": None, "currency": None, "requested": False}


def test_a_parcel_gets_a_label_with_an_address_and_a_code(api: ApiCaller, shop: None) -> None:
    make_location("W1", name="Hall <9>", address={"line1": "1 Dock Road", "city": "Leeds"})
    order = buy(api, ("A1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 1}, drop_off={"type": "parcel"})
    assert ret["drop_off"] == {"type": "parcel", "location": "W1"}
    label = api.get(ret["label_url"])
    assert label.status_code == 200
    assert label["Content-Type"].startswith("text/html")
    text = label.content.decode()
    assert "<svg" in text
    assert "1 Dock Road" in text
    assert "Hall &lt;9&gt;" in text
    other = announced(api, None, {"sku": "A1", "quantity": 1})
    assert api.get(f"returns/{other['id']}/label").status_code == 404


def test_a_shop_that_takes_no_returns_is_no_place_to_send_a_customer(
    api: ApiCaller, shop: None
) -> None:
    make_location("S3", returns=False)
    drop_off = {"type": "store", "location": "S3"}
    answer = announce(api, None, {"sku": "A1", "quantity": 1}, drop_off=drop_off)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "takes_no_returns"


# Receiving


@pytest.mark.parametrize(
    ("disposition", "after", "moved"),
    [
        ("restock", (2, 0, 0), [("returned", 2, 0)]),
        ("inspect", (2, 0, 2), [("returned", 2, 0), ("inspection", 0, 2)]),
        ("damaged", (2, 0, 2), [("returned", 2, 0), ("damaged", 0, 2)]),
        ("scrap", (0, 0, 0), [("returned", 2, 0), ("scrapped", -2, 0)]),
        ("to_vendor", (0, 0, 0), [("returned", 2, 0), ("to_vendor", -2, 0)]),
    ],
)
def test_each_disposition_has_its_movements_where_the_sku_was_never_stocked(
    api: ApiCaller, shop: None, disposition: str, after: Any, moved: Any
) -> None:
    order = buy(api, ("A1", 2))
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    answer = received(api, ret, {"line_id": "1", "quantity": 2, "disposition": disposition})
    assert balances("A1", "S2") == after
    assert movements_of(ret) == moved
    assert OrderLine.objects.get(order__number=order).returned == 2
    assert answer["refund"] == {"amount": "39.98", "currency": "GBP", "requested": True}
    assert answer["lines"][0]["receipts"] == [
        {"location": "S2", "quantity": 2, "disposition": disposition}
    ]
    waits = disposition == "inspect"
    assert answer["state"] == ("received" if waits else "closed")
    assert answer["allowed_actions"] == (["receive", "dispose"] if waits else [])
    assert api.get("integrity").json()["ok"] is True


def test_the_refund_is_for_what_came(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3), payment_reference="PAY-9")
    ret = announced(api, order, {"line_id": "1", "quantity": 3})["id"]
    lines = [
        {"line_id": "1", "quantity": 1, "disposition": "missing"},
        {"line_id": "1", "quantity": 1, "disposition": "damaged"},
    ]
    first = received(api, ret, *lines)
    assert (first["state"], first["lines"][0]["missing"]) == ("received", 1)
    assert first["refund"]["amount"] == "19.99"
    second = received(api, ret, {"sku": "A1", "quantity": 1}, location="S1")
    assert (second["state"], second["refund"]["amount"]) == ("closed", "39.98")
    asked = Event.objects.filter(type="refund.requested").order_by("id")
    assert [event.data["amount"] for event in asked] == ["19.99", "19.99"]
    data = asked[0].data
    assert (data["return"], data["order"], data["currency"]) == (ret, order, "GBP")
    assert (data["resolution"], data["payment_reference"]) == ("refund", "PAY-9")
    assert event_types(ret)[1:3] == ["return.received", "refund.requested"]
    assert [line["quantity"] for line in data["lines"]] == [1]
    assert OrderLine.objects.get(order__number=order).returned == 2
    # The missing unit is still with the customer: it may be announced again.
    announced(api, order, {"line_id": "1", "quantity": 1})


def test_a_parcel_with_nothing_in_it_refunds_nothing(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    answer = received(api, ret, {"line_id": "1", "quantity": 1, "disposition": "missing"})
    assert answer["state"] == "closed"
    assert answer["refund"]["requested"] is False
    assert balances("A1", "S2") is None
    assert not Event.objects.filter(type="refund.requested").exists()


def test_an_exchange_asks_for_no_refund(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 1}, resolution="exchange")["id"]
    answer = received(api, ret, {"line_id": "1", "quantity": 1})
    assert answer["refund"] == {"amount": "0.00", "currency": "GBP", "requested": False}
    assert event_types(ret) == ["return.requested", "return.received", "return.closed"]


def test_yen_have_no_decimals(api: ApiCaller, shop: None) -> None:
    order = buy(
        api,
        currency="JPY",
        lines=[
            {
                "line_id": "1",
                "sku": "A1",
                "quantity": 2,
                "unit_price": "1500",
                "fulfilment": {"type": "carry_out", "location": "S1"},
            }
        ],
    )
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    answer = received(api, ret, {"line_id": "1", "quantity": 2})
    assert answer["refund"] == {"amount": "3000", "currency": "JPY", "requested": True}


def test_what_was_not_announced_is_added(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3), ("B1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    answer = received(api, ret, {"sku": "A1", "quantity": 2}, {"sku": "B1", "quantity": 1})
    assert [(line["line_id"], line["quantity"], line["received"]) for line in answer["lines"]] == [
        ("1", 1, 1),
        ("1", 1, 1),
        ("2", 1, 1),
    ]
    assert answer["refund"]["amount"] == "59.97"
    assert answer["state"] == "closed"


def test_more_than_left_is_refused_and_nothing_is_written(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2), ("B1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    before = counts()
    answer = receive(api, ret, {"line_id": "2", "quantity": 1}, {"sku": "A1", "quantity": 3})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_returnable")
    assert answer.json()["lines"] == [{"sku": "A1", "returnable": 2, "requested": 3}]
    strange = receive(api, ret, {"sku": "C1", "quantity": 1})
    assert (strange.status_code, strange.json()["reason"]) == (409, "not_in_order")
    unannounced = receive(api, ret, {"line_id": "2", "quantity": 1, "disposition": "missing"})
    assert (unannounced.status_code, unannounced.json()["reason"]) == (409, "not_announced")
    assert counts() == before
    assert api.get(f"returns/{ret}").json()["state"] == "authorised"


def test_two_returns_never_bring_back_more_than_left(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2))
    first = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    second = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    received(api, first, {"line_id": "1", "quantity": 2})
    answer = receive(api, second, {"line_id": "1", "quantity": 1})
    assert (answer.status_code, answer.json()["reason"]) == (409, "too_many")
    assert OrderLine.objects.get(order__number=order).returned == 2


def test_goods_without_an_order_ask_for_a_refund_of_unknown_amount(
    api: ApiCaller, shop: None
) -> None:
    ret = announced(api, None, {"sku": "A1", "quantity": 1})["id"]
    answer = received(api, ret, {"sku": "A1", "quantity": 2}, {"sku": "C1", "quantity": 1})
    assert [(line["sku"], line["received"]) for line in answer["lines"]] == [
        ("A1", 1),
        ("A1", 1),
        ("C1", 1),
    ]
    assert answer["refund"] == {"amount": None, "currency": None, "requested": True}
    event = Event.objects.get(type="refund.requested")
    assert (event.subject, event.order, event.data["amount"]) == (f"returns/{ret}", "", None)
    assert event.data["lines"] == [
        {"sku": "A1", "quantity": 1},
        {"sku": "A1", "quantity": 1},
        {"sku": "C1", "quantity": 1},
    ]
    assert balances("C1", "S2") == (1, 0, 0)


def test_goods_put_back_on_sale_go_to_those_who_wait(api: ApiCaller, shop: None) -> None:
    make_sku("Z1")
    stock_up(Sku.objects.get(code="Z1"), make_location("W1"), 1)
    sold = buy(api, lines=[{
        "line_id": "1", "sku": "Z1", "quantity": 1, "unit_price": "5.00",
        "fulfilment": {"type": "carry_out", "location": "W1"},
    }])  # fmt: skip
    waiting = api.post(
        "orders",
        {
            "channel": "web",
            "external_id": "W-2",
            "currency": "GBP",
            "allow_backorder": True,
            "lines": [{"line_id": "1", "sku": "Z1", "quantity": 1, "unit_price": "5.00"}],
        },
    ).json()
    assert waiting["lines"][0]["backordered"] == 1
    ret = announced(api, sold, {"line_id": "1", "quantity": 1})["id"]
    received(api, ret, {"line_id": "1", "quantity": 1, "disposition": "inspect"}, location="W1")
    assert OrderLine.objects.get(order__number=waiting["number"]).backordered == 1
    dispose(api, ret, {"line_id": "1", "location": "W1", "quantity": 1, "disposition": "restock"})
    filled = OrderLine.objects.get(order__number=waiting["number"])
    assert (filled.backordered, filled.reserved) == (0, 1)
    assert balances("Z1", "W1") == (1, 1, 0)


def test_a_closed_return_receives_nothing(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2))
    ret = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    received(api, ret, {"line_id": "1", "quantity": 1})
    answer = receive(api, ret, {"line_id": "1", "quantity": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert (answer.json()["state"], answer.json()["allowed_actions"]) == ("closed", [])


def test_closing_releases_what_never_came(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3))
    ret = announced(api, order, {"line_id": "1", "quantity": 3})["id"]
    early = api.post(f"returns/{ret}/close")
    assert (early.status_code, early.json()["code"]) == (409, "illegal_transition")
    received(api, ret, {"line_id": "1", "quantity": 1})
    closed = api.post(f"returns/{ret}/close").json()
    assert (closed["state"], closed["lines"][0]["received"]) == ("closed", 1)
    assert closed["closed_at"]
    announced(api, order, {"line_id": "1", "quantity": 2})


def test_the_same_key_receives_once(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2))
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    body = {"location": "S2", "lines": [{"sku": "A1", "quantity": 1, "disposition": "restock"}]}
    answers = [api.post(f"returns/{ret}/receipts", body, key="one-parcel") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert balances("A1", "S2") == (1, 0, 0)


# Deciding on inspected units


def dispose(api: ApiCaller, ret: str, *lines: dict[str, Any]) -> Any:
    return api.post(f"returns/{ret}/dispositions", {"lines": list(lines)})


def test_inspected_units_move_on(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 4))
    ret = announced(api, order, {"line_id": "1", "quantity": 4})["id"]
    received(api, ret, {"line_id": "1", "quantity": 4, "disposition": "inspect"})
    refused = api.post(f"returns/{ret}/close")
    assert (refused.status_code, refused.json()["allowed_actions"]) == (
        409,
        ["receive", "dispose"],
    )
    row = {"line_id": "1", "location": "S2", "quantity": 1}
    answer = dispose(
        api,
        ret,
        row | {"disposition": "restock"},
        row | {"disposition": "damaged"},
        row | {"disposition": "scrap"},
    )
    assert answer.status_code == 201, answer.json()
    assert answer.json()["state"] == "received"
    assert balances("A1", "S2") == (3, 0, 2)
    assert movements_of(ret)[2:] == [
        ("restocked", 0, -1),
        ("inspection", 0, -1),
        ("damaged", 0, 1),
        ("scrapped", -1, -1),
    ]
    by_sku = {"sku": "A1", "location": "S2", "quantity": 1, "disposition": "to_vendor"}
    done = dispose(api, ret, by_sku).json()
    assert done["state"] == "closed"
    assert done["lines"][0]["receipts"] == [
        {"location": "S2", "quantity": 1, "disposition": word}
        for word in ("restock", "damaged", "scrap", "to_vendor")
    ]
    assert balances("A1", "S2") == (2, 0, 1)


def test_only_what_waits_there_can_be_decided(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2))
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    received(api, ret, {"line_id": "1", "quantity": 1, "disposition": "inspect"})
    before = counts()
    line = {"sku": "A1", "quantity": 1, "disposition": "restock"}
    elsewhere = dispose(api, ret, line | {"location": "S1"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "not_in_inspection")
    too_many = dispose(api, ret, line | {"location": "S2", "quantity": 2})
    assert too_many.json()["lines"] == [
        {"sku": "A1", "location": "S2", "in_inspection": 1, "requested": 2}
    ]
    again = dispose(api, ret, line | {"location": "S2", "disposition": "inspect"})
    assert again.status_code == 400
    assert counts() == before


# Who sees what


def test_lists_are_filtered_and_in_pages(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3))
    ids = [announced(api, order, {"line_id": "1", "quantity": 1})["id"] for _ in range(2)]
    other = announced(api, None, {"sku": "A1", "quantity": 1}, channel="pos")["id"]
    assert api.post(f"returns/{other}/close").json()["state"] == "closed"

    def found(**query: Any) -> list[str]:
        return [row["id"] for row in api.get("returns", **query).json()["results"]]

    assert found() == [other, ids[1], ids[0]]
    assert found(order=order) == [ids[1], ids[0]]
    assert found(state="closed") == [other]
    assert found(channel="pos") == [other]
    first = api.get("returns", limit=2).json()
    second = api.client.get(first["next"], headers=api.headers).json()
    assert [row["id"] for row in second["results"]] == [ids[0]]
    assert second["next"] is None
    assert api.get("returns", state="nonsense").status_code == 400


def test_a_list_takes_the_same_queries_however_long(api: ApiCaller, shop: None) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            api.get("returns")
        return len(queries)

    order = buy(api, ("A1", 5), ("B1", 5))
    received(api, announced(api, order, {"sku": "A1", "quantity": 2})["id"],
             {"sku": "A1", "quantity": 1}, {"sku": "B1", "quantity": 1})  # fmt: skip
    few = cost()
    for _ in range(3):
        announced(api, order, {"sku": "A1", "quantity": 1}, {"sku": "B1", "quantity": 1})
    assert cost() == few


def test_receiving_takes_the_same_queries_however_many_lines(api: ApiCaller, shop: None) -> None:
    def cost(*lines: dict[str, Any]) -> int:
        order = buy(api, ("A1", 5), ("B1", 5), ("C1", 5))
        ret = announced(api, order, {"sku": "A1", "quantity": 2}, {"sku": "B1", "quantity": 1})
        with CaptureQueriesContext(connection) as queries:
            received(api, ret["id"], *lines)
        return len(queries)

    few = cost(*({"sku": sku, "quantity": 2, "disposition": "damaged"} for sku in ("A1", "B1")))
    many = cost(
        *({"sku": sku, "quantity": 1, "disposition": "damaged"} for sku in ("A1", "B1", "C1") * 2),
        *({"sku": sku, "quantity": 1, "disposition": "scrap"} for sku in ("A1", "B1", "C1")),
    )
    assert many == few


def test_a_till_takes_back_what_the_site_announced(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2))
    ret = announced(api, order, {"line_id": "1", "quantity": 1}, channel="web")["id"]
    stranger = make_caller(["orders:read", "returns:write"], channels=["market"])
    assert stranger.get(f"returns/{ret}").status_code == 404
    assert stranger.get("returns").json()["results"] == []
    assert stranger.post(f"returns/{ret}/cancel").status_code == 404
    till = make_caller(["returns:write"], channels=["market"], locations=["S2"])
    elsewhere = receive(till, ret, {"sku": "A1", "quantity": 1}, location="S1")
    assert elsewhere.json()["errors"][0]["code"] == "unknown_location"
    received(till, ret, {"sku": "A1", "quantity": 1}, location="S2")
    hidden = announce(till, order, {"line_id": "1", "quantity": 1}, channel="web")
    assert hidden.json()["errors"][0]["code"] == "unknown_channel"
    announced(till, order, {"line_id": "1", "quantity": 1}, channel="market")


def test_scopes_are_asked_for(api: ApiCaller, shop: None) -> None:
    reader = make_caller(["orders:read"])
    assert announce(reader, None, {"sku": "A1", "quantity": 1}).status_code == 403
    assert make_caller(["returns:write"]).get("returns").status_code == 403


# What is not a return


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"channel": "nowhere"}, "/channel", "unknown_channel"),
        ({"order": "999"}, "/order", "unknown_order"),
        ({"drop_off": {"type": "store", "location": "X"}}, "/drop_off/location",
         "unknown_location"),
        ({"drop_off": {"type": "drone"}}, "/drop_off/type", "invalid_choice"),
        ({"drop_off": None}, "/drop_off", "null"),
        ({"resolution": "money"}, "/resolution", "invalid_choice"),
        ({"lines": []}, "/lines", "empty"),
        ({"lines": {"sku": "A1"}}, "/lines", "not_a_list"),
        ({"lines": [{"sku": "A1", "quantity": 1, "reason": "x", "price": "1"}]}, "/lines/0/price",
         "unknown_field"),
        ({"lines": [{"quantity": 1, "reason": "x"}]}, "/lines/0", "line_id_or_sku"),
        ({"lines": [{"sku": "A1", "line_id": "1", "quantity": 1, "reason": "x"}]}, "/lines/0",
         "line_id_or_sku"),
        ({"lines": [{"sku": "ZZ", "quantity": 1, "reason": "x"}]}, "/lines/0/sku", "unknown_sku"),
        ({"lines": [{"line_id": "1", "quantity": 1, "reason": "x"}]}, "/lines/0/line_id",
         "unknown_line"),
        ({"lines": [{"sku": "A1", "quantity": 0, "reason": "x"}]}, "/lines/0/quantity",
         "min_value"),
        ({"lines": [{"sku": "A1", "quantity": True, "reason": "x"}]}, "/lines/0/quantity",
         "invalid"),
        ({"lines": [{"sku": "A1", "quantity": 10**40, "reason": "x"}]}, "/lines/0/quantity",
         "max_value"),
        ({"note": "hello"}, "/note", "unknown_field"),
    ],
)  # fmt: skip
def test_a_bad_announcement_says_what_is_wrong(
    api: ApiCaller, shop: None, change: dict[str, Any], pointer: str, code: str
) -> None:
    before = counts()
    answer = announce(api, None, {"sku": "A1", "quantity": 1}, **change)
    assert answer.status_code == 400, answer.json()
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]
    assert counts() == before


def test_all_unknown_codes_are_named_at_once(api: ApiCaller, shop: None) -> None:
    lines = [{"sku": sku, "quantity": 1} for sku in ("ZZ", "A1", "YY")]
    answer = announce(api, None, *lines, channel="nowhere")
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        "/channel",
        "/lines/0/sku",
        "/lines/2/sku",
    ]


@pytest.mark.parametrize("identity", ["0", "99999999999999999999", "x", "-1", "1.5", "٣"])
def test_what_no_return_is_called_is_not_found(api: ApiCaller, shop: None, identity: str) -> None:
    assert api.get(f"returns/{identity}").status_code == 404
    answer = receive(api, identity, {"sku": "A1", "quantity": 1})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api.post(f"returns/{identity}/close").status_code == 404


def test_ends_take_no_members(api: ApiCaller, shop: None) -> None:
    ret = announced(api, None, {"sku": "A1", "quantity": 1})["id"]
    answer = api.post(f"returns/{ret}/cancel", {"reason": "changed my mind"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown_field")
