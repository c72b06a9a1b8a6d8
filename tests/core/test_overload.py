"""More than it can do: a real server before an application that answers when the test says so."""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import waitress

from core.server import overload
from core.server.overload import Environ, Overload
from omniretail.web import SETTINGS

EXPORT = "/api/v1/exports/orders.csv"
LONG = b"x" * 30_000_000  # more than what sockets hold


class Application:
    """Answers at once, or when `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["QUERY_STRING"] == "wait":
            self.begun.release()
            assert self.go.wait(60)
        start_response("200 OK", [("X-Query", environ["QUERY_STRING"])])
        return self._body(environ["QUERY_STRING"])

    def _body(self, query: str) -> Iterator[bytes]:
        if query == "break":
            raise ZeroDivisionError
        yield LONG if query == "long" else b"done"


class Service:
    def __init__(self) -> None:
        self.application = Application()
        self.overload = Overload(self.application)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.channels: dict[int, Any] = {}
        self.server = waitress.create_server(
            self.overload, map=self.channels, sockets=[self.listener], **SETTINGS
        )
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    @contextmanager
    def asked(
        self, address: str, key: str = "k", **headers: str
    ) -> Iterator[http.client.HTTPConnection]:
        client = http.client.HTTPConnection(*self.listener.getsockname(), timeout=60)
        client.request("GET", address, headers=headers or {"Authorization": f"Bearer {key}"})
        try:
            yield client
        finally:
            client.close()

    def status(self, address: str, key: str = "k") -> int:
        with self.asked(address, key) as client:
            answer = client.getresponse()
            answer.read()
            return answer.status

    def stop(self) -> None:
        self.application.go.set()
        self.overload.close(patience=60)
        for channel in list(self.channels.values()):
            channel.close()
        self.thread.join()
        self.server.task_dispatcher.shutdown()


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.stop()


@pytest.fixture
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overload, "PLACES", 2)
    monkeypatch.setattr(overload, "WAITING", 1)


def refusal(client: http.client.HTTPConnection) -> None:
    answer = client.getresponse()
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["X-Request-Id"]
    assert json.loads(answer.read())["code"] == "overloaded"


@pytest.mark.usefixtures("few_places")
def test_so_many_work_so_many_wait_and_the_rest_is_refused(service: Service) -> None:
    with ExitStack() as clients:
        working = [clients.enter_context(service.asked("/?wait")) for _ in range(2)]
        for _ in working:
            service.application.begun.acquire()
        extra = [clients.enter_context(service.asked("/")) for _ in range(2)]
        refused = _first_answered(extra)
        refusal(refused)
        # Its connection stays. Probes are answered, whatever else is.
        refused.request("GET", "/healthz")
        assert refused.getresponse().read() == b"done"
        service.application.go.set()
        extra.remove(refused)
        assert [client.getresponse().read() for client in working + extra] == [b"done"] * 3


@pytest.mark.usefixtures("few_places")
def test_no_request_waits_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overload, "PATIENCE", 0.01)
    service = Service()
    with ExitStack() as clients:
        for _ in range(2):
            clients.enter_context(service.asked("/?wait"))
            service.application.begun.acquire()
        refusal(clients.enter_context(service.asked("/")))
    service.stop()


def test_heavy_requests_have_places_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overload, "HEAVY_WAITING", 0)
    service = Service()
    with ExitStack() as clients:
        for number in range(overload.HEAVY_PLACES):
            clients.enter_context(service.asked(f"{EXPORT}?wait", key=str(number)))
            service.application.begun.acquire()
        refusal(clients.enter_context(service.asked(EXPORT)))
        assert service.status("/api/v1/orders") == 200
    service.stop()


def test_a_client_has_so_many_heavy_answers_at_once(service: Service) -> None:
    """Also such as it does not read; they keep no thread from others."""
    with ExitStack() as clients:
        deaf = [clients.enter_context(service.asked(f"{EXPORT}?long")) for _ in range(2)]
        for client in deaf:
            answer = client.getresponse()
            assert answer.headers["Content-Length"] == str(len(LONG))
        refusal(clients.enter_context(service.asked(EXPORT)))
        for _ in range(overload.HEAVY_PLACES + 1):
            assert service.status(EXPORT, key="other") == 200
        assert answer.read() == LONG
        assert _in_time(lambda: service.status(EXPORT) == 200)


@pytest.mark.parametrize("name", ["Authorization", "Cookie"])
def test_many_slow_readers_of_one_client_are_one_client(service: Service, name: str) -> None:
    """However the client writes who it is; they take neither threads nor places from others."""
    ways = {
        "Authorization": ["Bearer k", "bearer k", "BEARER  k", "Bearer   k "],
        "Cookie": ["sessionid=k", "a=1; sessionid=k", "sessionid=k; a=2", 'b=; sessionid="k"'],
    }[name]
    with ExitStack() as clients:
        deaf = [
            clients.enter_context(service.asked(f"{EXPORT}?long", **{name: way}))
            for way in ways * 18
        ]
        assert service.status("/api/v1/orders", key="other") == 200
        assert service.status(EXPORT, key="other") == 200
        statuses = Counter(client.sock.recv(12) for client in deaf)
        assert statuses[b"HTTP/1.1 200"] == overload.ANSWERS_A_CLIENT
        assert statuses[b"HTTP/1.1 503"] == len(deaf) - overload.ANSWERS_A_CLIENT


def test_who_reads_for_too_long_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    late = time.monotonic() + overload.LONGEST_ANSWER + 1
    with service.asked(f"{EXPORT}?long") as client:
        answer = client.getresponse()
        clock = SimpleNamespace(monotonic=lambda: late, sleep=time.sleep)
        monkeypatch.setattr(overload, "time", clock)
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
    monkeypatch.undo()
    assert _in_time(lambda: service.status(EXPORT) == 200)
    service.stop()


def test_a_heavy_answer_that_fails_is_a_problem_and_not_half_a_file(service: Service) -> None:
    with service.asked(f"{EXPORT}?break") as client:
        answer = client.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (500, "internal_error")
    assert service.status(EXPORT) == 200


def _first_answered(clients: list[http.client.HTTPConnection]) -> http.client.HTTPConnection:
    ready = select.select([client.sock for client in clients], [], [], 60)[0]
    return next(client for client in clients if client.sock is ready[0])


def _in_time(is_so: Any) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if is_so():
            return True
    return False
