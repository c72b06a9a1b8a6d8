"""The web server as a client meets it that breaks HTTP itself: raw bytes over a real socket."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
JSON = b"Content-Type: application/json"


class Server:
    """Gunicorn with the service's own configuration, on a socket of its own."""

    def __init__(self, address: Path) -> None:
        self.address = address
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "omniretail.wsgi"],
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

    def refuse(self, *lines: bytes, body: bytes = b"") -> tuple[int, str]:
        """Send a request that must be refused, as it is; return status and code of the problem."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(self.address))
            client.sendall(b"\r\n".join([*lines, b"Connection: close", b"", body]))
            answer = http.client.HTTPResponse(client)
            answer.begin()
            said = answer.read()
        assert answer.headers["Content-Type"] == "application/problem+json", said
        assert answer.headers["X-Request-Id"]
        problem = json.loads(said)
        assert problem["status"] == answer.status
        return answer.status, problem["code"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("web") / "s")
    yield running
    running.process.terminate()
    running.process.communicate(timeout=60)


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
