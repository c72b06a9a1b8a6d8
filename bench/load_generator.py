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
class Connection:
    """A connection, and the request that it is busy with."""

    socket: socket.socket | None = None
    is_open: bool = False
    request: int = -1
    due: float = 0.0
    received: bytes = b""


class LoadGenerator:
    """Sends requests over a number of connections, each as soon as it is free.

    With a `rate` they are due at random moments, so many a second on average, whether or not those
    before have been answered; without one, each connection sends its next at once.
    """

    def __init__(self, *, port: int, connections: int, rate: float | None) -> None:
        self._port, self._rate = port, rate
        self._connections = [Connection() for _ in range(connections)]
        self._free = list(self._connections)
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
                if len(self._free) == len(self._connections) or now > seconds + GRACE:
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
        for connection in self._connections:
            if connection.request >= 0:
                self._end(connection, 0)
            self._close(connection)

    def _now(self) -> float:
        return time.monotonic() - self._start

    def _begin(self, connection: Connection, due: float) -> None:
        connection.request, connection.due, connection.received = self._next, due, b""
        self._next += 1
        if connection.is_open:
            self._send(connection)
            return
        connection.socket = socket.socket()
        connection.socket.setblocking(False)
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.socket.connect_ex(("127.0.0.1", self._port))
        self._selector.register(connection.socket, selectors.EVENT_WRITE, connection)

    def _go_on(self, connection: Connection) -> None:
        assert connection.socket is not None
        if not connection.is_open:
            if connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._break(connection)
                return
            connection.is_open = True
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)
            self._send(connection)
            return
        try:
            piece = connection.socket.recv(65_536)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                self._break(connection)
            return
        connection.received += piece
        if connection.request < 0 or not piece:
            self._break(connection)
        else:
            self._read(connection)

    def _send(self, connection: Connection) -> None:
        assert connection.socket is not None
        try:
            sent = connection.socket.send(self._requests[connection.request])
        except OSError:
            self._break(connection)
            return
        assert sent == len(self._requests[connection.request])  # they are small

    def _read(self, connection: Connection) -> None:
        head, found, body = connection.received.partition(b"\r\n\r\n")
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
        self._end(connection, int(head[9:12]), retry_after=b"\r\nretry-after:" in fields)
        if b"\r\nconnection: close" in fields:
            self._close(connection)

    def _break(self, connection: Connection) -> None:
        if connection.request >= 0:
            self._end(connection, 0)
        self._close(connection)

    def _end(self, connection: Connection, status: int, *, retry_after: bool = False) -> None:
        took = self._now() - connection.due
        self.answers.append(Answer(connection.request, status, retry_after, connection.due, took))
        connection.request = -1
        self._free.append(connection)

    def _close(self, connection: Connection) -> None:
        if connection.socket is not None:
            self._selector.unregister(connection.socket)
            connection.socket.close()
        connection.socket, connection.is_open = None, False
