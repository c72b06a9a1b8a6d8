"""Making the roles, as the owner of the database: at each start of the embedded server, and by hand
on a server of an operator's. What is there already stays, so it may be repeated.

Needs no Django, which takes a second to load.
"""

from __future__ import annotations

import re

from core.roles.names import Roles

FITTING = re.compile(r"[A-Za-z0-9_.@-]+")

# Once for a server. A role that is no superuser belongs to those that it makes, to hand over tables
# to them. What only superusers may grant is left out with a notice where the owner is none.
_SERVER = """\
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {migrate_name}) THEN
        CREATE ROLE {migrate} LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {run_name}) THEN
        CREATE ROLE {run} LOGIN;
    END IF;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        GRANT {migrate} TO CURRENT_USER;
    END IF;
    IF NOT pg_has_role({migrate_name}, {run_name}, 'MEMBER') THEN
        GRANT {run} TO {migrate};
    END IF;
END $$;
-- Which changes may still appear is read from the transactions of all roles.
DO $$ BEGIN
    IF NOT pg_has_role({run_name}, 'pg_read_all_stats', 'MEMBER') THEN
        GRANT pg_read_all_stats TO {run};
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pg_read_all_stats is not granted: that takes a superuser';
END $$;
-- Imports cost a fifth less.
DO $$ BEGIN
    IF NOT has_parameter_privilege({run_name}, 'wal_compression', 'SET') THEN
        GRANT SET ON PARAMETER wal_compression TO {run};
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'SET ON PARAMETER wal_compression is not granted: that takes a superuser';
END $$;
"""
# Once for a database. Tables that one role had made so far, as the versions before did, are handed
# over; those that belong to an extension or to a column go with it.
_DATABASE = """\
DO $$
DECLARE
    new_owner constant regrole := quote_ident({migrate_name})::regrole;
    command text;
BEGIN
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO {migrate}',
                   current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO {run}', current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    FOR command IN
        SELECT format('SCHEMA %I', nspname)
        FROM pg_namespace
        WHERE nspname IN ('public', 'staging') AND nspowner <> new_owner
        UNION ALL
        SELECT format(CASE relkind WHEN 'S' THEN 'SEQUENCE %s' WHEN 'v' THEN 'VIEW %s'
                                   WHEN 'm' THEN 'MATERIALIZED VIEW %s' ELSE 'TABLE %s' END,
                      c.oid::regclass)
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname IN ('public', 'staging') AND relkind IN ('r', 'p', 'v', 'm', 'S')
          AND relowner <> new_owner
          AND NOT (nspname = 'staging' AND relowner = quote_ident({run_name})::regrole)
          AND NOT EXISTS (
              SELECT FROM pg_depend
              WHERE classid = 'pg_class'::regclass AND objid = c.oid
                AND (deptype = 'e' OR relkind = 'S' AND deptype IN ('a', 'i')))
        UNION ALL
        SELECT format('ROUTINE %s', p.oid::regprocedure)
        FROM pg_proc p
        WHERE pronamespace = 'public'::regnamespace AND proowner <> new_owner
          AND NOT EXISTS (SELECT FROM pg_depend
                          WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
    LOOP
        EXECUTE format('ALTER %s OWNER TO {migrate}', command);
    END LOOP;
END $$;
"""


def for_server(roles: Roles) -> str:
    """Return the SQL that makes the roles, for the owner to run in any database of the server."""
    return _filled(_SERVER, roles)


def for_database(roles: Roles) -> str:
    """Return the SQL that hands a database over to the roles, for its owner to run in it."""
    return _filled(_DATABASE, roles)


def _filled(text: str, roles: Roles) -> str:
    return text.format(
        migrate=f'"{_fitting(roles.migrate)}"',
        migrate_name=f"'{_fitting(roles.migrate)}'",
        run=f'"{_fitting(roles.run)}"',
        run_name=f"'{_fitting(roles.run)}'",
    )


def _fitting(role: str) -> str:
    """Return the name of a role that needs no escaping. Raises ValueError for others."""
    if not FITTING.fullmatch(role):
        raise ValueError(f"a role cannot be called {role!r} here: use letters, digits, _, ., @, -")
    return role
