"""A bug that can be seeded into a copy of the code, to see whether the storm notices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Change:
    """One text that occurs once in a file of the service, and what stands there instead."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """`law` is the one that it breaks: that law's first violation counts as caught."""

    what: str
    law: str
    changes: tuple[Change, ...]

    def seed(self, folder: Path) -> None:
        """Change the files below `folder`. Raises LookupError where the code is another."""
        for change in self.changes:
            path = folder / change.file
            text = path.read_text()
            if text.count(change.old) != 1:
                raise LookupError(
                    f"{self.law}: {change.file} has {text.count(change.old)} times {change.old!r}"
                )
            path.write_text(text.replace(change.old, change.new))
