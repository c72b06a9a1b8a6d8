"""The web worker: who gets a thread and for how long, and who is refused before Django sees it."""

from __future__ import annotations

import os
import select
import selectors
import socket
import struct
import threading
import time
from collections import deque
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    ParseException,
)
from gunicorn.workers.gthread import ThreadWorker

# Nothing that needs settings: gunicorn's master reads this module before there are any.
import core.access.rate  # noqa: F401  makes the memory that the workers share
from core.server.admission import Queue, is_one_whole_request, is_probe
from core.server.buffering import LONGEST_ARRIVAL, Arrival, arrival_of
from core.server.refusals import overloaded, too_slow, unreadable

# Parse errors that are not the client's.
OURS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)

# How long a thread waits for the next request of the client it has just answered, and how many
# threads never do: they take what comes over other connections.
STAY = 0.1
SPARE_THREADS = 3

# How long a thread waits for a client that neither sends nor takes any more, and the part of the
# threads that may read requests which come as they like: the others stay with those who wait.
STALLED = 30.0  # seconds
LONG_SHARE = 0.5

PIECE = 16_384  # bytes read at once
LINGER = 2.0  # seconds in which a client that was refused may still send what it had begun


class ProblemWorker(ThreadWorker):
    """A gunicorn worker whose threads stay with a client that goes on asking, that refuses what
    would wait too long, that has no thread wait for what comes slowly, and that answers broken
    requests as the API answers errors.

    Gunicorn hands a connection back to its main thread after each answer, which hands it to a
    thread again: with 32 busy clients a fifth of the interpreter's time went there.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = threading.Semaphore(self.cfg.threads - SPARE_THREADS)
        self._queue = Queue(threads=self.cfg.threads)
        self._arriving: deque[Any] = deque()  # whose request has begun to come
        self._long: set[Any] = set()  # whose request a thread reads as it comes
        self._lined_up: deque[Any] = deque()  # whose long request no thread may read yet
        self._leaving: deque[Any] = deque()  # sent away, and not yet heard to the end

    # In the main thread: who may wait for a thread

    def enqueue_req(self, conn: Any) -> None:
        """Let a request wait for a thread, or refuse it because too many do.

        A new connection that says nothing yet waits with the others that are silent: gunicorn
        would have a thread listen to it for five seconds.
        """
        if not conn.initialized and not conn.data_ready and not _peek(conn):
            conn.timeout = time.monotonic() + self.cfg.keepalive
            self.pending_conns.append(conn)
            self._watch(conn, self.on_pending_socket_readable)
        elif self._is_too_much(conn):
            if self._refuse(conn):
                conn.set_timeout()
                self.keepalived_conns.append(conn)
                self._watch(conn, self.on_client_socket_readable)
            else:
                self._part_with(conn, overloaded(keeps=False))
        else:
            self._place(conn, self._take_in(conn))

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Refuse on a connection that is being watched already without taking it in hand: each
        system call here lets the threads run, and must wait until it is its turn again."""
        if self._is_too_much(conn) and self._refuse(conn):
            self.keepalived_conns.remove(conn)
            conn.set_timeout()
            self.keepalived_conns.append(conn)
        else:
            super().on_client_socket_readable(conn, client)

    def finish_request(self, conn: Any, fs: Any) -> None:
        if conn in self._long:
            self._long.remove(conn)
            if self._lined_up:
                self._read_along(self._lined_up.popleft())
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            # Gunicorn's main thread would wait up to two seconds for the client to hang up too.
            self._take_leave(conn)

    def murder_pending(self) -> None:
        """Close what has been silent, arriving, lined up or leaving for too long."""
        super().murder_pending()
        now = time.monotonic()
        while self._arriving and self._arriving[0].timeout < now:
            conn = self._arriving.popleft()
            self.poller.unregister(conn.sock)
            self._part_with(conn, too_slow())
        while self._lined_up and self._lined_up[0].timeout < now:
            self._part_with(self._lined_up.popleft(), overloaded(keeps=False))
        while self._leaving and self._leaving[0].timeout < now:
            self._hang_up(self._leaving.popleft())

    def _place(self, conn: Any, arrival: Arrival) -> None:
        """Let what is there whole wait for a thread, what comes wait for its rest."""
        conn.timeout = time.monotonic() + LONGEST_ARRIVAL
        if arrival is Arrival.WHOLE:
            self._hand_over(conn)
        elif arrival is Arrival.COMING:
            self._arriving.append(conn)
            self._watch(conn, self._go_on_arriving)
        elif len(self._long) < LONG_SHARE * self.cfg.threads:
            self._read_along(conn)
        else:
            self._lined_up.append(conn)

    def _hand_over(self, conn: Any) -> None:
        self._queue.join()
        super().enqueue_req(conn)

    def _read_along(self, conn: Any) -> None:
        self._long.add(conn)
        self._hand_over(conn)

    def _go_on_arriving(self, conn: Any, client: Any) -> None:
        if self._take_in(conn) is not Arrival.COMING:
            self.poller.unregister(client)
            self._arriving.remove(conn)
            self.enqueue_req(conn)

    def _take_in(self, conn: Any) -> Arrival:
        """Take what has come, and say how much of the request that is."""
        if not conn.initialized:
            conn.init()
            longest = struct.pack("ll", int(STALLED), int(1_000_000 * (STALLED % 1)))
            for way in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                conn.sock.setsockopt(socket.SOL_SOCKET, way, longest)
        read = conn.parser.unreader.buf
        try:
            piece = conn.sock.recv(PIECE, socket.MSG_DONTWAIT)
        except BlockingIOError:  # nothing since
            return arrival_of(read.getvalue())
        except OSError:  # broken off: the thread meets it too, and closes
            return Arrival.WHOLE
        read.seek(0, os.SEEK_END)
        read.write(piece)
        return arrival_of(read.getvalue()) if piece else Arrival.WHOLE

    def _is_too_much(self, conn: Any) -> bool:
        return self._queue.is_full and not is_probe(_read_ahead(conn) or _peek(conn))

    def _refuse(self, conn: Any) -> bool:
        """Answer 503 and keep the connection.

        False, and nothing read, where it cannot be kept; False also where the client left while
        it was answered, whose request may have been read then.
        """
        if _read_ahead(conn):
            return False
        said = _peek(conn)
        if not is_one_whole_request(said):
            return False
        try:
            conn.sock.recv(len(said), socket.MSG_DONTWAIT)
            return conn.sock.send(overloaded(keeps=True), socket.MSG_DONTWAIT) > 0
        except OSError as error:
            self.log.debug("A client left that was to be refused: %s", error)
            return False

    def _part_with(self, conn: Any, answer: bytes) -> None:
        """Answer and close, when the client has said what it had begun to say: closed with
        something unread, the system would take the answer away from it."""
        try:
            conn.sock.send(answer, socket.MSG_DONTWAIT)
        except OSError as error:
            self.log.debug("A client left that was to be sent away: %s", error)
        self._take_leave(conn)

    def _take_leave(self, conn: Any) -> None:
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:  # the client has gone, or the thread has closed already
            self.nr_conns -= 1
            conn.close()
            return
        conn.timeout = time.monotonic() + LINGER
        self._leaving.append(conn)
        self._watch(conn, self._hear_out)

    def _hear_out(self, conn: Any, client: Any) -> None:
        try:
            if client.recv(PIECE):
                return
        except OSError as error:
            self.log.debug("A client broke off that was sent away: %s", error)
        self._leaving.remove(conn)
        self._hang_up(conn)

    def _watch(self, conn: Any, on_more: Any) -> None:
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(on_more, conn))

    def _hang_up(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    # In the threads

    def handle(self, conn: Any) -> Any:
        """Serve a connection's request, and those that follow it closely."""
        self._queue.leave()
        kept = super().handle(conn)
        while kept is True and self.alive and conn not in self._long and self._has_more(conn):
            kept = super().handle(conn)
        return kept

    def _has_more(self, conn: Any) -> bool:
        """Wait a moment for the client's next request, unless others wait or too many do so."""
        if self._queue.is_impatient:
            return False
        if begun := _read_ahead(conn):  # so the socket will not tell
            return arrival_of(begun) is Arrival.WHOLE
        if not self._places.acquire(blocking=False):
            return False
        try:
            arrivals = select.poll()
            arrivals.register(conn.sock, select.POLLIN)
            come = arrivals.poll(0 if self._queue else 1_000 * STAY)
        finally:
            self._places.release()
        return bool(come) and self._take_in(conn) is Arrival.WHOLE

    def handle_request(self, req: Any, conn: Any) -> Any:
        try:
            return super().handle_request(req, conn)
        except BlockingIOError:
            self.log.info("A client took no more of its answer.")
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that cannot be read. Gunicorn's own answer would be a page of HTML,
        and for an unknown transfer coding a 501."""
        if not isinstance(exc, ParseException) or isinstance(exc, OURS):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("Invalid request from %s: %s", addr[0] if addr else "a socket", exc)
        try:
            util.write(client, unreadable(exc))
        except OSError as error:
            self.log.debug("The refusal could not be sent: %s", error)


def _read_ahead(conn: Any) -> bytes:
    """Return what has been read of a request that nobody has handled yet."""
    return bytes(conn.parser.unreader.buf.getvalue()) if conn.initialized else b""


def _peek(conn: Any) -> bytes:
    """Return what has come and nobody has read; nothing where nothing has."""
    try:
        return bytes(conn.sock.recv(PIECE, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return b""
