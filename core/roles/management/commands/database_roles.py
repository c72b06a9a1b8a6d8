"""Print the SQL that makes the roles of DATABASE_URL and MIGRATE_DATABASE_URL, for the owner of the
database to run in it. With `--apply`, run it: OWNER_DATABASE_URL says as whom, and the roles get
the passwords of the two URLs, or POSTGRES_RUN_PASSWORD and POSTGRES_MIGRATE_PASSWORD."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg import sql

from core.roles import setting_up
from core.roles.names import Roles


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="as OWNER_DATABASE_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        runs, migrates = settings.DATABASES["default"], settings.MIGRATE_DATABASE
        if migrates is None or migrates["USER"] == runs["USER"]:
            raise CommandError("MIGRATE_DATABASE_URL must name a role other than DATABASE_URL's.")
        roles = Roles(migrate=migrates["USER"], run=runs["USER"])
        try:
            text = setting_up.for_server(roles) + setting_up.for_database(roles)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if not options["apply"]:
            self.stdout.write(text)
            for role in (roles.migrate, roles.run):
                self.stdout.write(f"-- \\password {role}")
            return
        self._apply(
            text,
            {
                roles.run: runs["PASSWORD"] or os.environ.get("POSTGRES_RUN_PASSWORD"),
                roles.migrate: migrates["PASSWORD"] or os.environ.get("POSTGRES_MIGRATE_PASSWORD"),
            },
        )

    def _apply(self, text: str, passwords: dict[str, str | None]) -> None:
        owner = os.environ.get("OWNER_DATABASE_URL")
        if not owner:
            raise CommandError("OWNER_DATABASE_URL must say as whom: the owner of the database.")
        try:
            with psycopg.connect(owner) as connection:
                connection.add_notice_handler(
                    lambda notice: self.stderr.write(notice.message_primary or "")
                )
                connection.execute(text)
                for role, password in passwords.items():
                    if password:
                        connection.execute(with_password(connection, role, password))
        except psycopg.Error as error:
            said = error.diag.message_primary or type(error).__name__
            raise CommandError(f"The roles are not made: {said}") from None
        self.stdout.write("The roles are made: `manage.py migrate` gives them what they need.")


def with_password(connection: psycopg.Connection, role: str, password: str) -> sql.Composed:
    """Return the SQL that sets a password. It holds only a digest: servers may log statements."""
    digest = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return sql.SQL("ALTER ROLE {} PASSWORD {}").format(
        sql.Identifier(role), sql.Literal(digest.decode())
    )
