"""A web process on a socket of its own, asked over raw bytes."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
OF_THE_SERVICE = ("-m", "omniretail.web")


class Server:
    """A web process on a socket of its own."""

    def __init__(
        self,
        address: Path,
        program: tuple[str, ...] = OF_THE_SERVICE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.address = address
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen(1_024)  # more than any test opens at once
            self.process = subprocess.Popen(
                [sys.executable, *program, "--fd", str(listener.fileno())],
                cwd=REPOSITORY,
                env={**os.environ, **(environment or {})},
                stdout=subprocess.PIPE,
                pass_fds=[listener.fileno()],
            )

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(60)
        client.connect(str(self.address))
        return client

    def ask(self, *lines: bytes, body: bytes = b"") -> tuple[int, str, bytes]:
        """Send a request as it is; return status, media type and body of the answer."""
        with self.connect() as client:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before its end
                client.sendall(b"\r\n".join([*lines, b"Connection: close", b"", body]))
            status, headers, said = read(client)
        return status, headers["Content-Type"], said

    def refuse(self, *lines: bytes, body: bytes = b"") -> tuple[int, str]:
        """Send what must be refused with a problem document; return its status and its code."""
        status, kind, said = self.ask(*lines, body=body)
        assert kind == "application/problem+json", said
        problem = json.loads(said)
        assert problem["status"] == status
        return status, problem["code"]

    def stop(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode


def read(client: socket.socket, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    answer = http.client.HTTPResponse(client, method=method)
    answer.begin()
    return answer.status, dict(answer.headers), answer.read()
