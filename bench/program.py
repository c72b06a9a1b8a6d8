"""A server beside a bench: an empty folder, a free port, started and stopped."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

LONGEST_START = 180.0


class Program:
    """A server that is up. Ends the run when it does not come up."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: dict[str, str],
        log: Path,
        is_up: Callable[[], bool],
    ) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=self._log, stderr=self._log
        )
        deadline = time.monotonic() + LONGEST_START
        while not is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server did not start: see {log}")
            time.sleep(0.2)

    def kill(self) -> None:
        """End it as a power cut would: it has no time to stop what it has started."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        self._log.close()


def empty_folder(prefix: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp")).resolve()
    folder.chmod(0o755)  # else root's database would go to a folder that is never cleared
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
