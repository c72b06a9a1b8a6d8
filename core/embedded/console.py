"""What `serve` prints."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import datetime


class Console:
    """Prints steps with their seconds, and dated messages while the service runs.

    A closed terminal or pipe must not stop the service, so no method raises.
    """

    def __init__(self) -> None:
        self._open_step = False

    def say(self, text: str = "") -> None:
        self._close_step()
        self._write(f"{text}\n")

    def news(self, text: str) -> None:
        self.say(f"{datetime.now():%H:%M:%S} {text}")

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Print what begins, and at its end how long it took."""
        self._close_step()
        self._write(f"{text} ... ")
        self._open_step = True
        began = time.monotonic()
        yield
        seconds = f"{time.monotonic() - began:.1f} s"
        self._write(f"{seconds}\n" if self._open_step else f"  done in {seconds}\n")
        self._open_step = False

    def _close_step(self) -> None:
        if self._open_step:
            self._write("\n")
            self._open_step = False

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed pipe, closed file
            sys.stdout.write(text)
            sys.stdout.flush()
