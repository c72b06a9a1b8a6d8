"""A web process as clients meet it that are slow, deaf or break HTTP: raw bytes over a socket."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from core.api.requests import BODY_LIMIT
from core.server.overload import THREADS
from tests.core.web_process import Server, read

pytestmark = pytest.mark.slow

JSON = b"Content-Type: application/json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("web") / "s")
    yield running
    assert running.stop() == 0


POST, HOST = b"POST /api/v1/orders HTTP/1.1", b"Host: localhost"


@pytest.mark.parametrize(
    "lines",
    [
        (POST, HOST, JSON, b"Content-Length: x"),
        (POST, HOST, JSON, b"Content-Length: -5"),
        (POST, HOST, JSON, b"Content-Length: 5", b"Content-Length: 6"),
        (POST, HOST, b"A header with spaces: 1"),
        (b"POST", HOST),
    ],
)
def test_what_is_not_http_is_the_clients_fault(server: Server, lines: tuple[bytes, ...]) -> None:
    assert server.ask(*lines)[0] == 400


def test_unknown_transfer_codings_are_not_implemented(server: Server) -> None:
    """The one 501: RFC 9112 asks for it."""
    assert server.ask(POST, HOST, b"Transfer-Encoding: nonsense")[0] == 501


def test_addresses_and_headers_have_a_limit(server: Server) -> None:
    long = b"GET /api/v1/stock?sku=" + b"x" * 9_000 + b" HTTP/1.1"
    assert server.refuse(long, HOST) == (414, "address_too_long")
    short = b"GET /api/v1/stock HTTP/1.1"
    assert server.refuse(short, HOST, b"X-Long: " + b"x" * 9_000) == (431, "headers_too_large")
    many = [b"X-%d: 1" % n for n in range(200)]
    assert server.refuse(short, HOST, *many) == (431, "headers_too_large")
    assert server.ask(short, HOST, b"X-Long: " + b"x" * 90_000)[0] == 431


def test_bodies_have_a_limit(server: Server) -> None:
    length = b"Content-Length: %d" % (BODY_LIMIT + 1)
    body = b" " * (BODY_LIMIT + 1)
    assert server.refuse(POST, HOST, JSON, length, body=body) == (413, "body_too_large")
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    coding = b"Transfer-Encoding: chunked"
    assert server.refuse(POST, HOST, JSON, coding, body=chunks) == (413, "body_too_large")
    assert server.ask(POST, HOST, JSON, coding, body=b"zz\r\n{}\r\n0\r\n\r\n")[0] == 400
    assert server.ask(POST, HOST, JSON, b"Content-Length: %d" % 10**9)[0] == 413


PAGE = b"GET /problems/overloaded HTTP/1.1\r\nHost: localhost\r\n\r\n"
SCANS = (
    b"POST /api/v1/pick-lists/1/scans HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
)
CHUNKS = POST + b"\r\nHost: localhost\r\n" + JSON + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG_CHUNK = CHUNKS + b"186a0\r\n" + b" " * 50_000


def test_an_answer_to_head_has_no_body_and_the_connection_stays(server: Server) -> None:
    with server.connect() as client:
        client.sendall(PAGE.replace(b"GET", b"HEAD"))
        _, headers, _ = read(client, "HEAD")
        client.sendall(PAGE)
        status, of_get, said = read(client)
        assert (status, of_get["Content-Length"]) == (200, headers["Content-Length"])
        assert len(said) == int(headers["Content-Length"])
        client.sendall(PAGE.replace(b"GET", b"PUT"))
        status, headers, _ = read(client)
        assert (status, headers["Allow"]) == (405, "GET, HEAD")
        client.sendall(PAGE)
        assert read(client)[0] == 200


def test_clients_that_wait_for_leave_get_it(server: Server) -> None:
    with server.connect() as client:
        client.sendall(SCANS.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b" " * 1000)
        assert read(client)[0] == 401


@pytest.mark.parametrize(
    ("beginning", "rest", "status"),
    [
        pytest.param(PAGE[:20], PAGE[20:], 200, id="head"),
        pytest.param(SCANS, b" " * 1000, 401, id="body"),
        pytest.param(CHUNKS, b"0\r\n\r\n", 401, id="chunks"),
        pytest.param(LONG_CHUNK, b" " * 50_000 + b"\r\n0\r\n\r\n", 401, id="long chunk"),
    ],
)
def test_clients_on_slow_lines_hold_up_no_other(
    server: Server, beginning: bytes, rest: bytes, status: int
) -> None:
    """More of them than there are threads have begun: others are served, and so are they."""
    with ExitStack() as clients:
        slow = [clients.enter_context(server.connect()) for _ in range(2 * THREADS)]
        for client in slow:
            client.sendall(beginning)
        other = clients.enter_context(server.connect())
        for _ in range(3):
            other.sendall(PAGE)
            assert read(other)[0] == 200
        for client in slow:
            client.sendall(rest)
            assert read(client)[0] == status


def test_who_takes_no_answers_keeps_no_thread(server: Server) -> None:
    with ExitStack() as clients:
        for _ in range(2 * THREADS):
            deaf = clients.enter_context(server.connect())
            deaf.setblocking(False)
            with suppress(BlockingIOError, BrokenPipeError):
                while True:
                    deaf.sendall(PAGE)
        other = clients.enter_context(server.connect())
        # The requests of so many may fill every place for a while, which is said with 503.
        statuses = (ask_for_page(other) for _ in range(30))
        assert 200 in statuses


def ask_for_page(client: socket.socket) -> int:
    client.sendall(PAGE)
    return read(client)[0]


def test_the_api_document_may_be_asked_for_by_many_at_first(tmp_path: Path) -> None:
    fresh = Server(tmp_path / "s")
    with ExitStack() as clients:
        asking = [clients.enter_context(fresh.connect()) for _ in range(8)]
        for client in asking:
            client.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert {read(client)[0] for client in asking} == {200}
    assert fresh.stop() == 0


def test_a_proxy_says_that_it_is_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS", "1")
    behind_tls = Server(tmp_path / "s")
    page, *_ = PAGE.split(b"\r\n")
    assert behind_tls.ask(page, HOST)[0] == 301
    assert behind_tls.ask(page, HOST, b"X-Forwarded-Proto: https")[0] == 200
    assert behind_tls.stop() == 0


# Answers when something has been written into the FIFO that it is told of.
WAITING_PROGRAM = """
import socket, sys
from omniretail.web import WebProcess
import django
django.setup()

def application(environ, start_response):
    print("begun", flush=True)
    with open(sys.argv[1]) as fifo:
        said = fifo.read().encode()
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]

WebProcess(application, socket.socket(fileno=int(sys.argv[3]))).run(parent=None)
"""


def test_it_finishes_what_it_has_begun_when_it_is_asked_to_stop(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    waiting = Server(tmp_path / "s", ("-c", WAITING_PROGRAM, str(fifo)))
    assert waiting.process.stdout is not None
    with waiting.connect() as client, waiting.connect() as other, waiting.connect() as slow:
        client.sendall(PAGE)
        assert waiting.process.stdout.readline() == b"begun\n"
        slow.sendall(SCANS)
        waiting.process.send_signal(signal.SIGTERM)
        waiting.process.send_signal(signal.SIGTERM)  # asking twice changes nothing
        other.sendall(PAGE)
        assert read(other)[0] == 503
        fifo.write_text("done")
        assert read(client)[2] == b"done"
        waiting.process.communicate(timeout=60)
        assert waiting.process.returncode == 0
