"""What came back is spent once: on other goods, or as money."""

from __future__ import annotations

from typing import Any

import pytest

from core.outbox.models import Event
from tests.conftest import ApiCaller
from tests.factories import OrderBody, OrderLineBody
from tests.inventory.stock_helpers import nothing_written, pointers, problem
from tests.orders.fulfilment_helpers import assert_laws_hold, end_waiting, step, units
from tests.orders.returns.return_helpers import announced, buy, received

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def brought_back(api: ApiCaller, quantity: int = 2, *, resolution: str = "exchange") -> str:
    """Sell three A1 for 19.99 each and take some back; return the return's id."""
    number = buy(api, ("A1", 3))
    line = {"line_id": "1", "quantity": quantity}
    ret: str = announced(api, number, line, resolution=resolution)["id"]
    received(api, ret, line)
    return ret


def exchange(api: ApiCaller, ret: str, quantity: int = 1, price: str = "19.99", **more: Any) -> Any:
    line = OrderLineBody(sku="B1", quantity=quantity, unit_price=price)
    return api.post("orders", OrderBody(channel="pos", lines=[line], exchange_of=ret) | more)


def exchanged(api: ApiCaller, ret: str, quantity: int = 1, price: str = "19.99") -> dict[str, Any]:
    answer = exchange(api, ret, quantity, price)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def resolve(api: ApiCaller, ret: str, resolution: str = "refund") -> Any:
    return api.post(f"returns/{ret}/resolution", {"resolution": resolution})


def unspent(api: ApiCaller, ret: str) -> tuple[int, str]:
    left = api.get(f"returns/{ret}").json()["unspent"]
    return left["units"], left["value"]


def refunds() -> list[tuple[str, str]]:
    """Return (amount, reason) of all refunds that were asked for."""
    events = Event.objects.filter(type="refund.requested").order_by("id")
    return [(event.data["amount"], event.data["reason"]) for event in events]


class TestSpending:
    def test_takes_what_has_come_and_no_more(self, api: ApiCaller) -> None:
        ret = brought_back(api)
        assert unspent(api, ret) == (2, "39.98")
        exchanged(api, ret)
        assert unspent(api, ret) == (1, "19.99")
        with nothing_written():
            document = problem(exchange(api, ret, 2), 409, "exchange_exceeds_return")
        assert document["left"] == {"units": 1, "value": "19.99", "currency": "GBP"}
        assert document["requested"] == {"units": 2, "value": "39.98", "currency": "GBP"}
        exchanged(api, ret)
        problem(exchange(api, ret), 409, "exchange_exceeds_return")
        assert refunds() == []
        assert_laws_hold()

    @pytest.mark.parametrize(("quantity", "price"), [(1, "40.00"), (3, "1.00"), (2, "19.995")])
    def test_is_bound_by_value_and_by_units(
        self, api: ApiCaller, quantity: int, price: str
    ) -> None:
        ret = brought_back(api)
        answer = exchange(api, ret, quantity, price)
        assert answer.status_code in (400, 409)
        assert unspent(api, ret) == (2, "39.98")

    def test_begins_when_something_has_come(self, api: ApiCaller) -> None:
        number = buy(api, ("A1", 3))
        line = {"line_id": "1", "quantity": 2}
        ret = announced(api, number, line, resolution="exchange")["id"]
        problem(exchange(api, ret), 409, "exchange_exceeds_return")
        received(api, ret, line | {"quantity": 1})
        exchanged(api, ret)
        problem(exchange(api, ret), 409, "exchange_exceeds_return")

    def test_of_units_without_an_order_is_bound_by_their_number(self, api: ApiCaller) -> None:
        line = {"sku": "A1", "quantity": 2}
        ret = announced(api, None, line, resolution="exchange")["id"]
        received(api, ret, line)
        exchanged(api, ret, 2, "500.00")
        document = problem(exchange(api, ret), 409, "exchange_exceeds_return")
        assert document["left"] == {"units": 0, "value": None, "currency": None}

    def test_is_in_the_currency_that_was_paid(self, api: ApiCaller) -> None:
        ret = brought_back(api)
        assert pointers(exchange(api, ret, currency="EUR")) == {"/currency": "other_currency"}

    def test_twice_in_a_batch_is_bound_too(self, api: ApiCaller) -> None:
        ret = brought_back(api, 1)
        line = OrderLineBody(sku="B1", unit_price="19.99")
        bodies = [OrderBody(channel="pos", lines=[line], exchange_of=ret) for _ in range(2)]
        results = api.post("orders/batch", {"orders": bodies}).json()["results"]
        assert [each["status"] for each in results] == [201, 409]
        assert results[1]["problem"]["code"] == "exchange_exceeds_return"

    def test_sent_again_is_the_same_exchange(self, api: ApiCaller) -> None:
        ret = brought_back(api, 1)
        first = exchange(api, ret, external_id="again").json()
        again = exchange(api, ret, external_id="again")
        assert (again.status_code, again.json()["number"]) == (200, first["number"])


class TestGivingBack:
    def test_a_cancelled_exchange_is_the_returns_again(self, api: ApiCaller) -> None:
        ret = brought_back(api)
        order = exchanged(api, ret, 2)
        path = f"orders/{order['number']}/cancellations"
        lines = [{"line_id": "1", "quantity": 1}]
        assert api.post(path, {"reason": "other colour", "lines": lines}).status_code == 201
        assert (unspent(api, ret), refunds()) == ((1, "19.99"), [])
        exchanged(api, ret)
        assert unspent(api, ret) == (0, "0.00")

    def test_an_exchange_whose_goods_are_not_found_is_too(self, api: ApiCaller) -> None:
        ret = brought_back(api)
        order = exchanged(api, ret, 2)
        lines = [{"sku": "B1", "location": "S1", "on_hand": 0}]
        api.post("stock/counts/apply", {"reason": "cycle_count", "lines": lines})
        assert api.get(f"orders/{order['number']}").json()["state"] == "cancelled"
        assert (unspent(api, ret), refunds()) == ((2, "39.98"), [])

    def test_an_exchange_that_was_not_collected_is_too(self, api: ApiCaller) -> None:
        ret = brought_back(api)
        way = {"type": "pickup", "location": "S1"}
        line = OrderLineBody(sku="B1", unit_price="19.99", fulfilment=way)
        order = exchange(api, ret, lines=[line]).json()
        code = order["fulfilments"][0]["id"]
        step(api, code, "pick", units(("1", 1)))
        step(api, code, "ready", {"bay": "7"})
        assert unspent(api, ret) == (1, "19.99")
        end_waiting(code)
        step(api, code, "expire")
        assert (unspent(api, ret), refunds()) == ((2, "39.98"), [])

    def test_what_is_not_spent_becomes_a_refund_on_demand(self, api: ApiCaller) -> None:
        ret = brought_back(api)
        assert "resolution" in api.get(f"returns/{ret}").json()["allowed_actions"]
        order = exchanged(api, ret, price="15.00")
        answer = resolve(api, ret)
        assert (answer.status_code, answer.json()["resolution"]) == (200, "refund")
        assert answer.json()["refund"] == {"amount": "24.98", "currency": "GBP", "requested": True}
        assert (answer.json()["unspent"], refunds()) == (None, [("24.98", "not exchanged")])
        event = Event.objects.get(type="refund.requested")
        assert event.data["lines"] == [{"line_id": "1", "quantity": 1, "amount": "24.98"}]
        # A repeat changes nothing, and nothing is left to exchange.
        assert resolve(api, ret).json() == answer.json()
        assert pointers(exchange(api, ret)) == {"/exchange_of": "unknown_return"}
        # What the exchange gives back later is refunded as well.
        api.post(f"orders/{order['number']}/cancellations", {"reason": "late"})
        assert refunds() == [("24.98", "not exchanged"), ("15.00", "late")]
        assert api.get(f"returns/{ret}").json()["refund"]["amount"] == "39.98"

    def test_what_comes_later_is_refunded_then(self, api: ApiCaller) -> None:
        number = buy(api, ("A1", 3))
        line = {"line_id": "1", "quantity": 1}
        ret = announced(api, number, line | {"quantity": 2}, resolution="exchange")["id"]
        assert resolve(api, ret, "store_credit").json()["refund"]["requested"] is False
        received(api, ret, line)
        assert refunds() == [("19.99", "returned")]

    def test_without_an_order_no_price_is_known(self, api: ApiCaller) -> None:
        line = {"sku": "A1", "quantity": 2}
        ret = announced(api, None, line, resolution="exchange")["id"]
        received(api, ret, line)
        exchanged(api, ret)
        assert resolve(api, ret).status_code == 200
        event = Event.objects.get(type="refund.requested")
        assert event.data["amount"] is None
        assert event.data["lines"] == [{"sku": "A1", "quantity": 1}]

    def test_only_an_exchange_is_turned_into_something_else(self, api: ApiCaller) -> None:
        ret = brought_back(api, resolution="refund")
        document = problem(resolve(api, ret, "store_credit"), 409, "illegal_transition")
        assert "resolution" not in document["allowed_actions"]
        assert pointers(resolve(api, ret, "exchange")) == {"/resolution": "invalid_choice"}
        cancelled = announced(
            api, buy(api, ("A1", 1)), {"line_id": "1", "quantity": 1}, resolution="exchange"
        )["id"]
        api.post(f"returns/{cancelled}/cancel")
        problem(resolve(api, cancelled), 409, "illegal_transition")

    def test_goods_of_an_exchange_come_back_like_others(self, api: ApiCaller) -> None:
        ret = brought_back(api, 1)
        way = {"type": "carry_out", "location": "S1"}
        line = OrderLineBody(sku="B1", unit_price="19.99", fulfilment=way)
        number = exchange(api, ret, lines=[line]).json()["number"]
        back = announced(api, number, {"line_id": "1", "quantity": 1})["id"]
        received(api, back, {"line_id": "1", "quantity": 1})
        assert refunds() == [("19.99", "returned")]
        assert unspent(api, ret) == (0, "0.00")
