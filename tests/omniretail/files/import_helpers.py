"""Sending files and letting a worker apply them."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from omniretail.files.tasks import run_imports
from tests.conftest import ApiCaller
from tests.roles import as_the_service


def send(
    api: ApiCaller, kind: str, content: str | bytes, *, key: str | None = None, **form: Any
) -> Any:
    """POST a file as a client does; return the answer."""
    body = content.encode() if isinstance(content, str) else content
    return api.client.post(
        "/api/v1/imports",
        {"kind": kind, "file": SimpleUploadedFile(f"{kind}.csv", body), **form},
        headers=api.headers | {"Idempotency-Key": key or uuid.uuid4().hex},
    )


def bring_in(api: ApiCaller, kind: str, *rows: str, **form: Any) -> dict[str, Any]:
    """Send a file that must be accepted, apply it, and return the import as it then is."""
    answer = send(api, kind, "\n".join(rows) + "\n", **form)
    assert answer.status_code == 202, answer.content
    assert (answer.json()["state"], answer.json()["rows_done"]) == ("queued", 0)
    apply_files()
    return api.get(f"imports/{answer.json()['id']}").json()


def apply_files() -> int:
    """Let a worker apply every file that waits, with the rights of the service; return how many."""
    with as_the_service():
        return run_imports()


def counts(done: dict[str, Any]) -> tuple[str, int, int, int, int]:
    """Return the state of an import, and its rows: all, done, changed, bad."""
    return (
        done["state"],
        done["rows_total"],
        done["rows_done"],
        done["rows_changed"],
        done["rows_failed"],
    )


def row_errors(api: ApiCaller, done: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    """Return (line, column, code) of everything that was wrong with a file, in its order."""
    answer = api.client.get(
        done["errors_url"], headers=api.headers | {"Accept": "application/json"}
    )
    assert answer.status_code == 200, answer.content
    found = [(row["line"], row["column"], row["code"]) for row in answer.json()["results"]]
    return sorted(found, key=lambda error: (error[0], error[1] or ""))


def download(api: ApiCaller, address: str, **query: Any) -> str:
    """Return a CSV file whole."""
    answer = api.get(address, **query)
    assert answer.status_code == 200, answer
    assert answer["Content-Type"].startswith("text/csv")
    return b"".join(answer.streaming_content).decode()
