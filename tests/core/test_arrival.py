"""How much of a request its first bytes are: which beginnings are waited for without a thread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.server.buffering import SMALL, Arrival, arrival_of

LINE = b"POST /api/v1/orders HTTP/1.1\r\n"
HEAD = LINE + b"Host: shop\r\ncontent-LENGTH:  11 \r\nAccept: */*\r\n\r\n"
WHOLE = HEAD + b"hello world"
CHUNKED = LINE + b"Transfer-ENCODING: chunked\r\nHost: shop\r\n\r\n"
CHUNKS = CHUNKED + b"5;a=b\r\nhello\r\n0006\r\n\r\n0\r\n\r\r\n0\r\nChecksum: 7\r\n\r\n"


@pytest.mark.parametrize("whole", [WHOLE, CHUNKS])
def test_every_beginning_is_still_coming(whole: bytes) -> None:
    for length in range(len(whole)):
        assert arrival_of(whole[:length]) is Arrival.COMING, whole[:length]


@given(st.binary(max_size=100))
def test_what_is_there_whole_is_not(more: bytes) -> None:
    for whole in (WHOLE, CHUNKS, b"GET /api/v1/stock HTTP/1.1\r\nHost: shop\r\n\r\n"):
        assert arrival_of(whole + more) is Arrival.WHOLE


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: x",
        b"Content-Length: -5",
        b"Content-Length: 99999999999999999999",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: nonsense",
    ],
)
def test_a_thread_says_at_once_what_is_wrong_with_a_head(fields: bytes) -> None:
    assert arrival_of(LINE + fields + b"\r\n\r\n") is Arrival.WHOLE


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-5\r\n", b"\r\n", b"5" * 5_000])
def test_a_thread_says_at_once_what_is_wrong_with_a_chunk(chunks: bytes) -> None:
    assert arrival_of(CHUNKED + chunks) is Arrival.WHOLE


@pytest.mark.parametrize(
    "beginning",
    [
        LINE + b"Content-Length: %d\r\n\r\n" % SMALL,
        LINE + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
        LINE + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        CHUNKED + b"fffff\r\n" + b"x" * SMALL,
        CHUNKED + b"1\r\nx\r\n" * 300,
    ],
)
def test_a_thread_reads_along_what_is_long_or_waits_for_leave(beginning: bytes) -> None:
    assert arrival_of(beginning) is Arrival.LONG


def test_a_head_without_an_end_is_not_waited_for() -> None:
    assert arrival_of(b"GET /" + b"x" * SMALL) is Arrival.WHOLE
