"""The signing secret of an installation: made once, kept beside its data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def load_or_make(path: Path) -> str:
    """Return the secret in `path`, making it (mode 0600) when absent.

    Two processes that start at once get the same secret: the file is linked atomically, and the
    second one reads it.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret is the one
        finally:
            draft.unlink()
    return path.read_text().strip()
