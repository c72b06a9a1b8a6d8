"""Telling a database that is away from a statement that it refuses."""

from __future__ import annotations

import django.db
import psycopg
from django.db.transaction import TransactionManagementError

_OF_THE_CONNECTION = (
    django.db.OperationalError,
    django.db.InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
# Raised before anything is sent: values that do not fit the statement, NUL in a text.
_OF_THE_STATEMENT = (
    django.db.ProgrammingError,
    django.db.DataError,
    django.db.IntegrityError,
    django.db.NotSupportedError,
    psycopg.ProgrammingError,
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.NotSupportedError,
)
INVALID_TRANSACTION_STATE = "25"  # class of SQLSTATE: broken, ended by the server, read-only


def is_database_away(error: BaseException) -> bool:
    """Say whether an error is about the database or the way to it: the same request may succeed
    later.

    While a server dies, psycopg raises a bare `DatabaseError` without SQLSTATE ("server closed the
    connection unexpectedly"). A savepoint that could not be rolled back leaves a broken
    transaction, which is noticed only by the next statement.
    """
    if isinstance(error, (*_OF_THE_CONNECTION, TransactionManagementError)):
        return True
    if not isinstance(error, (django.db.Error, psycopg.Error)):
        return False
    driver = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(driver, psycopg.Error) or driver.sqlstate is None:
        return not isinstance(error, _OF_THE_STATEMENT)
    return driver.sqlstate.startswith(INVALID_TRANSACTION_STATE) or _has_no_partition(driver)


def _has_no_partition(error: psycopg.Error) -> bool:
    """Say whether a row found no partition: the violation of a check that has no name."""
    return isinstance(error, psycopg.errors.CheckViolation) and error.diag.constraint_name is None


def told_without_values(error: BaseException) -> str:
    """Say what the database refused without the values of the row: they may be of a person."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return type(error).__name__
    parts = (type(cause).__name__, cause.sqlstate, cause.diag.table_name, cause.diag.column_name,
             cause.diag.constraint_name)  # fmt: skip
    return " ".join(part for part in parts if part)
