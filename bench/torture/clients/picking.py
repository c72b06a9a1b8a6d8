"""Pickers: a list, scans along it, some of them sent twice, some lines found short."""

from __future__ import annotations

import uuid
from typing import Any

from preparation import barcode_of

from torture.clients.base import Kind
from torture.world import PLACES


class Picking(Kind):
    def turn(self) -> None:
        place = self.some(PLACES)
        body = {"location": place, "max_orders": self.units(6), "mode": "batch"}
        act = self.client.act("start a pick list", "pick-lists", body)
        if not act.is_done:
            return
        pick_list = act.answer
        address = f"pick-lists/{pick_list['id']}"
        for line in pick_list["lines"]:
            if self.lucky(4):
                self._find_fewer(address, pick_list, line)
        self._scan(address, pick_list)
        self.client.act("complete a pick list", f"{address}/complete")
        for code in dict.fromkeys(line["fulfilment"] for line in pick_list["lines"]):
            if self.lucky(70):
                self.client.act("pack", f"fulfilments/{code}/pack")

    def _scan(self, address: str, pick_list: dict[str, Any]) -> None:
        scans = []
        for line in pick_list["lines"]:
            scan = {
                "scan_id": str(uuid.UUID(int=self.client.chance.getrandbits(128))),
                "payload": barcode_of(line["sku"]),
                "quantity": line["quantity"],
            }
            scans += [scan, scan] if self.lucky(10) else [scan]
        act = self.client.act("scan", f"{address}/scans", {"scans": scans})
        if not act.is_done:
            return
        self._book(act.answer, scans)
        if self.lucky(30):  # the scanner lost its connection and sends the whole batch again
            again = self.client.act("scan again", f"{address}/scans", {"scans": scans})
            if again.is_done:
                results = {each["result"] for each in again.answer["results"]}
                self.books.check(
                    "a_scan_counts_once", results == {"duplicate"}, f"{address}: {results}"
                )

    def _book(self, answer: dict[str, Any], scans: list[dict[str, Any]]) -> None:
        accepted: set[str] = set()
        for scan, result in zip(scans, answer["results"], strict=True):
            if result["result"] == "accepted":
                first = scan["scan_id"] not in accepted
                self.books.check("a_scan_counts_once", first, f"accepted twice: {scan}")
                accepted.add(scan["scan_id"])
                with self.books.lock:
                    self.books.scanned[result["line"]] += scan["quantity"]

    def _find_fewer(self, address: str, pick_list: dict[str, Any], line: dict[str, Any]) -> None:
        found = self.client.chance.randrange(max(1, line["quantity"]))
        act = self.client.act(
            "short pick",
            f"{address}/lines/{line['id']}/short",
            {"found": found, "everywhere": True},
        )
        if not act.is_done:
            return
        now = next(row for row in act.answer["lines"] if row["id"] == line["id"])
        with self.books.lock:
            more = now["short"] - self.books.short.get(line["id"], 0)
            self.books.short[line["id"]] = now["short"]
            self.books.apart[line["sku"], pick_list["location"]] += more
