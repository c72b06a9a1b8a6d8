"""A client of the service that writes down what it sent and what it was told.

An outcome that is unknown (a lost connection, no answer in time, a 5xx) is asked for again with
the same Idempotency-Key until it is known.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from service import Service, is_turned_away

PATIENCE = 120.0  # seconds until an act without an answer is given up
MOST_FAILURES = 8  # answers of 500 to one act until it is given up
LONGEST_PAUSE = 1.0


@dataclass(slots=True)
class Act:
    """One request, however often it was sent. `status` 0: never answered."""

    kind: str
    path: str
    body: Any
    key: str
    began: float
    ended: float = 0.0
    status: int = 0
    answer: Any = None
    faults: list[str] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return self.status in (200, 201, 202)

    @property
    def code(self) -> str:
        return str(self.answer.get("code", "")) if isinstance(self.answer, dict) else ""


@dataclass
class Journal:
    """Everything that was sent and answered, by all clients, in the order of the answers."""

    acts: deque[Act] = field(default_factory=deque)
    reads: int = 0
    turned_away: int = 0
    latest_done: float = 0.0  # when the latest act began that was done
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client(Service):
    """Acts in one thread. `chance` decides what it does, so that a seed gives the same clients."""

    def __init__(self, url: str, key: str, journal: Journal, chance: random.Random) -> None:
        super().__init__(url, key)
        self.journal = journal
        self.chance = chance
        self.stopped = False  # when set, what is still unknown is given up at once
        self.seen = 0
        self.done: deque[Act] = deque(maxlen=400)  # what may be repeated

    def act(self, kind: str, path: str, body: Any = None, *, key: str = "") -> Act:
        """POST until the outcome is known, and write it down."""
        text = json.dumps({} if body is None else body).encode()
        return self.send(kind, "POST", path, body, text, self.headers, key=key)

    def put_until_answered(self, kind: str, path: str, body: Any) -> Act:
        return self.send(kind, "PUT", path, body, json.dumps(body).encode(), self.headers)

    def upload(self, kind: str, path: str, form: dict[str, str], name: str, text: str) -> Act:
        """POST a file with the fields of its form."""
        mark = uuid.UUID(int=self.chance.getrandbits(128)).hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{field_name}"\r\n\r\n{value}\r\n'
            for field_name, value in form.items()
        ]
        parts.append(
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: text/csv\r\n\r\n{text}\r\n--{mark}--\r\n"
        )
        headers = self.headers | {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return self.send(kind, "POST", path, form, "".join(parts).encode(), headers)

    def look(self, path: str, *, key: str = "", **query: Any) -> Any:
        """Return the body of a read, None when there was none: `seen` has its status, 0 without."""
        address = f"{path}?{urlencode(query, doseq=True)}" if query else path
        headers = self.headers | ({"Authorization": f"Bearer {key}"} if key else {})
        self.journal.reads += 1
        self.seen = 0
        try:
            status, body, _ = self._send("GET", self.base + address, None, headers)
        except (OSError, http.client.HTTPException, ValueError):
            self._drop()
            return None
        self.seen = status
        if status >= 500:
            self._note_failure("read", path, status, body)
        return body if status == 200 else None

    def send(
        self,
        kind: str,
        method: str,
        path: str,
        body: Any,
        text: bytes,
        headers: dict[str, str],
        *,
        key: str = "",
    ) -> Act:
        act = Act(kind, path, body, key or self.fresh(), time.monotonic())
        headers = headers | {"Idempotency-Key": act.key}
        pause = 0.05
        while not self._ask(act, method, text, headers):
            if self.stopped or time.monotonic() - act.began > PATIENCE:
                break
            if sum(fault.startswith("5") for fault in act.faults) >= MOST_FAILURES:
                break
            time.sleep(pause * (0.5 + self.chance.random()))
            pause = min(LONGEST_PAUSE, pause * 2)
        act.ended = time.monotonic()
        self.journal.acts.append(act)
        if act.is_done:
            self.journal.latest_done = max(self.journal.latest_done, act.began)
        if method == "POST":
            self.done.append(act)
        return act

    def pause(self, seconds: float = 0.3) -> None:
        time.sleep(seconds)

    def fresh(self) -> str:
        """Return an id that no other act of this run has."""
        return uuid.UUID(int=self.chance.getrandbits(128)).hex

    def lucky(self, of_a_hundred: int) -> bool:
        return self.chance.randrange(100) < of_a_hundred

    def _ask(self, act: Act, method: str, text: bytes, headers: dict[str, str]) -> bool:
        """Ask once; say whether the outcome is known now."""
        try:
            status, answer, wait = self._send(method, self.base + act.path, text, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._drop()
            act.faults.append(type(error).__name__)
            return False
        if is_turned_away(status, answer):
            self.journal.turned_away += 1
            act.faults.append("away" if wait is not None else "away without Retry-After")
            return False
        if status >= 500:
            code = answer.get("code") if isinstance(answer, dict) else None
            act.faults.append(f"{status} {code}")
            return False
        act.status, act.answer = status, answer
        return True

    def _note_failure(self, kind: str, path: str, status: int, body: Any) -> None:
        if is_turned_away(status, body):
            self.journal.turned_away += 1
            return
        now = time.monotonic()
        self.journal.acts.append(
            Act(kind, path, None, "", now, now, status, body, [f"{status} read"])
        )
