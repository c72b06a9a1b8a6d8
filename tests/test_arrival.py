"""Which beginnings of requests are waited for without a thread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail.arrival import SMALL, is_still_coming

HEAD = b"POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\ncontent-LENGTH:  11 \r\nAccept: */*\r\n\r\n"
WHOLE = HEAD + b"hello world"


@given(st.integers(0, len(WHOLE) - 1))
def test_every_beginning_is_still_coming(length: int) -> None:
    assert is_still_coming(WHOLE[:length])


@given(st.binary(max_size=100))
def test_what_is_there_whole_is_not(more: bytes) -> None:
    assert not is_still_coming(WHOLE + more)
    assert not is_still_coming(b"GET /api/v1/stock HTTP/1.1\r\nHost: shop\r\n\r\n" + more)


@pytest.mark.parametrize(
    "fields",
    [
        b"Transfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: x",
        b"Content-Length: -5",
        b"Content-Length: 99999999999999999999",
        b"Content-Length: %d" % SMALL,
        b"Content-Length: 10\r\nExpect: 100-continue",
    ],
)
def test_a_thread_reads_what_is_unusual(fields: bytes) -> None:
    assert not is_still_coming(b"POST / HTTP/1.1\r\n" + fields + b"\r\n\r\n")


def test_a_head_without_an_end_is_not_waited_for() -> None:
    assert not is_still_coming(b"GET /" + b"x" * SMALL)
