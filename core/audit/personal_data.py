"""Data of people in the audit trail."""

from core.audit.erasing import rewrite_records
from core.audit.models import AuditRecord
from core.people.register import (
    OWN_DOCUMENT,
    REPLACE,
    Column,
    Kept,
    Kind,
    Table,
    Whose,
    keep,
    staff,
)

_FROM_WHERE = keep("it says from where an act was asked for; customers ask for none")

REGISTER = (
    Table(
        "audit.AuditRecord",
        Kept.AUDIT,
        (
            # Any text about the order of a person may tell of the person.
            Column("reason", Kind.TEXT, REPLACE),
            Column("data", Kind.DOCUMENT, OWN_DOCUMENT),
            *staff("actor", "actor_id"),
            Column("address", Kind.ORIGIN, _FROM_WHERE, Whose.STAFF),
        ),
        found="records about orders, fulfilments and returns of the person",
        rows=lambda person: AuditRecord.objects.filter(subject__in=person.subjects),
        shown=("at", "action", "subject"),
        write=rewrite_records,
    ),
)
NO_PEOPLE = {
    "audit.AuditRecord": ("action", "subject"),
    # Digests of records with their salt, which an erasure replaces: no text is found by trying.
    "audit.Seal": ("digest", "head"),
}
