"""One client of the service: a kept-alive connection, retries under the same key, timings."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

PATIENCE = 120.0  # seconds until a call that is turned away, or lost, is given up
PAUSE = 0.05  # before the first repeat; doubled up to a second
SAMPLES = 20  # unexpected answers that are kept whole

Answer = tuple[int, Any]


class GivenUp(Exception):
    """The service did not answer within PATIENCE; whether the act was done is not known."""


@dataclass
class Calls:
    """What a client has seen: seconds by kind of call, answers by kind, status and code."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    unexpected_count: int = 0

    def add(self, other: Calls) -> None:
        for kind, seconds in other.seconds.items():
            self.seconds[kind] += seconds
        self.answers += other.answers
        self.retries += other.retries
        self.unexpected += other.unexpected
        self.unexpected_count += other.unexpected_count

    def complain(self, text: str) -> None:
        self.unexpected_count += 1
        if len(self.unexpected) < SAMPLES:
            self.unexpected.append(text)


class Service:
    """`expect` names the codes of refusals that are part of the day; others are complaints."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.tls = parts.scheme == "https"
        self.base = f"{parts.path.rstrip('/')}/api/v1/"
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.calls = Calls()
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str, kind: str, **query: Any) -> Any:
        """Return the body of a read that must succeed."""
        address = f"{path}?{urlencode(query)}" if query else path
        status, body = self.call("GET", address, kind)
        return body if status == 200 else None

    def pages(self, path: str, kind: str, **query: Any) -> Any:
        """Yield every result of a list, page by page. Raises GivenUp when a page is refused."""
        address: str | None = f"{path}?{urlencode({'limit': 200, **query})}"
        while address:
            status, body = self.call("GET", address, kind)
            if status != 200:
                raise GivenUp(f"GET {address} answered {status}")
            yield from body["results"]
            address = body["next"] and body["next"].split("/api/v1/", 1)[1]

    def put(self, path: str, body: Any, kind: str) -> Answer:
        return self.call("PUT", path, kind, body)

    def post(
        self, path: str, body: Any, kind: str, *, expect: tuple[str, ...] = (), key: str = ""
    ) -> Answer:
        """POST under an Idempotency-Key: a fresh one unless given."""
        return self.call("POST", path, kind, body, expect=expect, key=key or uuid.uuid4().hex)

    def call(
        self,
        method: str,
        path: str,
        kind: str,
        body: Any = None,
        *,
        expect: tuple[str, ...] = (),
        key: str = "",
    ) -> Answer:
        """Call until there is an answer; return its status and its JSON."""
        text = None if body is None else json.dumps(body).encode()
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        deadline = time.monotonic() + PATIENCE
        pause = PAUSE
        while True:
            began = time.perf_counter()
            try:
                status, answer, wait = self._send(method, self.base + path, text, headers)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                reason, wait = type(error).__name__, None
            else:
                if not is_turned_away(status, answer):
                    self.calls.seconds[kind].append(time.perf_counter() - began)
                    self._judge(method, path, kind, status, answer, expect)
                    return status, answer
                reason = str(status)
            self.calls.retries[f"{kind} {reason}"] += 1
            if time.monotonic() > deadline:
                self.calls.complain(f"{kind}: {method} {path}: given up after {reason}")
                raise GivenUp(f"{method} {path}: {reason}")
            time.sleep(wait if wait is not None else pause)
            pause = min(1.0, pause * 2)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any, float | None]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self.tls else http.client.HTTPConnection
            self._connection = kind(self.host, self.port, timeout=60)
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read()
        wait = response.getheader("Retry-After")
        answer = json.loads(text) if text[:1] in (b"{", b"[") else None
        return response.status, answer, float(wait) if wait and wait.isdigit() else None

    def connect(self) -> None:
        """Open the connection ahead of the first call."""
        self.get("locations", "connect", limit=1)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _judge(
        self, method: str, path: str, kind: str, status: int, answer: Any, expect: tuple[str, ...]
    ) -> None:
        code = answer.get("code", "") if status >= 400 and isinstance(answer, dict) else ""
        self.calls.answers[kind, status, code] += 1
        if status >= 400 and code not in expect:
            self.calls.complain(f"{kind}: {method} {path}: {status} {json.dumps(answer)[:500]}")


def is_turned_away(status: int, answer: Any) -> bool:
    """Whether an answer asks to come again later: nothing was done, nothing refused."""
    code = answer.get("code") if isinstance(answer, dict) else None
    return status in (429, 502, 503, 504) or code == "idempotency_in_progress"
