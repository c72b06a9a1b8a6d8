"""A shift: a pick list with its scans, then parcels and pickups handed over."""

from __future__ import annotations

import random
import uuid
from typing import Any

from expected_state import ExpectedState
from service import Service

LIST_SIZE = 12  # orders on a list
# A cancellation, or an adjustment that broke a reservation, may come between any two steps.
OVERTAKEN = ("illegal_transition", "claim_broken", "picking_incomplete")

# Of a hundred.
SHORT, TWO_SCANS, MISREAD, DELIVERED, NEVER_COLLECTED, WRONG_CODE = 1, 10, 1, 50, 10, 10


class FulfilmentWork:
    def __init__(self, service: Service, expected: ExpectedState, chance: random.Random) -> None:
        self.service, self.expected, self.chance = service, expected, chance

    def shift(self, place: str) -> None:
        """Pick what is most urgent at a place, and hand it out."""
        body = {"location": place, "max_orders": LIST_SIZE, "mode": "batch"}
        status, pick_list = self.service.post(
            "pick-lists", body, "start pick list", expect=("nothing_to_pick",)
        )
        if status != 201:
            return
        codes = list(dict.fromkeys(line["fulfilment"] for line in pick_list["lines"]))
        self._walk(pick_list)
        for code in codes:
            fulfilment = self.service.get(f"fulfilments/{code}", "get fulfilment")
            if fulfilment is None or fulfilment["state"] != "picking":
                self.expected.doings["picked, but cancelled meanwhile"] += 1
            elif fulfilment["type"] == "pickup":
                self._serve(code)
            else:
                self._send(code)

    def _lucky(self, of_a_hundred: int) -> bool:
        return self.chance.randrange(100) < of_a_hundred

    def _walk(self, pick_list: dict[str, Any]) -> None:
        """Scan along the list; some lines have fewer on the shelf than they ask for."""
        short = [line for line in pick_list["lines"] if line["quantity"] and self._lucky(SHORT)]
        for line in short:
            self._find_fewer(pick_list, line)
        gone = {line["id"] for line in short}
        scans: list[dict[str, Any]] = []
        for line in pick_list["lines"]:
            if line["id"] not in gone:
                scans += self._scans(line)
        address = f"pick-lists/{pick_list['id']}"
        for start in range(0, len(scans), 1_000):
            some = {"scans": scans[start : start + 1_000]}
            _, answer = self.service.post(f"{address}/scans", some, "scan")
            for result in (answer or {}).get("results", []):
                self.expected.doings[f"scan {result['result']}"] += 1
        self._complete(address)

    def _complete(self, address: str) -> None:
        expected = ("pick_list_incomplete", "illegal_transition")
        status, _ = self.service.post(
            f"{address}/complete", {}, "complete pick list", expect=expected
        )
        self.expected.doings["pick lists completed"] += status == 200

    def _scans(self, line: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the scans of a line: in one or two reads, as printed or as GS1-128."""
        gtin = line["barcodes"][0] if line["barcodes"] else line["sku"]
        left = line["quantity"] - line["picked"] - line["short"]
        payload = f"]C101{gtin}" if self._lucky(TWO_SCANS) and len(gtin) == 14 else gtin[-13:]
        parts = [1, left - 1] if left > 1 and self._lucky(TWO_SCANS) else [left]
        scans = [
            {"scan_id": str(uuid.uuid4()), "payload": payload, "quantity": units}
            for units in parts
            if units > 0
        ]
        if scans and self._lucky(MISREAD):  # the same read sent twice, as a bad network does
            scans.append(scans[0])
        return scans

    def _find_fewer(self, pick_list: dict[str, Any], line: dict[str, Any]) -> None:
        found = self.chance.randrange(line["quantity"])
        status, answer = self.service.post(
            f"pick-lists/{pick_list['id']}/lines/{line['id']}/short",
            {"found": found, "everywhere": True},
            "short pick",
            expect=("line_settled", "validation_error", "illegal_transition", "claim_broken"),
        )
        if status == 200:
            now = next(row for row in answer["lines"] if row["id"] == line["id"])
            self.expected.move(
                "found short", line["sku"], pick_list["location"], 0, apart=now["short"]
            )
            self.expected.doings["short picks"] += 1

    def _send(self, code: str) -> None:
        status, _ = self._step(code, "pack", {})
        if status != 200:
            return
        body = {"carrier": "Replay Parcels", "tracking_number": f"RP-{code}"}
        status, shipped = self._step(code, "ship", body)
        if status == 200:
            self.expected.leave("shipped", shipped)
            if self._lucky(DELIVERED):
                self._step(code, "deliver", {})

    def _serve(self, code: str) -> None:
        status, _ = self._step(code, "ready", {"bay": "BAY-1"})
        if status != 200 or self._lucky(NEVER_COLLECTED):
            return
        if self._lucky(WRONG_CODE):
            self._step(code, "collect", {"code": "not it"}, expect=("wrong_pickup_code",))
        status, collected = self._step(code, "collect", {"identity": {"document": "passport"}})
        if status == 200:
            self.expected.leave("collected", collected)

    def _step(
        self, code: str, step: str, body: dict[str, Any], *, expect: tuple[str, ...] = ()
    ) -> tuple[int, Any]:
        return self.service.post(
            f"fulfilments/{code}/{step}", body, step, expect=(*OVERTAKEN, *expect)
        )
