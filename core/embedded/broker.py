"""The embedded message broker of one DATA_DIR, on a unix socket, its queue kept on disk."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from core.embedded import processes
from core.embedded.account import Account, account_for_servers
from core.embedded.binaries import find_broker
from core.embedded.connection import BROKER_SOCKET
from core.embedded.errors import EmbeddedError
from core.embedded.folders import make_folder, make_servers_folder
from core.embedded.logs import open_log, tail
from core.embedded.places import log_dir, servers_dir, socket_dir
from core.embedded.postgres import Report, server_environment

LONGEST_START = 60  # seconds; it reads its file first
LONGEST_SHUTDOWN = 20
PROGRAMS = ("valkey-", "redis-")


class Broker:
    def __init__(self, home: Path, *, report: Report = lambda line: None) -> None:
        self.home = home
        self.report = report

    @property
    def log(self) -> Path:
        return log_dir(self.home) / "broker.log"

    @property
    def folder(self) -> Path:
        return servers_dir(self.home) / "broker"

    @property
    def socket(self) -> Path:
        return socket_dir(self.home) / BROKER_SOCKET

    def pid(self) -> int | None:
        """The pid of this DATA_DIR's running broker, as it reports it; None when none runs."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        if not self.socket.exists():
            return None
        client = redis.Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=5,
            retry=Retry(NoBackoff(), retries=0),  # the caller may try again
        )
        try:
            return int(client.info("server")["process_id"])
        except (redis.ConnectionError, redis.TimeoutError):  # gone, or still reading its file
            return None
        finally:
            client.close()

    def start(self) -> bool:
        """Make sure that it runs and answers; True when this call started it.

        Raises EmbeddedError with the end of its log when it cannot run.
        """
        if self.pid() is not None:
            return False
        make_servers_folder(self.home)
        account = account_for_servers(servers_dir(self.home))
        make_folder(self.folder, owner=account, mode=0o700)
        make_folder(self.socket.parent, owner=account, mode=0o700)
        for silent in processes.working_in(self.folder, programs=PROGRAMS):
            processes.send(silent, signal.SIGKILL)  # two writers would ruin the file
            processes.wait_until_gone(silent, seconds=LONGEST_SHUTDOWN)
        if not self._runs(account):
            # A damaged queue must not keep the service from starting: every task is repeated by
            # a sweep over the database.
            kept = self.folder.with_name(f"broker.unreadable-{int(time.time())}")
            self.folder.rename(kept)
            self.report(f"The broker cannot read its queue; kept in {kept}, starting an empty one")
            make_folder(self.folder, owner=account, mode=0o700)
            if not self._runs(account):
                raise EmbeddedError(f"The broker did not start; {self.log} ends:\n{tail(self.log)}")
        return True

    def stop(self) -> None:
        pid = self.pid()
        if pid is None:
            return
        processes.send(pid, signal.SIGTERM)
        if not processes.wait_until_gone(pid, seconds=LONGEST_SHUTDOWN):
            processes.send(pid, signal.SIGKILL)
            processes.wait_until_gone(pid, seconds=LONGEST_SHUTDOWN)

    def _runs(self, account: Account) -> bool:
        """Launch it and wait until it answers; False when it ended instead."""
        command = [
            str(find_broker(account)),
            "--port", "0",
            "--unixsocket", str(self.socket),
            "--unixsocketperm", "700",
            "--dir", str(self.folder),
            "--appendonly", "yes",
            "--appendfsync", "everysec",
            "--save", "",
            "--maxmemory-policy", "noeviction",
            "--daemonize", "no",
        ]  # fmt: skip
        with open_log(self.log) as output:
            child = processes.launch(
                command, output=output, environment=server_environment(), account=account
            )
        deadline = time.monotonic() + LONGEST_START
        while self.pid() is None:
            if not processes.is_alive(child):
                return False
            if time.monotonic() > deadline:
                raise EmbeddedError(f"The broker does not answer: see {self.log}")
            time.sleep(0.02)
        return True
