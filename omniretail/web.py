"""One web process: waitress on a listening socket that it inherits or opens.

    python -m omniretail.web            listens on HOST and PORT: one process, as in a container
    python -m omniretail.web --fd 3     takes an open socket, which several processes may share
    …                   --wait-for 4    loads, and serves when the other end of this pipe is closed

SIGTERM lets requests under way finish. With `--fd` it also stops when the process that started it
dies.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import resource
import signal
import socket
import threading
import time
from types import FrameType
from typing import Any

import waitress

from core.api.requests import FILE_LIMIT
from core.server.overload import THREADS, Application, Overload

GRACE = 20.0  # seconds for requests under way when it is asked to stop
BACKLOG = 256
CONNECTIONS = 2_000
YOUNG_OBJECTS = 20_000  # made since the collector last looked
FILES_BESIDES = 500  # of the database pool, of large requests and answers

SETTINGS: dict[str, Any] = {
    "threads": THREADS,
    # Requests come whole before a thread has them, and answers leave when it is done with them.
    "connection_limit": CONNECTIONS,
    "asyncore_use_poll": True,  # select() knows no file above 1,023
    # Only `ReadableRequestMiddleware` can say which limit a body meets.
    "max_request_body_size": FILE_LIMIT + 8 * 1024 * 1024,
    "max_request_header_size": 64 * 1024,
    # More than any answer that is not a file: threads would wait for clients who read slowly.
    "outbuf_high_watermark": 256 * 1024 * 1024,
    "channel_timeout": 60,  # seconds without a byte either way
    "cleanup_interval": 10,
    "backlog": BACKLOG,
    "ident": None,
    # Which of them to believe is said in Django's settings (HTTPS).
    "clear_untrusted_proxy_headers": False,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fd", type=int, help="an open socket to listen on")
    parser.add_argument("--wait-for", type=int, help="a pipe: serve when its end is reached")
    given = parser.parse_args()
    os.environ.setdefault("OMNIRETAIL_ROLE", "web")
    parent = os.getppid()
    listener = socket.socket(fileno=given.fd) if given.fd is not None else listen()
    allow_files()
    from omniretail.wsgi import application  # reads the settings, which know the role by now

    if given.wait_for is not None:
        os.read(given.wait_for, 1)
    web = WebProcess(application, listener)
    spare_collector()
    web.run(parent=parent if given.fd is not None else None)
    logging.shutdown()
    # Python takes half a second to take apart what it has loaded, in which no process serves.
    os._exit(0)


def listen() -> socket.socket:
    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000")))
    return socket.create_server(address, backlog=BACKLOG)


def allow_files() -> None:
    """Ask for as many open files as the connections need, as far as the system lets us."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + FILES_BESIDES
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def spare_collector() -> None:
    """Keep the garbage collector from what stays for good, and let it look less often.

    Requests leave few cycles behind, but Django's own objects are many.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


class WebProcess:
    """A server, and its end in order."""

    def __init__(self, application: Application, listener: socket.socket) -> None:
        self._overload = Overload(application)
        self._channels: dict[int, Any] = {}  # by file; waitress asks them for what to do
        self._listener = listener.fileno()
        self._server = waitress.create_server(
            self._overload, map=self._channels, sockets=[listener], **SETTINGS
        )
        self._is_stopping = self._is_idle = False

    def run(self, *, parent: int | None) -> None:
        """Serve until SIGTERM or SIGINT, or until `parent` is no longer the parent."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        if parent is not None:
            threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
        self._server.run()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._is_idle:
            raise SystemExit(0)  # which ends `run`
        if not self._is_stopping:
            self._is_stopping = True
            threading.Thread(target=self._stop, daemon=True).start()

    def _stop(self) -> None:
        """Take no more connections, answer what has come, and end the server's loop."""
        self._channels.pop(self._listener, None)
        self._overload.close(patience=GRACE)
        self._is_idle = True
        # To the thread that waits for connections: another one would let it wait on for a second.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
