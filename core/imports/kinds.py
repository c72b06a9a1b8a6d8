"""The kinds of import: columns, who may send them, how rows are checked and applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from core.access.principal import Principal
from core.imports.models import Import


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some blocks of an import's work table, applied in one transaction.

    Blocks rather than lines: PostgreSQL finds them without an index, which would cost more to
    build than the rows cost to apply.
    """

    file: Import
    first_block: int
    end_block: int

    @property
    def actor(self) -> Principal:
        return actor_of(self.file)

    @property
    def reference(self) -> str:
        """The import's name in the ledger and the audit."""
        return self.file.reference or f"imports/{self.file.pk}"

    @property
    def work(self) -> str:
        return work_table(self.file)

    @property
    def within(self) -> str:
        """The condition that picks this chunk's rows out of the work table."""
        return f"ctid >= '({self.first_block},0)'::tid AND ctid < '({self.end_block},0)'::tid"

    def read(self, columns: str) -> list[tuple[Any, ...]]:
        """Return these columns of the chunk's rows, in the order of the file."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {self.work} WHERE {self.within} ORDER BY line")
            answer: list[tuple[Any, ...]] = cursor.fetchall()
            return answer


@dataclass(frozen=True, slots=True)
class Progress:
    """What a chunk did, in rows of the file. `failed` are listed as bad rows.

    `again`: commit this, and apply the same chunk once more. What is done must be out of the work
    table by then: done a second time, it would undo what others have done in between.
    """

    done: int
    changed: int
    failed: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file.

    `columns` maps every column it may have to whether it must. `prepare` checks the staged rows
    and writes those to apply to the work table; it returns the progress of rows done by then.
    `apply` does a chunk, or for a dry run notes what it would change.
    """

    name: str
    scope: str
    columns: Mapping[str, bool]
    prepare: Callable[[Import], Progress]
    apply: Callable[[Chunk], Progress]
    describes: str
    takes_as_of: bool = False
    # Columns about people. What they hold, and documents of a dry run, not all may read.
    personal: frozenset[str] = frozenset()
    # Of the work table, 8 kB each: as many as are locked from others at a time.
    blocks: int = 64
    # Names that other systems give to columns, in small letters with _ for spaces.
    aliases: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        needed = frozenset(name for name, must in self.columns.items() if must)
        object.__setattr__(self, "required", needed)

    def column_named(self, header: str) -> str | None:
        """Return the column that a cell of the header means, None for none of them."""
        name = "_".join(header.lower().replace("*", " ").replace("-", " ").split())
        return name if name in self.columns else self.aliases.get(name)


def actor_of(file: Import) -> Principal:
    """Return the actor that sent a file, with its rights when the file was accepted."""
    return Principal(
        id=file.owner,
        name=file.actor,
        scopes=frozenset(),
        channels=None if file.channels is None else frozenset(file.channels),
        locations=None if file.locations is None else frozenset(file.locations),
    )


def file_table(file: Import) -> str:
    return f"staging.imports_file_{int(file.pk)}"


def work_table(file: Import) -> str:
    return f"staging.imports_work_{int(file.pk)}"
