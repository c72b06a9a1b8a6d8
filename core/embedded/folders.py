"""Making the folders of DATA_DIR."""

from __future__ import annotations

import os
import time
from pathlib import Path

from core.embedded.account import Account, account_for_servers
from core.embedded.errors import EmbeddedError
from core.embedded.places import log_dir, servers_dir


def make_home(home: Path) -> None:
    """DATA_DIR itself and its log folder. Folders that are there already are left as they are.

    Raises EmbeddedError when this user may not write there.
    """
    _make_open(home)
    if not os.access(home, os.W_OK):
        raise EmbeddedError(
            f"{home} belongs to another user: run as that one or choose another DATA_DIR."
        )
    _make_open(log_dir(home))


def make_servers_folder(home: Path) -> None:
    """The folder the servers own, with a link to it when it cannot lie in DATA_DIR."""
    make_home(home)
    place, link = servers_dir(home), home / "servers"
    account = account_for_servers(place)
    if place != link and not link.is_symlink():
        if place.exists():
            # DATA_DIR was removed by hand: the folder it pointed to does not belong to the new
            # one and is not deleted.
            place.rename(place.with_name(f"{place.name}.left-{int(time.time())}"))
        _make_open(place.parent)
        link.symlink_to(place)
    make_folder(place, owner=account, mode=0o711)


def make_folder(path: Path, *, owner: Account, mode: int) -> None:
    """Make a folder of the servers' account; refuse one that another account made there."""
    if not path.exists():
        path.mkdir()
        path.chmod(mode)
        owner.own(path)
    elif path.is_symlink() or path.stat().st_uid != owner.uid:
        raise EmbeddedError(
            f"{path} belongs to another user: remove it or choose another DATA_DIR."
        )


def _make_open(path: Path) -> None:
    """Make a folder and its missing parents so that the servers' account can enter it,
    whatever the umask; existing folders are the user's and keep their mode."""
    if path.exists():
        return
    _make_open(path.parent)
    try:
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
    except PermissionError as error:
        raise EmbeddedError(
            f"{path} cannot be made by this user: choose another DATA_DIR."
        ) from error
