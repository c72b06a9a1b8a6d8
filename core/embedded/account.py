"""Which account of the operating system runs the embedded servers.

PostgreSQL refuses to run as root, so root lends the servers an account that is
already there. No account is ever created.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    name: str

    @property
    def is_current(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def popen_arguments(self) -> dict[str, Any]:
        """Arguments for subprocess that drop root's rights; none when we are the account."""
        if self.is_current:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if not self.is_current:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, path: Path) -> bool:
        """Whether the account may enter `path`, or the nearest parent that exists.

        Root may enter any folder, so `os.access` for this process would not answer that.
        """
        while not path.exists():
            path = path.parent
        return all(self._may_search(folder) for folder in (path, *path.parents))

    def _may_search(self, folder: Path) -> bool:
        if self.uid == 0:
            return True
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def current_account() -> Account:
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container may run under a number without a name
        name = str(uid)
    return Account(uid=uid, gid=os.getegid(), name=name)


def account_for_servers(existing: Path | None = None) -> Account:
    """The account the servers run under: ourselves, or for root a lesser one.

    The owner of the `existing` folder stays its owner: a database that was made
    as `nobody` must still start after a package has brought in `postgres`.

    Raises EmbeddedError when the folder belongs to another account, or root finds no account.
    """
    owner = existing.stat().st_uid if existing is not None and existing.exists() else None
    if os.geteuid() != 0:
        current = current_account()
        if owner not in (None, current.uid):
            raise EmbeddedError(
                f"{existing} belongs to another user (uid {owner}): "
                "run as that user or choose another DATA_DIR."
            )
        return current
    if owner:
        assert existing is not None
        return Account(uid=owner, gid=existing.stat().st_gid, name=str(owner))
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=name)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`: "
        "run as an ordinary user, or set DATABASE_URL."
    )
