"""Three roles in the embedded database, also in folders that versions with one role have made."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from core.embedded.postgres import Postgres
from core.roles.names import EMBEDDED, OWNER
from tests.core.embedded.conftest import ask
from tests.core.embedded.test_manage import manage
from tests.core.embedded.test_serve import Service

# What a version with one role left: its owner has made all tables, and there are no other roles.
AS_BEFORE = f"""
REASSIGN OWNED BY {EMBEDDED.run}, {EMBEDDED.migrate} TO {OWNER};
DROP OWNED BY {EMBEDDED.run}, {EMBEDDED.migrate};
ALTER SCHEMA public OWNER TO pg_database_owner;
ALTER SCHEMA staging OWNER TO {OWNER};
"""
OWNERS = """SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')"""


def as_run(postgres: Postgres, statement: str) -> list[tuple[object, ...]]:
    address = postgres.address("omniretail", user=EMBEDDED.run)
    with psycopg.connect(address) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_roles_are_made_at_the_first_start_and_have_no_more_than_they_need(
    postgres: Postgres,
) -> None:
    postgres.start()
    rows = ask(
        postgres,
        """SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication
           FROM pg_roles WHERE rolcanlogin ORDER BY 1""",
    )
    assert rows == [
        (OWNER, True, True, True, True, True),
        (EMBEDDED.migrate, False, False, False, False, False),
        (EMBEDDED.run, False, False, False, False, False),
    ]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_run(postgres, "CREATE TABLE another (id int)")


def test_a_folder_of_a_version_with_one_role_starts_and_keeps_its_data(home: Path) -> None:
    manage(home, "migrate", "--no-input")
    manage(home, "issue_api_key", "shop", "--scopes", "*")
    postgres = Postgres(home)
    postgres.start()
    ask(postgres, AS_BEFORE)
    with psycopg.connect(postgres.address("postgres"), autocommit=True) as connection:
        for role in (EMBEDDED.run, EMBEDDED.migrate):
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")
    ask(postgres, "CREATE TABLE staging.imports_file_7 AS SELECT 1 AS line")
    ask(
        postgres,
        "INSERT INTO audit_auditrecord (actor, action, subject, data)"
        " VALUES ('ann', 'a', 'orders/1', '{}')",
    )
    (home / "migrated").unlink(missing_ok=True)
    # The server of the version before runs on, as after a kill: it is adopted.
    assert ask(postgres, OWNERS) == [(OWNER,)]

    service = Service(home)
    try:
        assert service.answers()
    finally:
        assert service.stop(signal.SIGTERM) == 0, service.said
    postgres.start()
    assert ask(postgres, OWNERS) == [(EMBEDDED.migrate,)]
    assert as_run(postgres, "SELECT name FROM access_apiclient") == [("shop",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_run(postgres, "DELETE FROM audit_auditrecord")
    as_run(postgres, "DROP TABLE staging.imports_file_7")
    assert manage(home, "verify_audit").startswith("2 records checked.")


def test_an_own_server_is_split_into_roles_by_an_owner_that_is_no_superuser(
    postgres: Postgres, home: Path
) -> None:
    postgres.start()
    with psycopg.connect(postgres.address("postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE shop LOGIN CREATEROLE")
        connection.execute("CREATE DATABASE shop OWNER shop")

    def url(user: str) -> str:
        return f"postgresql://{user}@/shop?host={quote(str(postgres.sockets), safe='')}&port=5432"

    one = {"DATABASE_URL": url("shop")}
    split = {"DATABASE_URL": url("shop_run:p'w"), "MIGRATE_DATABASE_URL": url("shop-migrate")}
    deploy = ("check", "--deploy", "--fail-level", "WARNING", "--tag", "security")
    safe = {"HTTPS": "1", "ALLOWED_HOSTS": "shop.example"}
    manage(home, "migrate", "--no-input", **one)
    with pytest.raises(subprocess.CalledProcessError):
        manage(home, *deploy, **one, **safe)

    assert "CREATE ROLE" in manage(home, "database_roles", **split)
    for _ in range(2):  # it may be repeated
        manage(home, "database_roles", "--apply", OWNER_DATABASE_URL=url("shop"), **split)
        manage(home, "migrate", "--no-input", **split)

    manage(home, *deploy, **split, **safe)
    ((password,),) = ask(postgres, "SELECT rolpassword FROM pg_authid WHERE rolname = 'shop_run'")
    assert password.startswith("SCRAM-SHA-256$")
    assert manage(home, "verify_audit", **split).startswith("0 records checked.")
    with psycopg.connect(url("shop_run"), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM orders_order").fetchone() == (0,)
        connection.execute("CREATE TABLE staging.imports_file_7 (line int)")
        for statement in ("DELETE FROM outbox_event", "SET ROLE shop", "CREATE TABLE other ()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
