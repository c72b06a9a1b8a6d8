"""A database that is away is 503; a statement that it refuses is what it was before."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.db import DatabaseError, Error, connection, transaction

from core.database.statements import run
from core.problems.handler import as_problem

pytestmark = pytest.mark.django_db


def lose_the_server() -> None:
    """Meet what psycopg raises before libpq knows that the connection is lost."""
    with connection.wrap_database_errors:
        raise psycopg.DatabaseError("server closed the connection unexpectedly")


def ask_a_broken_transaction() -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        run("SELECT 1")


def ask_a_transaction_broken_by_the_server() -> None:
    with connection.cursor() as cursor:
        for statement in ("SELECT 1/0", "SELECT 1"):
            try:
                cursor.execute(statement)
            except DatabaseError as error:
                refused = error
    raise refused


def ask(statement: str, *values: object) -> Callable[[], object]:
    return lambda: run(statement, values)


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lose_the_server, 503),
        (ask_a_broken_transaction, 503),
        (ask_a_transaction_broken_by_the_server, 503),
        (ask("SELECT FROM no_such_table"), 500),
        (ask("SELECT %s::text"), 500),
        (ask("SELECT lo_get(0)"), 500),
        (ask("SELECT %s::text", "\x00"), 400),
        (ask("SELECT %s::int", "9" * 20), 400),
    ],
)
def test_what_it_is_answered_with(act: Callable[[], object], status: int) -> None:
    with pytest.raises((Error, psycopg.Error)) as raised, transaction.atomic():
        act()
    problem = as_problem(raised.value)
    assert problem.status == status
    assert ("Retry-After" in problem.headers) is (status == 503)


def test_what_is_logged_of_a_refusal_names_no_value(caplog: pytest.LogCaptureFixture) -> None:
    """PostgreSQL repeats the row that it refuses: a name or an e-mail would stay in the log."""
    first = "INSERT INTO orders_customer (external_id, email, name, phone) VALUES (%s, '', '', '')"
    refused = []
    for statement, values in (
        (first, ["jo@example.org"]),
        (first, ["jo@example.org"]),
        ("SELECT %s::int", ["jo@example.org"]),
    ):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, values)
        except DatabaseError as error:
            refused.append(as_problem(error).code)
    assert refused == ["conflict", "validation_error"]
    assert "customer_external_id_once" in caplog.text
    assert "jo@example.org" not in caplog.text
