"""Data of people in stored answers."""

from __future__ import annotations

import json

from django.db.models import Q, QuerySet

from core.idempotency.models import StoredAnswer
from core.people.person import Cleaner, Person
from core.people.register import Column, Kept, Kind, Table, Way, keep, staff
from core.people.words import pattern_of

# Of a file's upload, the only answer that repeats a text without saying whose order it is about.
_OF_FILE = '"file_name"'
_72_HOURS = keep("what makes a repeat the same act; deleted after 72 hours")


def _answers_of(person: Person) -> QuerySet[StoredAnswer]:
    """Return the answers in which an order number or a cart is a value."""
    named = Q(pk__in=())
    for name in person.names:
        named |= Q(body__contains=json.dumps(name))
    if pattern := pattern_of(person.words):
        named |= Q(body__contains=_OF_FILE, body__iregex=pattern)
    return StoredAnswer.objects.filter(named)


def _clean(body: str, cleaner: Cleaner) -> str:
    """Clean an answer; one to a batch also holds orders of others, which stay."""
    return json.dumps(cleaner.clean(json.loads(body), mine=False), ensure_ascii=False)


REGISTER = (
    Table(
        "idempotency.StoredAnswer",
        Kept.ANSWERS,
        (
            Column("body", Kind.DOCUMENT, Way("cleaned", _clean)),
            Column("key", Kind.REFERENCE, _72_HOURS),
            Column("fingerprint", Kind.DOCUMENT, _72_HOURS),
            *staff("owner"),
        ),
        found="answers that name an order or a cart of the person",
        rows=_answers_of,
        shown=("status", "created_at"),
    ),
)
NO_PEOPLE: dict[str, tuple[str, ...]] = {}
