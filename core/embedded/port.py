"""The port of the website: taken by the supervisor and handed to the web process.

The port stays open while a killed web process is started again, so clients wait a
moment instead of being refused.
"""

from __future__ import annotations

import errno
import os
import socket

from core.embedded.errors import EmbeddedError

BACKLOG = 128


def port_number(text: str) -> int:
    """Raises EmbeddedError unless `text` is a port number."""
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise EmbeddedError(f"PORT must be a number from 0 to 65535, not {text!r}.")
    return int(text)


def take_port(host: str, port: int) -> socket.socket:
    """A listening socket; 0 takes any free port. Raises EmbeddedError when it is in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise EmbeddedError(
                f"Port {port} is in use by another program: stop it or choose another PORT."
            ) from None
        raise EmbeddedError(
            f"Port {port} cannot be opened: {os.strerror(error.errno or 0)}."
        ) from None
    return listener
