"""After an erasure no text that was sent about the person is left: neither in a table nor in a log.

The bodies come from the OpenAPI document: a member that is new there is marked, and an operation
that is new and takes a text has to be sent here, or to say why it is not about a person.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from orders.imports.orders import ORDERS
from orders.models import Fulfilment
from tests.conftest import ApiCaller
from tests.deadlocks import ServerLog
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.omniretail.files.import_helpers import apply_files
from tests.orders.fulfilment_helpers import show_pass, units
from tests.orders.people.taint import Taint, marked_rows

# Beginnings of the operations that are about a person's orders, carts, returns and files.
ABOUT_PEOPLE = (
    "customers", "fulfilments", "hand-overs", "imports", "orders", "pick-lists", "reservations",
    "returns", "sourcing",
)  # fmt: skip
# Operations that are not sent here, and why.
NOT_SENT = {
    "post customers/erase": "asks for a person, and keeps no word of it",
    "post sourcing/quote": "keeps nothing",
    "post fulfilments/{code}/lost": "takes the words of a cancellation, which is sent",
    "post returns/{identity}/receipts": "lots and serial numbers are those of goods",
}
# What may be left, and why.
STAYS = {
    "lines.line_id": "names a line of the sale; the books and returns name it so",
    "lines.product_reference": "names the goods that were sold",
    "carrier": "a company",
    "identity.second_person": "a member of staff, who answers for the act",
    "refused.external_id": "of an order that never was, in an answer; deleted after 72 hours",
    "Idempotency-Key": "makes a repeat the same act; deleted after 72 hours",
    "line_id": "names a line of the sale, in a file",
    "product_reference": "names the goods that were sold, in a file",
}
NAMES_A_LINE = {"lines.line_id"}  # of an order that is there
EMAIL = "zq-jo@example.org"
pytestmark = pytest.mark.django_db


@pytest.fixture
def taint(api: ApiCaller) -> Taint:
    ChannelFactory(code="web")
    for place in (LocationFactory(code="W1"), LocationFactory(code="S1", kind="store")):
        stock_up(SkuFactory(code="A1"), place, 100)
    return Taint()


class Journey:
    """One person's orders, taken through everything that takes a text about them."""

    def __init__(self, api: ApiCaller, taint: Taint) -> None:
        self.api, self.taint = api, taint

    def send(self, operation: str, *, at: str = "", expect: int = 200, **base: Any) -> Any:
        body = self.taint.body(operation, **base)
        body = {name: value for name, value in body.items() if value is not None}
        key = self.taint.mark("Idempotency-Key")
        answer = self.api.post(at or operation.partition(" ")[2], body, key=key)
        assert answer.status_code == expect, (operation, body, answer.content)
        return answer.json()

    def order(self, **base: Any) -> dict[str, Any]:
        filled = {"customer": {"email": EMAIL}, "ship_to": {"country": "GB"}, "exchange_of": None}
        lines = [{"sku": "A1", "quantity": 2, "unit_price": "9.50", "fulfilment": {"type": "ship"}}]
        body = {"channel": "web", "currency": "GBP", "lines": lines} | filled | base
        order: dict[str, Any] = self.send("post orders", expect=201, **body)
        return order

    def step(self, code: str, action: str, **base: Any) -> Any:
        return self.send(
            f"post fulfilments/{{code}}/{action}", at=f"fulfilments/{code}/{action}", **base
        )

    def pick(self, order: dict[str, Any]) -> str:
        code: str = order["fulfilments"][0]["id"]
        done = self.api.post(f"fulfilments/{code}/pick", units((order["lines"][0]["line_id"], 2)))
        assert done.status_code == 200, done.content
        return code

    def shipped_and_returned(self) -> None:
        cart = self.send(
            "post reservations", expect=201, channel="web", ttl_seconds=600,
            lines=[{"sku": "A1", "quantity": 2}],
        )  # fmt: skip
        order = self.order(reservation_id=cart["id"])
        code = self.pick(order)
        assert self.api.post(f"fulfilments/{code}/pack").status_code == 200
        self.step(code, "ship")
        line = {"line_id": order["lines"][0]["line_id"], "quantity": 1}
        sent_back = self.send(
            "post returns", expect=201, order=order["number"], channel="web", resolution="refund",
            drop_off={"type": "store"}, lines=[line],
        )  # fmt: skip
        came = self.api.post(
            f"returns/{sent_back['id']}/receipts",
            {"location": "S1", "lines": [line | {"disposition": "restock"}]},
        )
        assert came.status_code == 201, came.content

    def at_the_counter(self, *, visit: bool) -> None:
        lines = [
            {"sku": "A1", "quantity": 2, "unit_price": "9.50",
             "fulfilment": {"type": "pickup", "location": "S1"}},
        ]  # fmt: skip
        code = self.pick(self.order(lines=lines))
        self.step(code, "ready")
        if visit:
            shown = show_pass(code).json()
            self.send(
                "post hand-overs", expect=201, location="S1", code=shown["code"], identity=None
            )
        else:
            self.step(code, "collect", identity={"document": "passport"})

    def cancelled(self) -> None:
        order = self.order()
        at = f"orders/{order['number']}/cancellations"
        lines = [{"line_id": order["lines"][0]["line_id"], "quantity": 1}]
        self.send("post orders/{number}/cancellations", at=at, expect=201, lines=lines)
        self.step(order["fulfilments"][0]["id"], "cancel")

    def in_a_batch(self) -> None:
        line = {"sku": "A1", "quantity": 1, "unit_price": "9.50", "fulfilment": {"type": "ship"}}
        one = {
            "channel": "web", "currency": "GBP", "customer": {"email": EMAIL},
            "ship_to": {"country": "GB"}, "lines": [line],
        }  # fmt: skip
        name = self.taint.mark("refused.external_id")
        short = one | {"external_id": name, "lines": [line | {"quantity": 10_000}]}
        results = self.send("post orders/batch", orders=[one, short])["results"]
        assert [each["status"] for each in results] == [201, 409]
        twice = one | {"external_id": results[0]["external_id"]}
        results = self.send("post orders/batch", orders=[twice])["results"]
        assert [each["status"] for each in results] == [409]

    def in_files(self) -> None:
        """A row that is placed, a bad one, a dry run of both, and one that still waits."""
        fixed = {
            "channel": "web", "currency": "GBP", "sku": "A1", "quantity": "1", "unit_price": "9.50",
            "customer_email": EMAIL, "ship_to_country": "GB", "type": "ship", "location": "",
            "occurred_at": "", "allow_split": "", "allow_backorder": "", "allow_partial": "",
        }  # fmt: skip
        header = list(ORDERS.columns)
        marked = {name: self.taint.mark(name) for name in header if name not in fixed}
        good = marked | fixed
        bad = good | {"external_id": self.taint.mark("external_id"), "sku": "GONE"}
        rows = [",".join(row[name] for name in header) for row in (good, bad)]
        content = "\n".join([",".join(header), *rows]) + "\n"
        for dry_run in ("true", "false"):
            self._upload(content, dry_run)
            apply_files()
        self._upload(content.replace(good["external_id"], self.taint.mark("external_id")), "false")

    def _upload(self, content: str, dry_run: str) -> None:
        self.taint.operations.add("post imports")
        form = {"kind": "orders", "dry_run": dry_run, "reference": f"asked by {EMAIL}"}
        file = SimpleUploadedFile(f"orders of {EMAIL}.csv", content.encode())
        answer = self.api.client.post(
            "/api/v1/imports",
            form | {"file": file},
            headers=self.api.headers | {"Idempotency-Key": self.taint.mark("Idempotency-Key")},
        )
        assert answer.status_code == 202, answer.content


def test_nothing_that_was_sent_about_a_person_outlives_their_erasure(
    api: ApiCaller, taint: Taint, server_log: ServerLog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    journey = Journey(api, taint)
    journey.shipped_and_returned()
    journey.at_the_counter(visit=False)
    journey.at_the_counter(visit=True)
    journey.cancelled()
    journey.in_a_batch()
    journey.in_files()
    assert not Fulfilment.objects.filter(state="ready").exists()
    texts = {
        operation
        for operation in taint.all_operations()
        if operation.partition(" ")[2].startswith(ABOUT_PEOPLE)
        and taint.free_texts(operation) - NAMES_A_LINE
    }
    assert texts - taint.operations == set(NOT_SENT)
    before = {name for _, name in marked_rows(taint)}
    assert before == set(taint.sent)  # each was kept somewhere, else its end would show nothing

    erased = api.post("customers/erase", {"email": EMAIL.upper()})
    assert erased.status_code == 200, erased.content

    left = {
        (table, name.removeprefix("orders.")): row[:700]
        for (table, name), row in marked_rows(taint).items()
    }
    assert {key: row for key, row in left.items() if key[1] not in STAYS} == {}
    assert {name for _, name in left} == set(STAYS)
    assert taint.names_in(caplog.text) == set()
    assert "zqtaint" not in server_log.text()
