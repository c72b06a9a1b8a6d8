"""Returns over the API: announced by order or without one, and labelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.audit.models import AuditRecord
from core.outbox.models import Event
from orders.models import Fulfilment, Return
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, OrderBody, OrderLineBody
from tests.orders.returns.return_helpers import announce, announced, buy, counts, event_types

pytestmark = pytest.mark.django_db


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
    line = OrderLineBody(unit_price="5.00")
    body = OrderBody(external_id="W-1", lines=[line])
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
    # It was not announced: the goods lie on the counter.
    assert (ret["order"], ret["blind"], ret["state"]) == (None, True, "received")
    assert ret["allowed_actions"] == ["receive", "close"]
    assert [(line["sku"], line["quantity"], line["line_id"]) for line in ret["lines"]] == [
        ("A1", 3, None),
        ("B1", 1, None),
    ]
    assert ret["refund"] == {"amount": None, "currency": None, "requested": False}


def test_a_parcel_gets_a_label_with_an_address_and_a_code(api: ApiCaller, shop: None) -> None:
    LocationFactory(code="W1", name="Hall <9>", address={"line1": "1 Dock Road", "city": "Leeds"})
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
    LocationFactory(code="S3", returns=False)
    drop_off = {"type": "store", "location": "S3"}
    answer = announce(api, None, {"sku": "A1", "quantity": 1}, drop_off=drop_off)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "takes_no_returns"


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
