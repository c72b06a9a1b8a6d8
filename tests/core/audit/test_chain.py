"""Audit records are chained: what is changed afterwards shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from core.access.principal import SYSTEM
from core.audit.erasing import rewrite_records
from core.audit.models import AuditRecord
from core.audit.record import record
from core.audit.sealing import seal_new, verify
from core.audit.tasks import seal_audit
from tests.roles import as_the_owner, as_the_service

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def service_rights(_django_db_helper: None) -> Iterator[None]:
    """Seal, erase and verify with the rights of the service."""
    with as_the_service():
        yield


def tell(*actions: str, **data: Any) -> list[int]:
    """Record acts; return the ids of their records."""
    for action in actions:
        record(actor=SYSTEM, action=action, subject="orders/1", reason="as asked", **data)
    return list(AuditRecord.objects.order_by("-pk").values_list("pk", flat=True))[
        len(actions) - 1 :: -1
    ]


def tamper(statement: str, *values: Any) -> None:
    """Change rows as one who owns the tables and takes their guards down."""
    with as_the_owner(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        assert cursor.rowcount, "nothing was changed"
        cursor.execute("SET LOCAL session_replication_role = origin")


def breaks() -> list[tuple[int | None, int, str]]:
    return [(each.number, each.record, each.why) for each in verify().breaks]


def told_by_command(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it says."""
    said = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=said, stderr=said)
    except SystemExit as left:
        return int(str(left.code)), said.getvalue()
    return 0, said.getvalue()


def test_each_record_is_sealed_once_and_follows_the_one_before() -> None:
    first = tell("a", "b")
    assert seal_audit() == 2
    assert seal_audit() == 0
    second = tell("c")
    found = verify()
    assert (found.records, found.breaks, found.erased) == (3, [], {})
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, record, encode(head, 'hex') FROM audit_seal ORDER BY 1")
        rows = cursor.fetchall()
    assert [row[:2] for row in rows] == list(enumerate([*first, *second], start=1))
    assert rows[-1][2] == found.head
    assert len({head for *_, head in rows}) == 3


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'another'",
        "actor = 'another'",
        "data = '{\"units\": 2}'",
        "at = at - interval '1 microsecond'",
        "salt = gen_random_uuid()",
    ],
)
def test_a_changed_record_is_found(change: str) -> None:
    _, changed, _ = tell("a", "b", "c", units=1)
    seal_new()
    tamper(f"UPDATE audit_auditrecord SET {change} WHERE id = %s", changed)
    assert breaks() == [(2, changed, "changed")]


def test_a_removed_record_is_found() -> None:
    _, removed, last = tell("a", "b", "c")
    seal_new()
    tamper("DELETE FROM audit_auditrecord WHERE id = %s", removed)
    assert breaks() == [(2, removed, "removed")]
    tamper("DELETE FROM audit_seal WHERE record = %s", removed)
    assert breaks() == [(3, last, "its seal does not follow: seals were removed")]
    tamper("UPDATE audit_seal SET number = 2 WHERE number = 3")
    assert breaks() == [(2, last, "its seal was changed")]


def test_a_record_inserted_behind_is_found() -> None:
    """Late commits are no such thing: they are sealed within the time of a transaction."""
    ids = tell("a", "b")
    tamper("DELETE FROM audit_auditrecord WHERE id = %s", ids[0])
    seal_new()
    tamper(
        "INSERT INTO audit_auditrecord (id, actor, action, subject, data)"
        " VALUES (%s, 'ann', 'b', 'orders/1', '{}')",
        ids[0],
    )
    assert breaks() == [], "a transaction may have committed late"
    assert [(each.record, each.why) for each in verify(late=timedelta(0)).breaks] == [
        (ids[0], "inserted behind")
    ]


def test_a_record_that_no_run_sealed_is_told_of() -> None:
    (old,) = tell("a")
    tamper("UPDATE audit_auditrecord SET at = at - interval '2 hours' WHERE id = %s", old)
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, record, why FROM audit_breaks('1 hour')")
        assert cursor.fetchall() == [(None, old, "not sealed")]


def test_a_late_commit_far_behind_is_sealed_by_the_check() -> None:
    (newer,) = tell("b")
    assert seal_new(look_back=10) == 1
    tamper(
        "INSERT INTO audit_auditrecord (id, actor, action, subject, data)"
        " VALUES (%s, 'ann', 'b', 'orders/1', '{}')",
        newer - 20_000,
    )
    assert seal_new(look_back=10) == 0
    assert verify().records == 2


def erase(*ids: int) -> None:
    rewrite_records([(each, {"reason": "[erased]", "data": {"note": ""}}) for each in ids])


def test_an_erased_record_passes_and_names_its_erasure() -> None:
    kept, erased = tell("a", "b", note="Jo Reed")
    seal_new()
    before = AuditRecord.objects.get(pk=erased)
    erase(erased)
    found = verify()
    assert found.breaks == []
    erasure = AuditRecord.objects.get(action="audit.erased")
    assert found.erased == {erased: erasure.pk}
    assert (erasure.actor, erasure.subject) == (SYSTEM.name, "audit")
    assert list(erasure.data["records"]) == [str(erased)]
    after = AuditRecord.objects.get(pk=erased)
    assert (after.data, after.at, after.action) == ({"note": ""}, before.at, "b")
    assert after.salt != before.salt, "else the text could be found by trying"
    assert AuditRecord.objects.get(pk=kept).data == {"note": "Jo Reed"}

    tamper("UPDATE audit_auditrecord SET reason = 'another' WHERE id = %s", erased)
    assert breaks() == [(2, erased, "changed")], "an erased record is guarded as well"


def test_a_record_is_erased_before_it_is_sealed_and_twice() -> None:
    (erased,) = tell("a", note="x", name="y")
    erase(erased)
    rewrite_records([(erased, {"reason": "nothing"})])
    row = AuditRecord.objects.get(pk=erased)
    assert (row.reason, row.data) == ("nothing", {"note": ""})
    assert verify().breaks == []


def test_the_record_of_an_erasure_cannot_be_erased() -> None:
    (erased,) = tell("a", note="x")
    erase(erased)
    erasure = AuditRecord.objects.get(action="audit.erased")
    erase(erasure.pk)
    assert AuditRecord.objects.get(action="audit.erased").data == erasure.data


def test_a_forged_erasure_does_not_stop_the_check() -> None:
    tell("a")
    for data in ({"records": 1}, {"records": {"x": "no hex"}}, {}):
        AuditRecord.objects.create(actor="x", action="audit.erased", subject="x", data=data)
    assert breaks() == []
    assert told_by_command()[0] == 0


def test_the_command_says_what_is_broken() -> None:
    _, changed, _ = tell("a", "b", "c")
    code, said = told_by_command()
    digest = said.split()[-1]
    assert (code, said.splitlines()[0]) == (0, "3 records checked.")
    assert told_by_command("--since-digest", digest)[0] == 0
    tell("d")
    code, said = told_by_command("--since-digest", digest)
    assert (code, "The first 3 are those" in said) == (0, True)
    tamper("UPDATE audit_auditrecord SET reason = 'another' WHERE id = %s", changed)
    code, said = told_by_command()
    assert (code, f"Record {changed} (seal 2): changed." in said) == (1, True)


def test_an_end_that_was_cut_off_is_found_by_a_digest_kept_elsewhere() -> None:
    _, last = tell("a", "b")
    digest = told_by_command()[1].split()[-1]
    tamper("DELETE FROM audit_seal WHERE number = 2")
    tamper("DELETE FROM audit_auditrecord WHERE id = %s", last)
    assert told_by_command()[0] == 0, "what is left holds"
    code, said = told_by_command("--since-digest", digest)
    assert (code, "cut off" in said) == (1, True)


@pytest.mark.parametrize("table", ["audit_auditrecord", "audit_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = 1", "DELETE FROM {}"])
def test_the_owner_does_not_change_rows_by_accident(table: str, statement: str) -> None:
    tell("a")
    seal_new()
    key = "id" if table == "audit_auditrecord" else "number"
    with (
        as_the_owner(),
        pytest.raises(DatabaseError, match="is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table, key))
