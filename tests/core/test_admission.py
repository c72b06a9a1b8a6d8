"""Who is let in when more ask than can be answered: the rules, and a real server that is full."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.server import admission
from core.server.admission import Queue, is_one_whole_request, is_probe


def test_only_so_many_wait_for_a_thread() -> None:
    queue = Queue(threads=2)
    for _ in range(2 * admission.MOST_A_THREAD):
        assert not queue.is_full
        queue.join()
    assert queue.is_full
    queue.leave()
    assert not queue.is_full


def test_nobody_joins_a_queue_that_does_not_move(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(admission, "time", SimpleNamespace(monotonic=lambda: now))
    queue = Queue(threads=2)
    queue.join()
    now += admission.FAIR_WAIT
    assert (queue.is_impatient, queue.is_full) == (False, False)
    now += admission.LONGEST_WAIT
    assert (queue.is_impatient, queue.is_full) == (True, False)  # a thread for each, soon
    queue.join()
    assert (queue.is_impatient, queue.is_full) == (True, True)
    queue.leave()
    queue.join()
    assert (queue.is_impatient, queue.is_full) == (False, False)
    queue.leave()
    queue.leave()
    assert (queue.is_impatient, queue.is_full) == (False, False)


@pytest.mark.parametrize(
    ("beginning", "is_one"),
    [
        (b"GET /healthz HTTP/1.1\r\n", True),
        (b"HEAD /readyz?x=1 HTTP/1.1\r\n", True),
        (b"GET /metrics HTTP/1.1\r\n", True),
        (b"GET /healthzz HTTP/1.1\r\n", False),
        (b"POST /healthz HTTP/1.1\r\n", False),
        (b"", False),
    ],
)
def test_probes_are_known_by_their_address(beginning: bytes, is_one: bool) -> None:
    assert is_probe(beginning) is is_one


def request(*fields: bytes, line: bytes = b"POST /api/v1/orders HTTP/1.1") -> bytes:
    return b"\r\n".join([line, b"Host: shop", *fields, b"", b""])


@pytest.mark.parametrize(
    ("said", "is_whole"),
    [
        (request(), True),
        (request(b"Content-Length: 2") + b"{}", True),
        (request(b"CONTENT-LENGTH:  0"), True),
        (request()[:-1], False),
        (request(b"Content-Length: 3") + b"{}", False),
        (request(b"Content-Length: 2") + b"{}GET", False),
        (request() + b"{}", False),
        # What another server may read in another way.
        (request(b"Content-Length: 2", b"Content-Length: 2") + b"{}", False),
        (request(b"Content-Length: 2", b"Content-Length : 2") + b"{}", False),
        (request(b"Content-Length: +2") + b"{}", False),
        (request(b"Content-Length: 02") + b"{}", False),
        (request(b"Content-Length: 2\n") + b"{}", False),
        (request(b"X: 1\nContent-Length: 2") + b"{}", False),
        (request(b"Transfer-Encoding: chunked", b"Content-Length: 2") + b"{}", False),
        (request(b"Expect: 100-continue", b"Content-Length: 0"), False),
        (request(b"Connection: close"), False),
        (request(line=b"GET / HTTP/1.0"), False),
        (request(line=b"HEAD / HTTP/1.1"), False),
        (b"\x16\x03\x01\x02\x00\x01", False),
    ],
)
def test_where_a_request_ends_is_beyond_doubt(said: bytes, is_whole: bool) -> None:
    assert is_one_whole_request(said) is is_whole
