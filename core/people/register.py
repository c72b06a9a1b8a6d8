"""The register of personal columns: whose data each holds, how it is found, what erasing does.

Every app has a module `personal_data` with `REGISTER`, its tables and copies that hold data of
people, and `NO_PEOPLE`, its other text columns by model. Erasure and export follow it; a test holds
that each column of text is in one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.utils.module_loading import module_has_submodule

from core.people.person import Cleaner, Person

ERASED = "[erased]"  # in the place of words


class Whose(StrEnum):
    CUSTOMER = "customer"
    STAFF = "staff"  # who did it: accountability, which an erasure of a customer leaves


class Kind(StrEnum):
    NAME = "name"
    EMAIL = "e-mail"
    ADDRESS = "address"
    PHONE = "phone"
    ORIGIN = "address in a network"
    TEXT = "free text"
    REFERENCE = "reference"
    DOCUMENT = "document"  # JSON with several of these


class Kept(StrEnum):
    """How long, and by which rule: the classes of docs/privacy.md."""

    BOOKS = "books"  # as long as tax law asks, then the person is erased
    EVENTS = "events"
    ANSWERS = "stored_answers"
    IMPORTS = "import_rows"
    CARTS = "reservations"
    RECEIPTS = "sourcing_receipts"
    SCANS = "scans"
    SESSIONS = "sessions"
    ACCOUNT = "account"  # while the person works here
    AUDIT = "audit"  # for ever: who did what


@dataclass(frozen=True, slots=True)
class Way:
    """What erasing does to a value. Without `act` it stays, `because` of a reason."""

    name: str
    act: Callable[[Any, Cleaner], Any] | None = None
    because: str = ""


def keep(because: str) -> Way:
    return Way("kept", because=because)


CLEAR = Way("cleared", lambda value, _: "")
REMOVE = Way("removed", lambda value, _: None)
REPLACE = Way("replaced", lambda value, _: value and ERASED)
WORDS = Way("words taken out", lambda value, cleaner: cleaner.clean_text(value))
OWN_DOCUMENT = Way("cleaned", lambda value, cleaner: cleaner.clean(value, mine=True))


@dataclass(frozen=True, slots=True)
class Column:
    """One column that holds data of people."""

    name: str
    kind: Kind
    way: Way
    whose: Whose = Whose.CUSTOMER


Change = tuple[Any, dict[str, Any]]  # a primary key, and new values by column
Write = Callable[[list[Change]], None]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that holds data of people. `found` says in words what `rows` selects: the rows of a
    person; None: of no customer. `shown` are further columns that an export needs to be understood.
    `write` stands for the usual UPDATE."""

    model: str
    kept: Kept
    columns: tuple[Column, ...]
    found: str = ""
    rows: Callable[[Person], QuerySet[Any]] | None = None
    shown: tuple[str, ...] = ()
    write: Write | None = None

    @property
    def name(self) -> str:
        return self.of()._meta.db_table

    def of(self) -> type[Model]:
        return apps.get_model(self.model)


@dataclass(frozen=True, slots=True)
class Copies:
    """Data of people outside of the columns of a model, or found row by row.

    `erase` takes a person out of them; `read` returns them for the export, one object a row.
    """

    name: str
    kept: Kept
    kind: Kind
    found: str
    does: str
    erase: Callable[[Person, Cleaner], None]
    read: Callable[[Person], list[dict[str, Any]]]
    columns: Mapping[str, tuple[str, ...]]  # by model, those of models that it covers


@cache
def register() -> tuple[Table | Copies, ...]:
    """Return all tables and copies with data of people, app by app."""
    return tuple(entry for module in _modules() for entry in module.REGISTER)


@cache
def without_people() -> Mapping[str, tuple[str, ...]]:
    """Return the text columns, by model, that are declared to hold no data of people."""
    return {model: names for module in _modules() for model, names in module.NO_PEOPLE.items()}


def _modules() -> Iterator[Any]:
    for app in apps.get_app_configs():
        if module_has_submodule(app.module, "personal_data"):
            yield import_module(f"{app.name}.personal_data")


def staff(*names: str, because: str = "it says who answers for the act") -> tuple[Column, ...]:
    """Return columns with the name of a member of staff or of an API client."""
    return tuple(Column(name, Kind.NAME, keep(because), Whose.STAFF) for name in names)
