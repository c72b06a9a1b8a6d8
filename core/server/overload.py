"""What happens when more is asked than can be answered soon: a bounded wait, then a 503.

WSGI middleware of one web process. Requests that would wait too long are refused at once, before
Django sees them: a queue without an end answers every client too late, and the work goes into
answers that their clients have given up.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, BinaryIO, cast

from core.metrics.counters import REFUSED
from core.problems.catalogue import MEDIA_TYPE, DomainError, Overloaded
from core.problems.handler import as_problem

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# Answered however much is asked: a busy process must not be taken for a dead one.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
# Take long, or give or take files: these have places of their own.
HEAVY = re.compile(
    r"(GET|HEAD) /api/v1/(exports/.*|imports/[^/]+/(errors|changes)|integrity)"
    r"|(GET|HEAD) /api/v1/channels/[^/]+/availability\.csv"
    r"|POST /api/v1/imports"
)

_SESSION = re.compile(r"""(?:^|[;\s])sessionid\s*=\s*"?([^;"\s]+)""")

# Orders that arrive together are committed together, so places pay although Python runs one thread.
PLACES = 20
WAITING = 40
HEAVY_PLACES = 4
HEAVY_WAITING = 4
PATIENCE = 2.0  # seconds
# Threads for what needs no place: probes, and refusing.
SPARE_THREADS = 8
THREADS = PLACES + WAITING + HEAVY_PLACES + HEAVY_WAITING + SPARE_THREADS

ANSWERS = 32  # heavy answers being made or sent, which are files on disk
ANSWERS_A_CLIENT = 2
LONGEST_ANSWER = 900.0  # seconds from a heavy request's thread to the last byte that is sent
IN_MEMORY = 256 * 1024  # bytes of a heavy answer that make no file


class Places:
    """`count` requests at work, and up to `waiting` more that wait `patience` seconds for one."""

    def __init__(self, count: int, *, waiting: int, patience: float) -> None:
        self._changed = threading.Condition()
        self._free = self._count = count
        self._waiting, self._most_waiting = 0, waiting
        self._patience = patience

    def take(self) -> bool:
        """Return whether there is a place, which the caller must give back."""
        with self._changed:
            if not self._free:
                if self._waiting == self._most_waiting:
                    return False
                self._waiting += 1
                self._changed.wait_for(lambda: self._free, self._patience)
                self._waiting -= 1
                if not self._free:
                    return False
            self._free -= 1
            return True

    def give_back(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify()

    @property
    def is_idle(self) -> bool:
        return self._free == self._count and not self._waiting


class Answers:
    """How many heavy answers are being made or sent, in all and to each client."""

    def __init__(self, most: int, *, each: int) -> None:
        self._most, self._each = most, each
        self._lock = threading.Lock()
        self._of: Counter[int] = Counter()

    def begin(self, client: int) -> bool:
        """Return whether the client may have one more; the caller must end it."""
        with self._lock:
            if self._of[client] >= self._each or self._of.total() >= self._most:
                return False
            self._of[client] += 1
            return True

    def end(self, client: int) -> None:
        with self._lock:
            self._of[client] -= 1
            self._of += Counter()  # keeps only what is above nought

    @property
    def is_idle(self) -> bool:
        return not self._of.total()


class Overload:
    """Gives requests their place or refuses them with 503 and `Retry-After`."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._places = Places(PLACES, waiting=WAITING, patience=PATIENCE)
        self._heavy = Places(HEAVY_PLACES, waiting=HEAVY_WAITING, patience=PATIENCE)
        self._answers = Answers(ANSWERS, each=ANSWERS_A_CLIENT)
        self._is_closed = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in PROBES:
            return self._application(environ, start_response)
        if self._is_closed:
            return _refuse(start_response)
        if HEAVY.fullmatch(f"{environ['REQUEST_METHOD']} {path}"):
            return self._answer_heavy(environ, start_response)
        if not self._places.take():
            return _refuse(start_response)
        try:
            answer = self._application(environ, start_response)
        except BaseException:
            self._places.give_back()
            raise
        if isinstance(answer, (list, environ["wsgi.file_wrapper"])):
            self._places.give_back()
            return answer
        return _Closing(answer, self._places.give_back)

    def close(self, *, patience: float) -> None:
        """Refuse what comes from now on, and wait until what is at work has been answered."""
        self._is_closed = True
        until = time.monotonic() + patience
        idle = 0
        while idle < 3 and time.monotonic() < until:
            # More than once: between a request's arrival and its thread nothing shows it.
            parts = (self._places, self._heavy, self._answers)
            idle = idle + 1 if all(part.is_idle for part in parts) else 0
            time.sleep(0.05)

    def _answer_heavy(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Make the whole answer at the pace of the database, whatever the pace of its reader.

        It becomes a file that the server sends without a thread, until `LONGEST_ANSWER` is over.
        """
        client = _client_of(environ)
        if not self._answers.begin(client):
            return _refuse(start_response)
        answer = Answer(on_close=lambda: self._answers.end(client))
        try:
            if not self._heavy.take():
                answer.close()
                return _refuse(start_response)
            try:
                answer.read_from(self._application, environ)
            finally:
                self._heavy.give_back()
        except Exception as error:  # met while the answer was made, so it can still be said
            answer.close()
            return _say(as_problem(error), start_response)
        except BaseException:
            answer.close()
            raise
        start_response(*answer.head)
        return cast(Iterable[bytes], environ["wsgi.file_wrapper"](answer))


class Answer:
    """A whole answer, as a file that cannot be read when its time is over."""

    def __init__(self, *, on_close: Callable[[], None]) -> None:
        self.head: tuple[Any, ...] = ()
        file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (see `close`)
        self._file = cast(BinaryIO, file)
        self._until = time.monotonic() + LONGEST_ANSWER
        self._on_close: Callable[[], None] | None = on_close
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read_from(self, application: Application, environ: Environ) -> None:
        def start(*head: Any) -> Callable[[bytes], int]:
            self.head = head[:2]
            return self._file.write

        pieces = application(environ, start)
        try:
            for piece in pieces:
                if time.monotonic() > self._until:
                    raise Overloaded("The answer took too long to make.")
                self._file.write(piece)
        finally:
            _close(pieces)
        self._file.seek(0)

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() > self._until:
            raise TimeoutError("A client took too long to read its answer.")
        return self._file.read(size)

    def close(self) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            self._file.close()
            on_close()


class _Closing:
    """An answer whose place is given back when the server has taken it."""

    def __init__(self, answer: Iterable[bytes], give_back: Callable[[], None]) -> None:
        self._answer, self._give_back = answer, give_back

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        try:
            _close(self._answer)
        finally:
            self._give_back()


def _close(answer: Iterable[bytes]) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()


def _client_of(environ: Environ) -> int:
    """Tell clients apart by their key or session, behind one address too.

    By nothing else of these headers: one client would be many by writing them otherwise.
    """
    key = environ.get("HTTP_AUTHORIZATION", "").split()[-1:]
    session = _SESSION.search(environ.get("HTTP_COOKIE", ""))
    if key:
        return hash(key[0])
    return hash(session[1] if session else environ.get("REMOTE_ADDR", ""))


def _refuse(start_response: StartResponse) -> list[bytes]:
    _count()
    start_response(_OVERLOADED_STATUS, [*_OVERLOADED_HEADERS, ("X-Request-Id", _request_id())])
    return _OVERLOADED_BODY


def _say(problem: DomainError, start_response: StartResponse) -> list[bytes]:
    status, headers, body = _written(problem)
    start_response(status, [*headers, ("X-Request-Id", _request_id())])
    return body


def _written(problem: DomainError) -> tuple[str, list[tuple[str, str]], list[bytes]]:
    body = json.dumps(problem.document()).encode()
    headers = [
        *problem.headers.items(),
        ("Content-Type", MEDIA_TYPE),
        ("Content-Length", str(len(body))),
    ]
    return f"{problem.status} {HTTPStatus(problem.status).phrase}", headers, [body]


def _request_id() -> str:
    return os.urandom(16).hex()


# Written once: there are many refusals when there is least time.
_OVERLOADED_STATUS, _OVERLOADED_HEADERS, _OVERLOADED_BODY = _written(Overloaded())
_count = REFUSED.labels("overloaded").inc
