"""Erasing a person wherever the register says that their data is."""

from __future__ import annotations

from typing import Any

from core.database.statements import run
from core.people.person import Cleaner, Person
from core.people.register import Change, Table, register

AT_ONCE = 1_000
_TURNS = 0x6572_6173_6572  # the advisory lock of erasures


def take_turns() -> None:
    """Let one erasure run at a time, until its transaction ends; before every other lock: two of
    them look through the same answers and the same rows of files.

    It may take long: all stored answers of a large retailer are searched for each of its orders.
    """
    run("SET LOCAL statement_timeout = '10min'")
    run("SELECT pg_advisory_xact_lock(%s::bigint)", [_TURNS])


def erase_everywhere(person: Person, cleaner: Cleaner) -> None:
    """Take a person out of every table and copy of the register, in the caller's transaction."""
    for entry in register():
        if not isinstance(entry, Table):
            entry.erase(person, cleaner)
        elif entry.rows is not None:
            _erase_rows(entry, person, cleaner)


def _erase_rows(table: Table, person: Person, cleaner: Cleaner) -> None:
    """Write what cleaning changes in a person's rows.

    They are locked: another erasure that cleans a row of both, as the answer to one batch, would
    write back what this one has removed. A table that is written otherwise is not: its rows belong
    to one person, or to orders that are locked.
    """
    assert table.rows is not None
    ways = {each.name: each.way.act for each in table.columns if each.way.act}
    rows = table.rows(person).only("pk", *ways).order_by("pk")
    changes: list[Change] = []
    for row in rows if table.write else rows.select_for_update(of=("self",)):
        new = {name: act(getattr(row, name), cleaner) for name, act in ways.items()}
        new = {name: value for name, value in new.items() if value != getattr(row, name)}
        if new:
            changes.append((row.pk, new))
    if changes:
        (table.write or _writer(table))(changes)


def _writer(table: Table) -> Any:
    model = table.of()

    def write(changes: list[Change]) -> None:
        by_columns: dict[tuple[str, ...], list[Any]] = {}
        for key, new in changes:
            by_columns.setdefault(tuple(sorted(new)), []).append(model(pk=key, **new))
        for names, rows in by_columns.items():
            model._default_manager.bulk_update(rows, names, batch_size=AT_ONCE)

    return write
