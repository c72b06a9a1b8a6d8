"""Where the embedded servers keep their files, derived from DATA_DIR alone.

    DATA_DIR/servers/       owned by the account that runs the servers, 0700 or less:
        postgres-18/        the database, by major version
        broker/             the broker's append-only file
        run/                the unix sockets
    DATA_DIR/log/           logs of the servers and processes
    DATA_DIR/*.lock, *.pid  who uses and who runs what

`servers` is a link when root keeps DATA_DIR where the servers' account cannot enter
(a 0700 home), and the sockets move to a short folder when the path is too long for one.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

from core.embedded.account import account_for_servers

REPOSITORY = Path(__file__).resolve().parents[2]

# Root's servers live here when DATA_DIR lies below a folder closed to their account.
ROOT_SHELTER = Path("/var/lib/omniretail")

# sun_path holds 108 bytes with its closing zero on Linux, 104 elsewhere.
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")

# libpq splits a host at commas and broker URLs dislike blanks: such paths get a short folder.
PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")


def data_dir() -> Path:
    """The folder of this service: DATA_DIR from the environment, else `var` in the repository."""
    given = os.environ.get("DATA_DIR")
    return (Path(given).expanduser() if given else REPOSITORY / "var").resolve()


def servers_dir(home: Path) -> Path:
    """The folder that the embedded servers own; this does not create it."""
    place = home / "servers"
    if place.is_symlink() or place.exists():
        return place.resolve()
    if account_for_servers().can_enter(home):
        return place
    return ROOT_SHELTER / _digest(home)


def socket_dir(home: Path) -> Path:
    """The folder of the unix sockets, short enough for their paths."""
    place = servers_dir(home) / "run"
    is_short = len(os.fsencode(place)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH
    if is_short and PLAIN_PATH.fullmatch(str(place)):
        return place
    # Not tempfile.gettempdir(): TMPDIR differs between processes that must share this folder.
    return Path("/tmp") / f"omniretail-{_digest(home)}"


def log_dir(home: Path) -> Path:
    return home / "log"


def _digest(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
