"""Units in inspection move on, once."""

from __future__ import annotations

import pytest

from tests.conftest import ApiCaller
from tests.factories import LocationFactory
from tests.orders.returns.return_helpers import (
    announced,
    balances,
    buy,
    counts,
    dispose,
    movements_of,
    received,
)

pytestmark = pytest.mark.django_db


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


def sent_on(api: ApiCaller, origin: str, to: str, units: int) -> None:
    body = {"from": origin, "to": to, "condition": "inspection"}
    lines = [{"sku": "A1", "quantity": units}]
    transfer = api.post("transfers", body | {"lines": lines}).json()["id"]
    assert api.post(f"transfers/{transfer}/dispatch").status_code == 200
    assert api.post(f"transfers/{transfer}/receive", {"lines": lines}).status_code == 200


def test_units_that_were_sent_on_are_decided_where_they_are(api: ApiCaller, shop: None) -> None:
    LocationFactory(code="W1")
    LocationFactory(code="W2")
    ret = announced(api, buy(api, ("A1", 3)), {"line_id": "1", "quantity": 3})["id"]
    received(api, ret, {"line_id": "1", "quantity": 3, "disposition": "inspect"})
    row = {"line_id": "1", "location": "W2", "quantity": 1}
    assert dispose(api, ret, row | {"disposition": "restock"}).json()["code"] == "not_in_inspection"
    sent_on(api, "S2", "W1", 2)
    sent_on(api, "W1", "W2", 2)
    too_many = dispose(api, ret, row | {"disposition": "restock", "quantity": 3})
    assert too_many.json()["code"] == "not_in_condition"
    answer = dispose(api, ret, row | {"disposition": "restock"}, row | {"disposition": "damaged"})
    assert answer.status_code == 201, answer.content
    assert (balances("A1", "S2"), balances("A1", "W2")) == ((1, 0, 1), (2, 0, 1))
    here = {"line_id": "1", "location": "S2", "quantity": 1, "disposition": "scrap"}
    assert dispose(api, ret, here).json()["state"] == "closed"
    assert balances("A1", "S2") == (0, 0, 0)
