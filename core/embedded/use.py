"""Using the embedded database for as long as a command or a test run lasts."""

from __future__ import annotations

import atexit
import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from core.embedded.connection import is_database_embedded
from core.embedded.errors import EmbeddedError
from core.embedded.folders import make_home
from core.embedded.locks import Lock, exclusive
from core.embedded.places import data_dir
from core.embedded.postgres import Postgres

# Commands that do not use the database. `serve` starts its own.
COMMANDS_WITHOUT_DATABASE = {
    "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help",
    "makemessages", "serve", "spectacular", "startapp", "startproject", "version",
}  # fmt: skip


class Use:
    """One process's use of the embedded database of `home`.

    `begin` starts the server when none runs, `end` stops it when it was started for commands
    like this one and no other process uses it. The server of `serve` is never stopped here.
    """

    def __init__(
        self, home: Path, *, durable: bool = True, postgres: Postgres | None = None
    ) -> None:
        self.home = home
        self.postgres = postgres or Postgres(home, durable=durable)
        self._lock = Lock(home / "use.lock")

    @property
    def _for_commands(self) -> Path:
        """The file that marks a server as started for commands, not by `serve`."""
        return self.home / "for-commands"

    def begin(self) -> None:
        make_home(self.home)
        with exclusive(self.home / "start.lock"):
            self._lock.share()
            if self.postgres.start():
                self._for_commands.touch()

    def end(self) -> None:
        try:
            with exclusive(self.home / "start.lock"):
                if self._lock.take() and self._for_commands.exists():
                    self.postgres.stop()
                    self._for_commands.unlink()
        finally:
            self._lock.release()

    def keep(self) -> None:
        """Make the running server that of `serve`: commands no longer stop it."""
        with exclusive(self.home / "start.lock"), contextlib.suppress(FileNotFoundError):
            self._for_commands.unlink()


def use_database_for(argv: Sequence[str]) -> None:
    """Before a management command: see that the embedded database runs until the command ends.

    Leaves with one line and exit code 1 when it cannot.
    """
    command = next((word for word in argv[1:] if not word.startswith("-")), "help")
    asks_for_help = bool({"-h", "--help", "--version"} & set(argv[1:]))
    try:
        if command in COMMANDS_WITHOUT_DATABASE or asks_for_help or not is_database_embedded():
            return
        use = Use(data_dir())
        use.begin()
    except EmbeddedError as error:
        sys.exit(f"manage.py: {error}")
    atexit.register(use.end)
    # SIGTERM would end Python without its exit handlers, and leave the server behind.
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
