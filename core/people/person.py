"""A person as the register finds them: by ids of ours, by names of their documents, by words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Person:
    """What leads to a person's rows.

    `rows`: primary keys by the label of their model. `subjects`: of events, audit records and
    files, such as "orders/100001" or "orders/web/W-1". `names`: values by which a document says
    whose it is: order numbers, ids of carts. `words`: texts that identify the person. `marks`:
    cells with which a row of a file is about this person and no other, such as
    "customer_email=jo@x.org".
    """

    rows: Mapping[str, Collection[Any]] = field(default_factory=dict)
    subjects: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()

    def keys_of(self, model: str) -> Collection[Any]:
        return self.rows.get(model, ())


class Cleaner(Protocol):
    """Takes a person out of what is stored."""

    def clean_text(self, text: str) -> str:
        """Return a text of others without the person's words."""

    def clean(self, value: Any, *, mine: bool) -> Any:
        """Return a JSON value without the person. `mine`: all of it is about them."""
