"""The role that runs the service: a connection of its own, as web, workers and beat have."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from core.embedded.connection import is_database_embedded
from core.roles.granting import may_change_tables
from core.roles.names import EMBEDDED
from tests.roles import as_the_service

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not is_database_embedded(), reason="needs roles of its own"),
]
APPEND_ONLY = (
    "audit_auditrecord", "audit_seal", "outbox_event", "inventory_stockmovement",
    "inventory_stockmovement_p0", "inventory_stockmovement_default",
)  # fmt: skip


@pytest.fixture
def service() -> Iterator[psycopg.Connection]:
    """A connection to the test's database as the role that runs."""
    given = connection.get_connection_params() | {"user": EMBEDDED.run}
    names = ("host", "port", "dbname", "user")
    with psycopg.connect(**{name: given[name] for name in names}, autocommit=True) as opened:
        yield opened


def refused(service: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute(statement)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_is_append_only_cannot_be_changed(service: psycopg.Connection, table: str) -> None:
    (columns,) = service.execute(
        """SELECT array_agg(attname) FROM pg_attribute
           WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped""",
        [table],
    ).fetchone() or ([],)
    for column in columns:
        refused(service, f'UPDATE {table} SET "{column}" = "{column}"')
    for statement in (
        "DELETE FROM {}",
        "TRUNCATE {}",
        "TRUNCATE {} CASCADE",
        "DROP TABLE {} CASCADE",
        "ALTER TABLE {} DISABLE TRIGGER USER",
        "ALTER TABLE {} OWNER TO CURRENT_USER",
        "ALTER TABLE {} ADD COLUMN more int",
        "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION append_only()",
        "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
        "DO $$ BEGIN LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; END $$",
        "SELECT * FROM {} FOR UPDATE",
    ):
        refused(service, statement.format(table))
    service.execute(f"GRANT ALL ON {table} TO PUBLIC")  # a warning, and grants nothing
    refused(service, f"DELETE FROM {table}")


def test_seals_are_written_by_the_database_alone(service: psycopg.Connection) -> None:
    refused(
        service,
        "INSERT INTO audit_seal (number, record, digest, head, sealed_at)"
        " VALUES (1, 1, '', '', now())",
    )


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_ls_dir('.')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/omniretail-out'",
        "COPY stores_location FROM '/etc/passwd'",
        "CREATE ROLE intruder",
        f"ALTER ROLE {EMBEDDED.run} SUPERUSER",
        "SET session_replication_role = replica",
        "ALTER SYSTEM SET fsync = off",
        f"SET ROLE {EMBEDDED.migrate}",
        "SET ROLE omniretail",
        "CREATE DATABASE another",
        "CREATE SCHEMA another",
        "CREATE TABLE public.another (id int)",
        "CREATE FUNCTION public.sha256(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TEMPORARY TABLE another (id int)",
        "CREATE EXTENSION hstore",
        "DROP TABLE stores_location CASCADE",
        "TRUNCATE stores_location CASCADE",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('a', 'b', now())",
        "DELETE FROM outbox_run",
        "UPDATE outbox_run SET first_id = 0",
        "SELECT inventory_guard_ledger_partition('stores_location')",
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_it_may_do_no_more_than_it_needs(service: psycopg.Connection, statement: str) -> None:
    refused(service, statement)


def test_the_setting_of_the_functions_opens_nothing(service: psycopg.Connection) -> None:
    service.execute("SET omniretail.append_only = 'off'")
    refused(service, "DELETE FROM audit_auditrecord")


def test_what_a_function_does_for_it_cannot_be_misled(service: psycopg.Connection) -> None:
    """Functions with the rights of another role look for names where it may put none."""
    rows = service.execute(
        """SELECT proname, pg_get_userbyid(proowner), array_to_string(proconfig, ', '),
                  has_function_privilege('public', oid, 'EXECUTE')
           FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1"""
    ).fetchall()
    assert [name for name, *_ in rows] == [
        "audit_erase", "audit_expire", "audit_seal_new", "inventory_add_ledger_partition",
        "outbox_delete_runs", "outbox_erase",
    ]  # fmt: skip
    for name, owner, settings, is_open in rows:
        assert owner == EMBEDDED.migrate, name
        assert "search_path=public, pg_temp" in settings, name
        assert not is_open, name


def test_it_has_rights_on_every_table(service: psycopg.Connection) -> None:
    """A table that a migration adds is granted with it."""
    rows = service.execute(
        """SELECT relname FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
             AND NOT has_table_privilege(oid, 'SELECT')"""
    ).fetchall()
    assert rows == []


def test_every_table_belongs_to_the_role_that_migrates(service: psycopg.Connection) -> None:
    rows = service.execute(
        """SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')"""
    ).fetchall()
    assert rows == [(EMBEDDED.migrate,)]


def test_who_may_rewrite_the_audit_is_told() -> None:
    assert may_change_tables(), "the owner, as these tests connect"
    with as_the_service():
        assert not may_change_tables()
