"""One worker process: it replays its customers' invoices in the order of time."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from multiprocessing.queues import Queue
from typing import Any

from expected_state import ExpectedState, Pair
from fulfilment_work import LIST_SIZE, FulfilmentWork
from invoices import Invoice, Line, orders_of
from plan import PLACES, chance, hand_over, ship_to
from preparation import receive, split
from returns_work import ReturnsWork
from service import Calls, GivenUp, Service

# Of a hundred orders.
BACKORDERS, PARTIALS = 40, 30  # the others want all or nothing
AT_TILL_IN_PART = 70
CHANGED_MINDS, SENT_TWICE, SENT_AGAIN, REFUSED_WORK = 4, 1, 1, 1


@dataclass(frozen=True)
class Job:
    """What a worker is given. `later` is the second delivery, of one worker only."""

    number: int
    url: str
    key: str
    run: str
    invoices: list[Invoice]
    share: float  # of the web orders that are picked
    later: dict[Pair, int]


@dataclass
class WorkerResult:
    """What a worker hands back."""

    calls: Calls
    expected: ExpectedState
    failure: str = ""


def work(job: Job, ticks: Any, results: Queue[WorkerResult]) -> None:
    """Replay the job's invoices; each tick is one of them."""
    worker = Worker(job)
    failure = ""
    try:
        worker.replay(ticks)
    except GivenUp as error:
        failure = f"worker {job.number} gave up: {error}"
    results.put(WorkerResult(worker.service.calls, worker.expected, failure))


class Worker:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.chance = random.Random(f"{job.number}")
        self.service = Service(job.url, job.key)
        self.expected = ExpectedState()
        self.fulfilment_work = FulfilmentWork(self.service, self.expected, self.chance)
        self.returns_work = ReturnsWork(self.service, self.expected, self.chance)
        self.waiting = 0.0  # web orders of our share that are not picked yet
        self.place = job.number  # whose turn it is to be picked

    def replay(self, ticks: Any) -> None:
        for turn, invoice in enumerate(self.job.invoices):
            if turn == len(self.job.invoices) // 2:
                self._receive_later()
            if invoice.event == "sale":
                self._sell(invoice)
                with ticks.get_lock():
                    ticks.value += 1
            elif invoice.event == "cancel":
                self.returns_work.take_back(invoice)
            else:
                self.returns_work.correct(invoice)
            while self.waiting >= LIST_SIZE:
                self.waiting -= LIST_SIZE
                self._work_a_shift()

    def _receive_later(self) -> None:
        if self.job.later:
            for body in split(self.job.later, f"{self.job.run}-later"):
                receive(self.service, self.expected, body)

    def _work_a_shift(self) -> None:
        """Half of the shifts are in a warehouse, where most of the goods are."""
        self.place += 1
        place = PLACES[self.place // 2 % 2] if self.place % 2 else PLACES[self.place // 2 % 12]
        self.fulfilment_work.shift(place)

    def _sell(self, invoice: Invoice) -> None:
        channel, how = hand_over(invoice)
        for part, lines in enumerate(orders_of(invoice)):
            body = self._order(invoice, part, lines, channel, how)
            key = uuid.uuid4().hex
            status, answer = self.service.post(
                "orders", body, f"place {how['type']}", expect=("insufficient_stock",), key=key
            )
            name = channel, body["external_id"]
            if status != 201:
                self.expected.refused.add(name)
                continue
            self.expected.accept(answer)
            self.returns_work.remember(invoice.customer, answer)
            self._send_twice(body, key, answer)
            self._change_mind(answer)
            self.waiting += self.job.share * len(answer["fulfilments"]) * (channel == "web")

    def _order(
        self, invoice: Invoice, part: int, lines: list[Line], channel: str, how: dict[str, str]
    ) -> dict[str, Any]:
        number = f"{invoice.number}-{part + 1}" if part else invoice.number
        luck = chance(number, "policy")
        body: dict[str, Any] = {
            "channel": channel,
            "external_id": f"{self.job.run}-{number}",
            "currency": "GBP",
            "lines": [
                {
                    "line_id": str(position),
                    "sku": line.sku,
                    "quantity": min(line.quantity, 1_000_000),
                    "unit_price": line.unit_price,
                    "fulfilment": how,
                }
                for position, line in enumerate(lines, start=1)
            ],
            "allow_backorder": channel == "web" and luck < BACKORDERS,
            "allow_partial": luck < AT_TILL_IN_PART
            if channel == "pos"
            else BACKORDERS <= luck < BACKORDERS + PARTIALS,
        }
        if invoice.customer:
            body["customer"] = {
                "external_id": invoice.customer,
                "name": f"Customer {invoice.customer}",
                "email": f"customer.{invoice.customer}@example.org",
            }
        if how["type"] == "ship":
            body["ship_to"] = ship_to(invoice)
        return body

    def _send_twice(self, body: dict[str, Any], key: str, first: dict[str, Any]) -> None:
        """Send some orders again, as clients do that have lost the answer."""
        if self._lucky(SENT_TWICE):
            status, again = self.service.post("orders", body, "same key again", key=key)
            if (status, again) != (201, first):
                self.service.calls.complain(f"the same key gave another answer: {status}")
        if self._lucky(SENT_AGAIN):
            status, again = self.service.post("orders", body, "same order, new key")
            if status != 200 or again["number"] != first["number"]:
                self.service.calls.complain(f"the same order was not recognised: {status}")

    def _change_mind(self, order: dict[str, Any]) -> None:
        if "cancel" not in order["allowed_actions"]:
            return
        if self._lucky(CHANGED_MINDS):
            body: dict[str, Any] = {"reason": "changed my mind"}
            reserved = [line for line in order["lines"] if line["reserved"]]
            if reserved and self._lucky(50):
                body["lines"] = [{"line_id": reserved[0]["line_id"], "quantity": 1}]
            status, _ = self.service.post(
                f"orders/{order['number']}/cancellations",
                body,
                "cancel",
                expect=("nothing_to_cancel",),
            )
            self.expected.doings["cancellations"] += status == 201
        elif order["fulfilments"] and self._lucky(REFUSED_WORK):
            code = order["fulfilments"][0]["id"]
            status, _ = self.service.post(
                f"fulfilments/{code}/reject",
                {"reason": "no_capacity"},
                "reject",
                expect=("illegal_transition", "claim_broken"),
            )
            self.expected.doings["rejections, sourced again"] += status == 200

    def _lucky(self, of_a_hundred: int) -> bool:
        return self.chance.randrange(100) < of_a_hundred
