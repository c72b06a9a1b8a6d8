"""A way to the database that is cut in mid-statement, as when its server is killed."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

LINK = ".s.PGSQL.5432"  # the name by which libpq looks for a socket in a folder


class CuttingProxy:
    """Hands bytes on between clients and a server, and breaks one connection in `every` messages:
    before the server has one, after it, or in the midst of the answer. No error is told: the
    sockets just end. After `cuts` of them it is an ordinary proxy."""

    def __init__(self, folder: Path, server: Path, *, cuts: int, every: int) -> None:
        self.folder, self.server, self.every = folder, server, every
        self.left, self.is_spent = cuts, Event()
        self._random = random.Random(cuts)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / LINK))
        self._listener.listen(100)
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.server))
                for source, target in ((client, server), (server, client)):
                    Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(65_536):
                if self._is_to_cut():
                    target.sendall(data[: self._random.randrange(len(data) + 1)])
                    break
                target.sendall(data)
            for end in (source, target):
                end.shutdown(socket.SHUT_RDWR)

    def _is_to_cut(self) -> bool:
        if self.left <= 0:
            self.is_spent.set()
            return False
        if self._random.randrange(self.every):
            return False
        self.left -= 1
        return True
