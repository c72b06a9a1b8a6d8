"""The web server as a client meets it that breaks HTTP itself: raw bytes over a real socket."""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from core.server.admission import MOST_A_THREAD

REPOSITORY = Path(__file__).resolve().parents[2]
JSON = b"Content-Type: application/json"


class Server:
    """Gunicorn with the service's own configuration, on a socket of its own."""

    def __init__(self, address: Path, config: str = "gunicorn.conf.py") -> None:
        self.address = address
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", config, "omniretail.wsgi"],
            cwd=REPOSITORY,
            env={**os.environ, "GUNICORN_BIND": f"unix:{address}", "WEB_WORKERS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said = ""
        while "Listening at" not in self.said:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(60)
        client.connect(str(self.address))
        return client

    def refuse(self, *lines: bytes, body: bytes = b"") -> tuple[int, str]:
        """Send a request that must be refused, as it is; return status and code of the problem."""
        with self.connect() as client:
            client.sendall(b"\r\n".join([*lines, b"Connection: close", b"", body]))
            answer = http.client.HTTPResponse(client)
            answer.begin()
            said = answer.read()
        assert answer.headers["Content-Type"] == "application/problem+json", said
        assert answer.headers["X-Request-Id"]
        problem = json.loads(said)
        assert problem["status"] == answer.status
        return answer.status, problem["code"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("web") / "s")
    yield running
    running.stop()


def changed(home: Path, *settings: str) -> Server:
    """A server of the test's own, of which some constants of `core.server.worker` are others."""
    config = home / "changed.py"
    ours = [
        f"exec(open({str(REPOSITORY / 'gunicorn.conf.py')!r}).read())",
        "import core.server.worker",
    ]
    config.write_text("\n".join([*ours, *(f"core.server.worker.{each}" for each in settings)]))
    return Server(home / "s", config=str(config))


@pytest.fixture
def flooded(tmp_path: Path) -> Iterator[Server]:
    """What floods it would still wait when the next test asks. Long requests may have all its
    threads, so that there is a way to keep them busy."""
    running = changed(tmp_path, "LONG_SHARE = 1")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for nobody."""
    home = tmp_path_factory.mktemp("impatient")
    running = changed(home, "LONGEST_ARRIVAL = 0.1", "STALLED = 0.1")
    yield running
    running.stop()


def test_what_is_not_http_is_a_problem_document(server: Server) -> None:
    line, host = b"POST /api/v1/orders HTTP/1.1", b"Host: shop"
    assert server.refuse(line, host, JSON, b"Content-Length: x") == (400, "malformed_request")
    assert server.refuse(line, host, JSON, b"Content-Length: -5") == (400, "malformed_request")
    assert server.refuse(line, host, b"Transfer-Encoding: nonsense") == (400, "malformed_request")
    assert server.refuse(line, host, b"A header with spaces: 1") == (400, "malformed_request")
    assert server.refuse(b"POST", host) == (400, "malformed_request")


def test_addresses_and_headers_have_a_limit(server: Server) -> None:
    long = b"GET /api/v1/stock?sku=" + b"x" * 9_000 + b" HTTP/1.1"
    assert server.refuse(long, b"Host: shop") == (414, "address_too_long")
    short, host = b"GET /api/v1/stock HTTP/1.1", b"Host: shop"
    assert server.refuse(short, host, b"X-Long: " + b"x" * 9_000) == (431, "headers_too_large")
    many = [b"X-%d: 1" % n for n in range(200)]
    assert server.refuse(short, host, *many) == (431, "headers_too_large")


def test_broken_chunks_are_refused(server: Server) -> None:
    chunked = (b"POST /api/v1/orders HTTP/1.1", b"Host: shop", JSON, b"Transfer-Encoding: chunked")
    assert server.refuse(*chunked, body=b"zz\r\n{}\r\n0\r\n\r\n") == (400, "malformed_body")
    large = b"500001\r\n" + b" " * 0x500001 + b"\r\n0\r\n\r\n"
    assert server.refuse(*chunked, body=large) == (413, "body_too_large")


PAGE = b"GET /problems/overloaded HTTP/1.1\r\nHost: shop\r\n\r\n"
PROBE = b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n"
THREADS = 20  # as gunicorn.conf.py says
WAITING = MOST_A_THREAD * THREADS


def read(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return answer.status, dict(answer.headers), answer.read()


@contextmanager
def busy(server: Server) -> Iterator[None]:
    """Keep every thread waiting for the rest of a body."""
    with ExitStack() as clients:
        for _ in range(THREADS):
            client = clients.enter_context(server.connect())
            client.sendall(
                b"POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\n"
                b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
            )
            assert client.recv(100).startswith(b"HTTP/1.1 100")  # a thread has it
        yield


def test_what_would_wait_too_long_is_refused_at_once(flooded: Server) -> None:
    with ExitStack() as clients:
        with busy(flooded):
            asking = [clients.enter_context(flooded.connect()) for _ in range(WAITING + 3)]
            for client in asking:
                client.sendall(PAGE)
            refused = select.select(asking, [], [], 60)[0][0]
            status, headers, said = read(refused)
            assert (status, json.loads(said)["code"]) == (503, "overloaded")
            assert headers["Retry-After"] == "1"
            assert headers["X-Request-Id"]
            assert "Connection" not in headers
            # Its connection stays; a probe is let in, to wait for its turn.
            refused.sendall(PROBE)
        assert read(refused)[0] == 200
        asking.remove(refused)
        statuses = [read(client)[0] for client in asking]
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 1


def test_a_large_body_is_refused_while_it_comes(flooded: Server) -> None:
    """What cannot be read to its end is answered all the same, and closed."""
    with ExitStack() as clients, busy(flooded):
        for _ in range(WAITING + 1):
            clients.enter_context(flooded.connect()).sendall(PAGE)
        large = clients.enter_context(flooded.connect())
        large.sendall(
            b"POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 900000\r\n\r\n"
        )
        # A client that dawdles, as on a busy machine, finds that the server has hung up by now.
        with suppress(BrokenPipeError, ConnectionResetError):
            while True:
                large.sendall(b" " * 10_000)
                if select.select([large], [], [], 0)[0]:
                    break
        status, headers, said = read(large)
    assert (status, headers["Connection"]) == (503, "close")
    assert json.loads(said)["code"] == "overloaded"


SCANS = b"POST /api/v1/pick-lists/1/scans HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\n"


def test_clients_on_slow_lines_hold_up_nobody(server: Server) -> None:
    """More of them than there are threads have begun: others are served, and so are they."""
    with ExitStack() as clients:
        slow = [clients.enter_context(server.connect()) for _ in range(2 * THREADS)]
        for number, client in enumerate(slow):
            client.sendall(SCANS[: 20 + number] if number % 2 else SCANS + b" " * number)
        other = clients.enter_context(server.connect())
        for _ in range(3):
            other.sendall(PAGE)
            assert read(other)[0] == 200
        for number, client in enumerate(slow):
            client.sendall(SCANS[20 + number :] + b" " * 999 if number % 2 else b" ")
        for client in slow[1::2]:
            client.sendall(b" ")
            assert read(client)[0] == 401
        for number, client in list(enumerate(slow))[::2]:
            client.sendall(b" " * (999 - number))
            assert read(client)[0] == 401
        # Their connections stay, for a request that comes in pieces again.
        slow[0].sendall(SCANS + b" " * 999)
        other.sendall(PAGE)
        assert read(other)[0] == 200
        slow[0].sendall(b" ")
        assert read(slow[0])[0] == 401


CHUNKS = (
    b"POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\n" + JSON + b"\r\nTransfer-Encoding: chunked\r\n"
)
LONG_CHUNK = CHUNKS + b"\r\n186a0\r\n" + b" " * 100_000


def test_long_bodies_leave_threads_for_others(server: Server) -> None:
    with ExitStack() as clients:
        slow = [clients.enter_context(server.connect()) for _ in range(2 * THREADS)]
        for client in slow:
            client.sendall(LONG_CHUNK)
        other = clients.enter_context(server.connect())
        for _ in range(3):
            other.sendall(PAGE)
            assert read(other)[0] == 200
        for client in slow:
            client.sendall(b"\r\n0\r\n\r\n")
        for client in slow:
            assert read(client)[0] == 401


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(SCANS, id="small"),
        pytest.param(CHUNKS + b"\r\n3\r\n{", id="in chunks"),
        pytest.param(LONG_CHUNK, id="long"),
    ],
)
def test_a_request_that_does_not_come_to_its_end_is_refused(
    impatient: Server, beginning: bytes
) -> None:
    with impatient.connect() as client:
        client.sendall(beginning)
        status, _, said = read(client)
        assert (status, json.loads(said)["code"]) == (408, "too_slow")
        assert client.recv(1) == b""  # hung up


def test_who_does_not_hang_up_holds_up_nobody(server: Server) -> None:
    with ExitStack() as clients:
        asking = [clients.enter_context(server.connect()) for _ in range(2 * THREADS)]
        for client in asking:
            client.sendall(PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        for client in asking:
            assert read(client)[0] == 200
        other = clients.enter_context(server.connect())
        other.sendall(PAGE)
        assert read(other)[0] == 200


def test_who_takes_no_answers_keeps_no_thread(impatient: Server) -> None:
    with ExitStack() as clients:
        for _ in range(2 * THREADS):
            deaf = clients.enter_context(impatient.connect())
            deaf.setblocking(False)
            with suppress(BlockingIOError, BrokenPipeError):
                while True:
                    deaf.sendall(PAGE)
        other = clients.enter_context(impatient.connect())
        other.sendall(PAGE)
        assert read(other)[0] == 200
