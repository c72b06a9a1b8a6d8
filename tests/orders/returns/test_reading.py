"""Who sees which returns, and what reading them costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import ApiCaller, make_caller
from tests.orders.returns.return_helpers import announce, announced, buy, receive, received

pytestmark = pytest.mark.django_db


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
