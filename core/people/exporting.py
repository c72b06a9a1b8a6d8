"""Everything that the register knows of a person, for the person."""

from __future__ import annotations

from typing import Any

from core.people.person import Person
from core.people.register import Table, Whose, register


def export_everywhere(person: Person) -> list[dict[str, Any]]:
    """Return every row with data of a person: its table, its key, its columns with their data."""
    found: list[dict[str, Any]] = []
    for entry in register():
        if not isinstance(entry, Table):
            found += [{"table": entry.name, "row": row} for row in entry.read(person)]
        elif entry.rows is not None:
            names = [each.name for each in entry.columns if each.whose is Whose.CUSTOMER]
            rows = entry.rows(person).order_by("pk").values("pk", *entry.shown, *names)
            found += [{"table": entry.name, "row": _plain(row)} for row in rows]
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Name the key `id`, and write digests in hexadecimal digits."""
    answer = {"id": str(row.pop("pk"))}
    for name, value in row.items():
        answer[name] = value.hex() if isinstance(value, (bytes, memoryview)) else value
    return answer
