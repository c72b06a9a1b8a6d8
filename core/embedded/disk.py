"""Whether a failure comes of a full disk."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from core.embedded.places import servers_dir

LEAST_FREE = 128_000_000  # bytes: of an empty database with its log


def is_full(home: Path, error: Exception) -> bool:
    """Say whether an error says that the disk is full, or befell where nothing more fits.

    A server says why it ended in its log alone.
    """
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    folders = [folder for folder in (home, servers_dir(home)) if folder.exists()]
    return any(shutil.disk_usage(folder).free < LEAST_FREE for folder in folders)
