"""Statements sent without a cursor: values arrive as they were, errors are Django's."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from core.database.statements import numbers, run, run_named

TEXTS = [
    "",
    "plain",
    'it\'s "quoted"',
    "back\\slash",
    "{brace,comma}",
    "NULL",
    "ünï ☂ 🛒",
    "a\nb\t",
]


@pytest.mark.django_db
@pytest.mark.parametrize("value", [*TEXTS, None], ids=repr)
def test_a_text_comes_back_as_it_was(value: str | None) -> None:
    assert run("SELECT %s::text", [value]) == [(value,)]


@pytest.mark.django_db
def test_lists_come_back_as_they_were() -> None:
    raw = [b"", b"\x00\xff", b"plain"]
    text = "SELECT %b::text[], %b::bytea[], %s::bigint[], %b::text[]"
    ((texts, blobs, whole, none),) = run(text, [TEXTS, raw, numbers([1, -2, 2**62]), []])
    assert texts == TEXTS
    assert [bytes(blob) for blob in blobs] == raw
    assert whole == [1, -2, 2**62]
    assert none == []


@pytest.mark.django_db
def test_documents_are_kept_as_they_were_written() -> None:
    written = ['{"b": 1.50, "a": [null, "é"]}', "[]"]
    text = "SELECT string_agg(d::text, '|') FROM unnest(%b::text[]::json[]) AS d"
    assert run(text, [written]) == [("|".join(written),)]
    with pytest.raises(DataError), transaction.atomic():
        run(text, [["{"]])


@pytest.mark.django_db
def test_other_values_are_written_as_postgresql_reads_them() -> None:
    at = datetime(2026, 3, 29, 1, 30, 0, 123456, UTC)
    text = "SELECT %s::timestamptz, %s::numeric, %s::boolean, %s::bigint"
    assert run(text, [at, Decimal("9.90"), True, 7]) == [(at, Decimal("9.90"), True, 7)]


@pytest.mark.django_db
def test_a_name_may_stand_in_several_places() -> None:
    text = "SELECT %(a)s::int + %(b)s::int + %(a)s::int AS total, 7 %% 4 AS rest"
    assert run(text, {"a": 1, "b": 20}) == [(22, 3)]
    assert run_named(text, {"a": 2, "b": 30}) == [{"total": 34, "rest": 3}]


@pytest.mark.django_db
def test_no_rows_are_an_empty_list() -> None:
    assert run("SELECT 1 WHERE false") == []
    assert run_named("SELECT 1 WHERE false") == []
    assert run("SET LOCAL work_mem = '5MB'") == []


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["\0", "before\0after"])
def test_a_nul_is_refused_and_cuts_nothing_off(value: str) -> None:
    with pytest.raises(DataError):
        run("SELECT %s::text", [value])
    with pytest.raises(DataError), transaction.atomic():
        run("SELECT %b::text[]", [[value]])
    assert run("SELECT 1") == [(1,)]


@pytest.mark.django_db
def test_refusals_are_those_of_django_with_their_cause() -> None:
    insert = """INSERT INTO idempotency_storedanswer (owner, key, fingerprint, status)
                VALUES ('o', 'k', '', 200)"""
    run(insert)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        run(insert)
    assert isinstance(refused.value.__cause__, psycopg.errors.UniqueViolation)
    assert refused.value.__cause__.diag.constraint_name == "answer_once_per_key"
    assert run("SELECT count(*) FROM idempotency_storedanswer") == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_is_begun_where_none_is() -> None:
    with transaction.atomic():
        run("CREATE TABLE passing (id int)")
        transaction.set_rollback(True)
    assert run("SELECT to_regclass('passing')") == [(None,)]


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_an_operational_error_and_the_next_one_prepares_anew() -> None:
    statement = "SELECT pg_backend_pid()"
    ((pid,),) = run(statement)
    with psycopg.connect(**_address()) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    with pytest.raises(OperationalError):
        run(statement)
    connection.close()
    assert run(statement) != [(pid,)]


def _address() -> dict[str, Any]:
    settings = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return {name: settings[name] for name in names if name in settings}
