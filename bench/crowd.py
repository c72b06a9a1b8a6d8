"""Many clients in one thread: what they cost must not be what is measured.

A thread and an HTTP client for each of 400 connections would eat the machine that the service
runs on. Here one thread keeps all connections, with requests that were written beforehand.
"""

from __future__ import annotations

import errno
import random
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

GRACE = 20.0  # seconds that answers may still take when nothing more is sent


class Answer(NamedTuple):
    """What became of a request. `status` 0: the connection broke or nothing came."""

    request: int  # which of the requests it was
    status: int
    retry_after: bool
    due: float  # when it should have been sent, in seconds since the start
    took: float  # seconds from then to the last byte of the answer


@dataclass(eq=False)
class Line:
    """A connection, and the request that it is busy with."""

    socket: socket.socket | None = None
    is_open: bool = False
    request: int = -1
    due: float = 0.0
    received: bytes = b""


class Crowd:
    """Sends requests over a number of connections, each as soon as it is free.

    With a `rate` they are due at random moments, so many a second on average, whether or not those
    before have been answered; without one, each connection sends its next at once.
    """

    def __init__(self, *, port: int, connections: int, rate: float | None) -> None:
        self._port, self._rate = port, rate
        self._lines = [Line() for _ in range(connections)]
        self._free = list(self._lines)
        self._selector = selectors.DefaultSelector()
        self._waiting: deque[float] = deque()  # when those should have been sent
        self.answers: list[Answer] = []

    def run(self, requests: Sequence[bytes], seconds: float) -> None:
        """Send what there is time for, and wait for the answers."""
        self._requests, self._next = requests, 0
        self._start = time.monotonic()
        chance, coming = random.Random(len(requests)), 0.0
        while True:
            now = self._now()
            if now >= seconds:
                self._waiting.clear()
                if len(self._free) == len(self._lines) or now > seconds + GRACE:
                    break
            elif self._rate is None:
                self._waiting.extend([now] * len(self._free))
            else:
                while coming <= now:
                    self._waiting.append(coming)
                    coming += chance.expovariate(self._rate)
            while self._free and self._waiting and self._next < len(requests):
                self._begin(self._free.pop(), self._waiting.popleft())
            pause = 0.05 if self._rate is None else min(0.05, max(0.0, coming - self._now()))
            for key, _ in self._selector.select(pause):
                self._go_on(key.data)
        for line in self._lines:
            if line.request >= 0:
                self._end(line, 0)
            self._close(line)

    def _now(self) -> float:
        return time.monotonic() - self._start

    def _begin(self, line: Line, due: float) -> None:
        line.request, line.due, line.received = self._next, due, b""
        self._next += 1
        if line.is_open:
            self._send(line)
            return
        line.socket = socket.socket()
        line.socket.setblocking(False)
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.socket.connect_ex(("127.0.0.1", self._port))
        self._selector.register(line.socket, selectors.EVENT_WRITE, line)

    def _go_on(self, line: Line) -> None:
        assert line.socket is not None
        if not line.is_open:
            if line.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._break(line)
                return
            line.is_open = True
            self._selector.modify(line.socket, selectors.EVENT_READ, line)
            self._send(line)
            return
        try:
            piece = line.socket.recv(65_536)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                self._break(line)
            return
        line.received += piece
        if line.request < 0 or not piece:
            self._break(line)
        else:
            self._read(line)

    def _send(self, line: Line) -> None:
        assert line.socket is not None
        try:
            sent = line.socket.send(self._requests[line.request])
        except OSError:
            self._break(line)
            return
        assert sent == len(self._requests[line.request])  # they are small

    def _read(self, line: Line) -> None:
        head, found, body = line.received.partition(b"\r\n\r\n")
        if not found:
            return
        fields = head.lower() + b"\r\n"
        if b"\r\ntransfer-encoding: chunked\r\n" in fields:
            is_whole = body.endswith(b"\r\n0\r\n\r\n")
        else:
            length = fields.split(b"\r\ncontent-length:", 1)[1].split(b"\r\n", 1)[0]
            is_whole = len(body) >= int(length)
        if not is_whole:
            return
        self._end(line, int(head[9:12]), retry_after=b"\r\nretry-after:" in fields)
        if b"\r\nconnection: close" in fields:
            self._close(line)

    def _break(self, line: Line) -> None:
        if line.request >= 0:
            self._end(line, 0)
        self._close(line)

    def _end(self, line: Line, status: int, *, retry_after: bool = False) -> None:
        took = self._now() - line.due
        self.answers.append(Answer(line.request, status, retry_after, line.due, took))
        line.request = -1
        self._free.append(line)

    def _close(self, line: Line) -> None:
        if line.socket is not None:
            self._selector.unregister(line.socket)
            line.socket.close()
        line.socket, line.is_open = None, False
