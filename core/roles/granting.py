"""What the role that runs may do, granted by the role that migrates: after each migration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import connection

# Partitions are reached through their table, whose privileges count; tables that no model has are
# archived ones. A table of which the privileges are right already is left alone.
_WANTED = """
SELECT c.oid::regclass::text, wanted
FROM pg_class c
CROSS JOIN LATERAL (SELECT CASE
    WHEN relname = ANY(%(append_only)s) THEN 'INSERT, SELECT'
    WHEN relname = ANY(%(written)s) THEN 'DELETE, INSERT, SELECT, UPDATE'
    ELSE 'SELECT' END) AS w(wanted)
CROSS JOIN LATERAL (SELECT coalesce(string_agg(privilege_type, ', ' ORDER BY privilege_type), '')
                    FROM aclexplode(relacl) WHERE grantee = %(run)s::regrole) AS h(had)
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND had <> wanted
"""
# The role that runs makes and drops the tables of files that are imported.
_STAGING = """
DO $$
DECLARE
    one regclass;
BEGIN
    IF to_regnamespace('staging') IS NOT NULL THEN
        GRANT USAGE, CREATE ON SCHEMA staging TO {run};
        FOR one IN SELECT oid FROM pg_class
                   WHERE relnamespace = 'staging'::regnamespace AND relkind = 'r'
                     AND relowner <> '{run}'::regrole LOOP
            EXECUTE format('ALTER TABLE %s OWNER TO %s', one, '{run}');
        END LOOP;
    END IF;
END $$
"""


def grant_to(run: str) -> None:
    """Give the role `run` what it needs, and take what it does not."""
    name = connection.ops.quote_name(run)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""GRANT USAGE ON SCHEMA public TO {name};
                GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name};
                GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {name};
                -- For partitions that functions add.
                ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {name}"""
        )
        cursor.execute(_STAGING.format(run=name))
        append_only = set(settings.APPEND_ONLY_TABLES)
        tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        written = tables - append_only - set(settings.READ_ONLY_TABLES)
        cursor.execute(
            _WANTED, {"run": name, "append_only": list(append_only), "written": list(written)}
        )
        for table, wanted in cursor.fetchall():
            cursor.execute(
                f"REVOKE ALL ON {table} FROM {name}; GRANT {wanted} ON {table} TO {name}"
            )
        for table, columns in settings.APPEND_ONLY_TABLES.items():
            if columns:
                cursor.execute(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {name}")


@contextmanager
def as_migrator() -> Iterator[bool]:
    """Work as the role that migrates for the block; False where it is the one that runs."""
    entry = settings.MIGRATE_DATABASE
    if entry is None or entry["USER"] == connection.settings_dict["USER"]:
        yield False
        return
    connection.close()
    before = connection.settings_dict
    connection.settings_dict = before | entry
    try:
        yield True
    finally:
        connection.close()
        connection.settings_dict = before


def may_change_tables() -> bool:
    """Say whether the current role could rewrite what is append-only."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT bool_or(has_table_privilege(name, 'UPDATE, DELETE, TRUNCATE'))
               FROM unnest(%s::text[]) AS name""",
            [list(settings.APPEND_ONLY_TABLES)],
        )
        return bool(cursor.fetchone()[0])
