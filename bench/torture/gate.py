"""A gate that clients pass before each turn: closed, nothing is under way behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False
        self.stopped = threading.Event()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until the gate is open; it does not close during the turn."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def closed(self, *, longest: float) -> Iterator[bool]:
        """Keep turns from beginning and wait for those under way; False when they do not end."""
        with self._changed:
            self._closed = True
            quiet = self._changed.wait_for(lambda: not self._inside, timeout=longest)
        try:
            yield quiet
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()
