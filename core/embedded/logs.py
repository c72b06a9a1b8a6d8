"""The logs of DATA_DIR: opened for a process, read for its last words, kept from growing."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

LARGEST = 20_000_000  # bytes; beyond it a log is set aside as `.1`
MODE = 0o600


def open_log(path: Path) -> io.FileIO:
    """Open a log at its end, for its owner's eyes alone; a large one is set aside first."""
    if path.exists() and path.stat().st_size > LARGEST:
        path.replace(_aside(path))
    log = io.FileIO(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE), "w")
    os.fchmod(log.fileno(), MODE)  # one of an older version may be open to all
    return log


def set_large_ones_aside(folder: Path, *, largest: int = LARGEST) -> list[str]:
    """Copy logs that have grown beyond `largest` bytes and empty them; return their names.

    Processes write on, always at the end of the file that they were given. What one writes between
    the copy and the cut is lost: some lines at most. Raises OSError where a copy finds no room;
    then the log is left as it is.
    """
    found = []
    for path in sorted(folder.glob("*.log")):
        if path.stat().st_size > largest:
            unfinished = path.with_name(f"{path.name}.unfinished")
            try:
                os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT, MODE))
                shutil.copyfile(path, unfinished)
                unfinished.replace(_aside(path))
            finally:
                unfinished.unlink(missing_ok=True)
            os.truncate(path, 0)
            found.append(path.name)
    return found


def tail(path: Path, *, lines: int = 12) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
