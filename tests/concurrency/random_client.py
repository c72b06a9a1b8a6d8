"""A client that acts at random on a pool which others change meanwhile, and adds up the answers.

It has no model: what it does depends on what it sees, and what it sees may be over when it acts.
Refusals are fine then. Runs in a process of its own.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from inventory.models import Reservation
from inventory.tasks import expire_reservations
from orders.tasks import fill_backorders
from tests.concurrency import load
from tests.conftest import ApiCaller
from tests.factories import CartBody, OrderBody, OrderLineBody

SKUS, PLACES, COUNTERS = ("A1", "B1", "C1"), ("W1", "S1", "S2"), ("S1", "S2")


class RandomClient:
    """By SKU: `tally` is what went into on_hand and out of it, as the answers say, `sold`
    what tills sold."""

    def __init__(self, api: Any, seed: int) -> None:
        self.api = api
        self.random = random.Random(seed)
        self.tally: Counter[str] = Counter()
        self.sold: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.carts: list[str] = []
        self.turn = 0

    def work(self, steps: int) -> None:
        acts = [name for name in dir(self) if name.startswith("do_")]
        for self.turn in range(steps):
            getattr(self, self.random.choice(acts))()

    def act(self, path: str, body: Any = None) -> dict[str, Any] | None:
        """Send an act, now and then twice; return its answer, None for a refusal."""
        key = str(uuid.UUID(int=self.random.getrandbits(128)))
        answer = self.api.post(path, body, key=key)
        document = answer.json()
        code = document.get("code", "accepted") if answer.status_code >= 400 else "accepted"
        self.outcomes[f"{path.split('/')[0]} {answer.status_code} {code}"] += 1
        if self.random.random() < 0.1:
            again = self.api.post(path, body, key=key)
            same = (again.status_code, again.json()) == (answer.status_code, document)
            if not same and answer.status_code not in (400, 404):
                self.outcomes["another answer to the same key"] += 1
        return document if answer.status_code in (200, 201) else None

    def see(self, path: str, *states: str) -> dict[str, Any] | None:
        """Return one of the resources that are there, in one of these states if any are named."""
        answer = self.api.get(path, limit=100)
        self.outcomes[f"see {path} {answer.status_code}"] += 1
        assert answer.status_code == 200, answer.content
        found = [it for it in answer.json()["results"] if not states or it["state"] in states]
        return self.random.choice(found) if found else None

    def some(self) -> tuple[str, str, int]:
        return self.random.choice(SKUS), self.random.choice(PLACES), self.random.randint(1, 4)

    # Goods

    def do_receive(self) -> None:
        sku, place, units = self.some()
        line = {"sku": sku, "quantity": units}
        if self.act("receipts", {"location": place, "reference": "van", "lines": [line]}):
            self.tally[sku] += units

    def do_expect(self) -> None:
        """All machines announce the same deliveries: each is one."""
        place = PLACES[self.turn % len(PLACES)]
        lines = [{"sku": "A1", "quantity": 3}]
        self.act("deliveries", {"location": place, "reference": f"D{self.turn}", "lines": lines})

    def do_take_delivery(self) -> None:
        sku, _, units = self.some()
        if delivery := self.see("deliveries"):
            line = {"sku": sku, "quantity": units, "damaged": self.random.randint(0, 1)}
            if self.act(f"deliveries/{delivery['id']}/receipts", {"lines": [line]}):
                self.tally[sku] += units

    def do_adjust(self) -> None:
        sku, place, units = self.some()
        line = {"sku": sku, "location": place, "on_hand_delta": -units}
        if self.act("stock/adjustments", {"reason": "lost", "lines": [line]}):
            self.tally[sku] -= units

    def do_set_apart(self) -> None:
        sku, place, units = self.some()
        line = {"sku": sku, "location": place, "quantity": units}
        ways = [("available", "damaged"), ("damaged", "available"), ("missing", "available")]
        origin, outcome = self.random.choice(ways)
        self.act("stock/unavailable", {"lines": [line | {"from": origin, "to": outcome}]})

    def do_count(self) -> None:
        """Two SKUs in one act, and in whichever order: locks must not meet crosswise."""
        skus = self.random.sample(SKUS, 2)
        lines = [
            {"sku": sku, "location": self.random.choice(PLACES), "on_hand": n}
            for sku, n in zip(skus, self.random.choices(range(9), k=2), strict=True)
        ]
        answer = self.act("stock/counts/apply", {"reason": "cycle_count", "lines": lines})
        for line in answer["lines"] if answer else []:
            self.tally[line["sku"]] += line["variance"]

    def do_draft_transfer(self) -> None:
        source, target = self.random.sample(PLACES, 2)
        lines = [{"sku": sku, "quantity": 2} for sku in self.random.sample(SKUS, 2)]
        self.act("transfers", {"from": source, "to": target, "lines": lines})

    def do_dispatch(self) -> None:
        if transfer := self.see("transfers", "draft"):
            answer = self.act(f"transfers/{transfer['id']}/dispatch")
            for line in answer["lines"] if answer else []:
                self.tally[line["sku"]] -= line["quantity"]

    def do_unload(self) -> None:
        if transfer := self.see("transfers", "in_transit"):
            line = self.random.choice(transfer["lines"])
            units = self.random.randint(1, max(1, line["quantity"] - line["received"]))
            body = {"lines": [{"sku": line["sku"], "quantity": units}]}
            body["close"] = self.random.random() < 0.3
            if self.act(f"transfers/{transfer['id']}/receive", body):
                self.tally[line["sku"]] += units

    def do_keep_safe(self) -> None:
        sku, place, units = self.some()
        line = {"sku": sku, "location": place, "safety_stock": units - 1}
        answer = self.api.put("stock/safety-stock", {"lines": [line]})
        self.outcomes[f"keep {answer.status_code}"] += 1

    # Buyers

    def do_hold(self) -> None:
        lines = [{"sku": sku, "quantity": 1} for sku in self.random.sample(SKUS, 2)]
        body = CartBody(lines=lines)
        if answer := self.act("reservations", body):
            self.carts.append(answer["id"])

    def do_release(self) -> None:
        if self.carts:
            self.act(f"reservations/{self.carts.pop()}/release")

    def do_let_carts_expire(self) -> None:
        """End the time of the carts, which a buyer of their goods, or the sweep, then ends."""
        if self.carts:
            over = datetime.now(UTC) - timedelta(seconds=1)
            carts = [self.carts.pop() for _ in range(min(2, len(self.carts)))]
            Reservation.objects.filter(group__in=carts, state="held").update(expires_at=over)

    def do_order_cart(self) -> None:
        if self.carts:
            wants = [(sku, 1) for sku in self.random.sample(SKUS, 2)]
            self._order(f"cart-{self.random.getrandbits(64)}", wants, reservation=self.carts.pop())

    def do_order(self) -> None:
        sku, _, units = self.some()
        self._order(str(self.random.getrandbits(64)), [(sku, units)], backorder=True)

    def do_order_batch(self) -> None:
        """Carts and others in one transaction, some that all machines send, lines in any order."""
        orders = []
        for number in range(self.random.randint(2, 5)):
            wants = [(sku, self.random.randint(1, 3)) for sku in self.random.sample(SKUS, 2)]
            name = self.random.choice([f"same-{self.turn + number}", str(self.random.random())])
            cart = self.carts.pop() if self.carts and self.random.random() < 0.5 else None
            backorder = self.random.random() < 0.5
            orders.append(self._body(name, wants, backorder=backorder, reservation=cart))
        self.random.shuffle(orders)
        answer = self.act("orders/batch", {"orders": orders})
        for result in answer["results"] if answer else []:
            code = result["problem"]["code"] if "problem" in result else "accepted"
            self.outcomes[f"batch {result['status']} {code}"] += 1

    def do_order_what_all_order(self) -> None:
        """All machines send this order: it is one."""
        wants = [(sku, 1) for sku in SKUS]
        self._order(f"same-{self.turn}", wants, backorder=True)

    def do_order_pickup(self) -> None:
        sku, _, units = self.some()
        shop = self.random.choice(COUNTERS)
        self._order(str(self.random.getrandbits(64)), [(sku, units)], way="pickup", shop=shop)

    def do_sell_at_the_till(self) -> None:
        sku, _, units = self.some()
        shop = self.random.choice(COUNTERS)
        sale = str(self.random.getrandbits(64))
        if self._order(sale, [(sku, units)], way="carry_out", shop=shop):
            self.tally[sku] -= units
            self.sold[sku] += units

    def _order(
        self,
        external_id: str,
        wants: list[tuple[str, int]],
        *,
        way: str = "ship",
        shop: str = "",
        backorder: bool = False,
        reservation: str | None = None,
    ) -> dict[str, Any] | None:
        body = self._body(
            external_id, wants, way=way, shop=shop, backorder=backorder, reservation=reservation
        )
        return self.act("orders", body)

    def _body(
        self,
        external_id: str,
        wants: list[tuple[str, int]],
        *,
        way: str = "ship",
        shop: str = "",
        backorder: bool = False,
        reservation: str | None = None,
    ) -> dict[str, Any]:
        lines = [
            OrderLineBody(
                line_id=sku,
                sku=sku,
                quantity=units,
                unit_price="1.00",
                fulfilment={"type": way} | ({"location": shop} if shop else {}),
            )
            for sku, units in wants
        ]
        customer = {"email": f"{external_id[-2:]}@example.org"}
        body = OrderBody(
            external_id=external_id, lines=lines, allow_backorder=backorder, customer=customer
        )
        return body | ({"reservation_id": reservation} if reservation else {})

    def do_cancel(self) -> None:
        if order := self.see("orders"):
            body: dict[str, Any] = {"reason": "x"}
            if self.random.random() < 0.5:
                line = self.random.choice(order["lines"])
                body["lines"] = [{"line_id": line["line_id"], "quantity": 1}]
            self.act(f"orders/{order['number']}/cancellations", body)

    # Fulfilment

    def do_make_up(self) -> None:
        if work := self._work("open", "picking"):
            lines = [
                {"line_id": line["line_id"], "quantity": line["quantity"] - line["picked"]}
                for line in work["lines"]
                if line["quantity"] > line["picked"]
            ]
            if lines:
                self.act(f"fulfilments/{work['id']}/pick", {"lines": lines})
            step = "pack" if work["type"] == "ship" or work["source"] else "ready"
            self.act(f"fulfilments/{work['id']}/{step}")

    def do_send_off(self) -> None:
        if work := self._work("packed"):
            parcel = {} if work["source"] else {"carrier": "Post", "tracking_number": "1"}
            answer = self.act(f"fulfilments/{work['id']}/ship", parcel)
            for line in answer["lines"] if answer else []:
                self.tally[line["sku"]] -= line["quantity"]

    def do_hand_over(self) -> None:
        if work := self._work("ready"):
            answer = self.act(
                f"fulfilments/{work['id']}/collect", {"identity": {"document": "passport"}}
            )
            for line in answer["lines"] if answer else []:
                self.tally[line["sku"]] -= line["fulfilled"]

    def do_give_up_waiting(self) -> None:
        if (work := self._work("ready")) and self.random.random() < 0.3:
            self.act(f"fulfilments/{work['id']}/expire")

    def do_reject(self) -> None:
        if work := self._work("open", "picking"):
            reason = self.random.choice(["not_found", "damaged", "other"])
            self.act(f"fulfilments/{work['id']}/reject", {"reason": reason})

    def do_take_back(self) -> None:
        sku, place, units = self.some()
        line = {"sku": sku, "quantity": units}
        about = {"channel": "web", "resolution": "refund", "drop_off": {"type": "store"}}
        ret = self.act("returns", about | {"lines": [line | {"reason": "x"}]})
        word = self.random.choice(["restock", "inspect", "damaged", "scrap"])
        body = {"location": place, "lines": [line | {"disposition": word}]}
        if ret and self.act(f"returns/{ret['id']}/receipts", body) and word != "scrap":
            self.tally[sku] += units

    def do_sweep(self) -> None:
        expire_reservations()
        fill_backorders()

    def _work(self, *states: str) -> dict[str, Any] | None:
        return self.see("fulfilments", *states)


def live(order: dict[str, Any]) -> dict[str, Counter[str]]:
    """Let a machine work for each of the `seeds`, in a thread of its own, for so many `steps`."""

    def work(seed: int) -> RandomClient:
        machine = RandomClient(ApiCaller(order["api_key"]), seed)
        machine.work(order["steps"])
        connection.close()
        return machine

    load.wait_for_all()
    with ThreadPoolExecutor(len(order["seeds"])) as pool:
        machines = list(pool.map(work, order["seeds"]))
    tally, sold, outcomes = Counter[str](), Counter[str](), Counter[str]()
    for machine in machines:
        tally.update(machine.tally)
        sold.update(machine.sold)
        outcomes.update(machine.outcomes)
    return {"tally": tally, "sold": sold, "outcomes": outcomes}
