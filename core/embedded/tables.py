"""Whether the tables are those of this code, told without loading Django, which takes a second."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from core.embedded.connection import DATABASE_NAME, is_database_embedded
from core.embedded.places import REPOSITORY
from core.embedded.postgres import Postgres

APPS = ("core", "stores", "inventory", "orders", "omniretail")


def are_up_to_date(home: Path) -> bool:
    """Say whether `migrate` has nothing to do: code and database are as it left them.

    False where that is not known, also because the database does not answer.
    """
    try:
        return _file(home).read_text() == _state(home)
    except FileNotFoundError:
        return False


def remember_up_to_date(home: Path) -> None:
    """Note what `migrate` has left."""
    _file(home).write_text(_state(home) or "")


def _file(home: Path) -> Path:
    return home / "migrated"


def _state(home: Path) -> str | None:
    """Return a digest of the migrations of this code, of its requirements, some of which have
    migrations, of what is granted, and of the migrations applied; None where the database does
    not say."""
    import psycopg

    said = hashlib.sha256((REPOSITORY / "requirements.txt").read_bytes())
    said.update((REPOSITORY / "core/roles/granting.py").read_bytes())
    for app in APPS:
        for path in sorted((REPOSITORY / app).rglob("migrations/*.py")):
            said.update(f"{path.relative_to(REPOSITORY)}\n".encode())
    address = os.environ.get("DATABASE_URL") or ""
    if is_database_embedded():
        address = Postgres(home).address(DATABASE_NAME)
    try:
        with psycopg.connect(address, connect_timeout=10) as connection:
            applied = connection.execute("SELECT app, name FROM django_migrations ORDER BY id")
            said.update(repr(applied.fetchall()).encode())
    except psycopg.Error:
        return None
    return said.hexdigest()
