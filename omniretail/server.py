"""The web worker: what gunicorn refuses before Django sees it is a problem document too."""

from __future__ import annotations

import json
import select
import threading
import uuid
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.workers.gthread import ThreadWorker

# Parse errors that are not the client's.
OURS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)


# How long a thread waits for the next request of the client it has just answered, and how many
# threads never do: they take what comes over other connections.
STAY = 0.1
SPARE_THREADS = 4


class ProblemWorker(ThreadWorker):
    """A gunicorn worker whose threads stay with a client that goes on asking, and that answers
    broken requests as the API answers errors.

    Gunicorn hands a connection back to its main thread after each answer, which hands it to a
    thread again: with 32 busy clients that was 0.4 ms of CPU a request.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = threading.Semaphore(self.cfg.threads - SPARE_THREADS)

    def handle(self, conn: Any) -> Any:
        """Serve a connection's request, and those that follow it closely."""
        kept = super().handle(conn)
        while kept is True and self.alive and self._has_more(conn):
            kept = super().handle(conn)
        return kept

    def _has_more(self, conn: Any) -> bool:
        """Wait a moment for the client's next request, unless too many threads do so."""
        if conn.parser.unreader.buf.getvalue():  # read ahead, so the socket will not tell
            return True
        if not self._places.acquire(blocking=False):
            return False
        try:
            arrivals = select.poll()
            arrivals.register(conn.sock, select.POLLIN)
            return bool(arrivals.poll(1_000 * STAY))
        finally:
            self._places.release()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that cannot be read. Gunicorn's own answer would be a page of HTML,
        and for an unknown transfer coding a 501."""
        if not isinstance(exc, ParseException) or isinstance(exc, OURS):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("Invalid request from %s: %s", addr[0] if addr else "a socket", exc)
        try:
            util.write(client, _answer(exc))
        except OSError as error:
            self.log.debug("The refusal could not be sent: %s", error)


def _answer(error: BaseException) -> bytes:
    # Not at the top: gunicorn's master reads this module before there are settings.
    from omniretail import problems

    problem: problems.DomainError
    if isinstance(error, LimitRequestLine):
        problem = problems.AddressTooLong()
    elif isinstance(error, LimitRequestHeaders):
        problem = problems.HeadersTooLarge()
    else:
        problem = problems.MalformedRequest(f"The request cannot be read: {error}.")
    body = json.dumps(problem.document()).encode()
    head = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        "Connection: close",
        f"Content-Type: {problems.MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        f"X-Request-Id: {uuid.uuid4().hex}",
    ]
    return "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + body
