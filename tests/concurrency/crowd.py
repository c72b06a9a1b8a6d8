"""Many API clients at once, in real processes and threads, on one real PostgreSQL.

`call_at_once` starts processes which each set up Django on the test's database, report ready,
and then send their calls at the same signal through the whole door: authentication,
idempotency, command, ledger.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connections

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Call:
    """One POST; `key` is its Idempotency-Key."""

    path: str
    body: Any
    key: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    replayed: bool

    @property
    def code(self) -> str | None:
        return self.body.get("code") if self.status >= 400 else None


def environment_of_tests() -> dict[str, str]:
    """Return the environment in which another process works on the test's database."""
    settings = connections["default"].settings_dict
    url = (
        f"postgresql://{settings['USER']}@/{settings['NAME']}"
        f"?host={quote(str(settings['HOST']), safe='')}&port={settings['PORT']}"
    )
    if settings["PASSWORD"]:
        url = url.replace("@", f":{quote(settings['PASSWORD'], safe='')}@", 1)
    return os.environ | {"DATABASE_URL": url, "PYTHONPATH": str(ROOT)}


def call_at_once(
    calls: Sequence[Call],
    *,
    api_key: str,
    processes: int = 4,
    threads: int = 8,
    without_guard: bool = False,
) -> list[Answer]:
    """Send the calls, dealt out over processes, all starting together; answers in any order."""
    orders = [
        {
            "calls": [asdict(call) for call in calls[index::processes]],
            "api_key": api_key,
            "threads": threads,
            "without_guard": without_guard,
        }
        for index in range(processes)
    ]
    outputs = run_at_once("tests.concurrency.crowd", orders)
    return [Answer(**answer) for output in outputs for answer in output]


def run_at_once(module: str, orders: Sequence[dict[str, Any]]) -> list[Any]:
    """Start a process of a module for each order, all at the same signal; return what they say.

    A process reads its order as a line of JSON, says `ready`, waits for a line, and writes JSON.
    """
    environment = environment_of_tests()
    crowd = [
        subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in orders
    ]
    try:
        for process, order in zip(crowd, orders, strict=True):
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        for process in crowd:
            assert process.stdout.readline() == "ready\n"
        for process in crowd:
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = []
        for process in crowd:
            output, complaints = process.communicate(timeout=120)
            assert process.returncode == 0, complaints[-3000:]
            outputs.append(json.loads(output))
        return outputs
    finally:
        for process in crowd:
            process.kill()
            process.communicate()


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "omniretail.settings"
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    order = json.loads(sys.stdin.readline())
    if order["without_guard"]:
        _drop_guard()

    def send(call: dict[str, Any]) -> dict[str, Any]:
        response = Client(raise_request_exception=False).post(
            f"/api/v1/{call['path']}",
            json.dumps(call["body"]),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {order['api_key']}",
                "Idempotency-Key": call["key"],
            },
        )
        return {
            "status": response.status_code,
            "body": response.json(),
            "replayed": "Idempotency-Replayed" in response,
        }

    with ThreadPoolExecutor(order["threads"]) as pool:
        list(pool.map(lambda _: connection.ensure_connection(), range(order["threads"])))
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(list(pool.map(send, order["calls"]))))


def _drop_guard() -> None:
    """Reserve without looking: what the guard prevents must be seen to happen."""
    from inventory.ledger import claims

    bare = claims._RESERVE.replace(claims._GUARD, "")
    assert bare != claims._RESERVE
    claims._RESERVE = bare


if __name__ == "__main__":
    main()
