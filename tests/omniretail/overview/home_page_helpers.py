"""Parsing the home page, and the work that it shows."""

from __future__ import annotations

from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from tests.conftest import ApiCaller
from tests.factories import ReturnBody, SkuFactory, UserFactory
from tests.orders.fulfilment_helpers import place, step, units


class Page(HTMLParser):
    """What a reader takes from the page: words, and numbers by row and column."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.cells: dict[tuple[str, str], tuple[str, str]] = {}
        self.links: list[str] = []
        self._row, self._label, self._href = "", "", ""
        self._in: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "tr":
            self._row = ""
        if tag in ("td", "th"):
            self._label = given.get("data-label", "")
        self._href = given.get("href", "") if tag == "a" else ""
        if self._href:
            self.links.append(self._href)
        self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            continue
        if tag in ("td", "th"):
            self._label = ""

    def handle_data(self, data: str) -> None:
        self.words += f" {data.strip()}" if data.strip() else ""
        if "th" in self._in and "b" in self._in and not self._row:
            self._row = data.strip()
        if self._label and data.strip() and (self._row, self._label) not in self.cells:
            self.cells[self._row, self._label] = (data.strip(), self._href)


def look(client: Client) -> Page:
    answer = client.get("/")
    assert answer.status_code == 200
    return Page(answer.content.decode())


def signed_in(**given: Any) -> Client:
    client = Client()
    user = UserFactory(**given)
    client.force_login(user)
    return client


def work_at_the_shop(api: ApiCaller) -> None:
    """Leave one open, one picking, one packed and two ready fulfilments, and other work."""
    place(api, ("OF-S1", 1))
    for how_far in ("picking", "packed", "ready", "ready"):
        pickup = {"pickup_at": "S1"} if how_far == "ready" else {}
        code = place(api, ("OF-S1", 1), **pickup)["fulfilments"][0]["id"]
        step(api, code, "pick", units(("1", 1)))
        if how_far != "picking":
            step(api, code, "pack" if how_far == "packed" else "ready")
    place(api, ("OF-S1", 100), allow_backorder=True)
    SkuFactory(code="NOWHERE")
    place(api, ("NOWHERE", 100), allow_backorder=True, pickup_at="S1")
    transfer = api.post(
        "transfers", {"from": "W1", "to": "S1", "lines": [{"sku": "OF-W1", "quantity": 1}]}
    ).json()
    assert api.post(f"transfers/{transfer['id']}/dispatch").status_code == 200
    back = api.post(
        "returns",
        ReturnBody(
            drop_off={"type": "store", "location": "S1"},
            lines=[{"sku": "OF-S1", "quantity": 2, "reason": "dented"}],
        ),
    ).json()
    arrival = {"sku": "OF-S1", "quantity": 2, "disposition": "inspect"}
    came = api.post(f"returns/{back['id']}/receipts", {"location": "S1", "lines": [arrival]})
    assert came.status_code == 201


def expect(api: ApiCaller, reference: str, at: datetime | None) -> None:
    body = {
        "location": "S1",
        "reference": reference,
        "expected_at": at and at.isoformat(),
        "lines": [{"sku": "OF-S1", "quantity": 1}],
    }
    assert api.post("deliveries", body).status_code == 201


def listed(client: Client, href: str) -> list[Any]:
    answer = client.get(href)
    assert answer.status_code == 200, href
    return list(answer.context["cl"].result_list)
