"""File locks: one starter at a time, and who still uses a server.

The kernel releases a lock when its process ends, however that happens: no lock goes stale.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from core.embedded.errors import EmbeddedError


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock, hold it for the block."""
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Lock:
    """A lock held for as long as a process wants it: shared by users, exclusive for one owner."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def share(self) -> None:
        if self._handle is None:
            self._handle = _open(self.path)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def take(self) -> bool:
        """Take it exclusively if no other process holds it; a shared hold of this process is given
        up either way, as the kernel does not convert in one step."""
        if self._handle is None:
            self._handle = _open(self.path)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _open(path: Path) -> int:
    # Reading suffices to lock, and works on a file that another user (root) made.
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        pass
    except PermissionError as error:
        raise _closed(path) from error
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError as error:
        raise _closed(path) from error


def _closed(path: Path) -> EmbeddedError:
    return EmbeddedError(
        f"{path.parent} is not open to this user: run as its owner or choose another DATA_DIR."
    )
