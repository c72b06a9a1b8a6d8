"""Connections to the database end in mid-statement: clients are told to come again, and no more."""

from __future__ import annotations

import http.client
import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connections

from core.access.keys import issue_key
from core.embedded.connection import is_database_embedded
from orders.models import Order
from tests.concurrency.cutting_proxy import LINK, CuttingProxy
from tests.core.web_process import Server
from tests.factories import (
    ApiClientFactory,
    CartBody,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    SkuFactory,
    stock_up,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CUTS, CLIENTS = 200, 6


class Client:
    """Sends each request again, with its key, for as long as the answer is 503."""

    def __init__(self, server: Server, api_key: str, seed: int) -> None:
        self.server, self.api_key, self.random = server, api_key, random.Random(seed)
        self.answers: Counter[tuple[str, int]] = Counter()
        self.accepted: list[str] = []

    def work(self, stop: Event) -> None:
        while not stop.is_set():
            self.order()
            self.ask("POST", "reservations", CartBody(lines=[{"sku": "GONE", "quantity": 1}]))
            self.ask("GET", "fulfilments")

    def order(self) -> None:
        codes = self.random.sample(["A1", "A2", "A3"], 2)
        lines = [OrderLineBody(line_id=code, sku=code) for code in codes]
        name = uuid.uuid4().hex
        self.ask("POST", "orders", OrderBody(external_id=name, lines=lines))
        self.accepted.append(name)

    def ask(self, method: str, path: str, body: Any = None) -> None:
        key = uuid.uuid4().hex
        status = 503
        while status == 503:
            status, retry_after = self.send(method, path, body, key)
            self.answers[path, status] += 1
            assert status != 503 or retry_after

    def send(self, method: str, path: str, body: Any, key: str) -> tuple[int, str | None]:
        connection = http.client.HTTPConnection("shop")
        connection.sock = self.server.connect()
        connection.request(
            method,
            f"/api/v1/{path}",
            body and json.dumps(body),
            {
                "Authorization": f"Bearer {self.api_key}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
                "Connection": "close",
            },
        )
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["Retry-After"]


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[CuttingProxy]:
    database = connections["default"].settings_dict
    (folder := tmp_path / "database").mkdir()
    proxy = CuttingProxy(folder, Path(database["HOST"]) / LINK, cuts=CUTS, every=10)
    yield proxy
    proxy.close()


@pytest.fixture
def server(tmp_path: Path, proxy: CuttingProxy) -> Iterator[Server]:
    database = connections["default"].settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={quote(str(proxy.folder))}"
    environment = {"DATABASE_URL": url, "OMNIRETAIL_ROLE": "web"}
    running = Server(tmp_path / "s", environment=environment)
    yield running
    assert running.stop() == 0


@pytest.mark.skipif(not is_database_embedded(), reason="needs the server's socket")
def test_who_loses_the_database_is_told_to_come_again(server: Server, proxy: CuttingProxy) -> None:
    ChannelFactory(code="web")
    location = LocationFactory(code="W1")
    for code in ("A1", "A2", "A3"):
        stock_up(SkuFactory(code=code), location, 100_000)
    SkuFactory(code="GONE")
    api_key = issue_key(client=ApiClientFactory(name="all"))
    clients = [Client(server, api_key, seed) for seed in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        for each in [pool.submit(client.work, proxy.is_spent) for client in clients]:
            each.result()
    answers = sum((client.answers for client in clients), Counter())
    usual = {("orders", 201), ("reservations", 409), ("fulfilments", 200)}
    assert set(answers) - {(path, 503) for path, _ in usual} == usual
    assert answers["orders", 503]
    accepted = [name for client in clients for name in client.accepted]
    assert sorted(Order.objects.values_list("external_id", flat=True)) == sorted(accepted)
