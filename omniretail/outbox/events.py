"""Publishing facts, numbering them, and reading the feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from omniretail.outbox.models import Event
from omniretail.rows import Rows, Table, insert_rows


@dataclass(frozen=True, slots=True)
class Fact:
    """An event about to be published: `data` is the snapshot of the resource `subject`."""

    type: str
    subject: str
    data: dict[str, Any]
    order: str = ""
    actor: str = ""


EVENTS = Table.of(
    "outbox_event", type="text", subject="text", order="text", actor="text", data="jsonb"
)


def event_rows(facts: Sequence[Fact]) -> Rows:
    """Return facts as rows of the outbox, for a statement that writes other rows too."""
    return EVENTS, [
        {
            "type": fact.type,
            "subject": fact.subject,
            "order": fact.order,
            "actor": fact.actor,
            "data": fact.data,
        }
        for fact in facts
    ]


def publish(*facts: Fact) -> None:
    """Write facts into the outbox, in the caller's transaction, as one statement."""
    insert_rows(event_rows(facts))


def sequence_pending(*, limit: int = 5_000) -> int:
    """Number the events that have none yet; return how many. Relays take turns on one row.

    Numbers follow the order of ids among what is visible; a transaction that commits later
    gets later numbers. Per subject, row locks keep ids in commit order.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        last = _lock_relay(cursor)
        cursor.execute(
            """WITH pending AS (
                   SELECT id FROM outbox_event WHERE sequence IS NULL ORDER BY id LIMIT %s
               ), numbered AS (
                   SELECT id, %s + row_number() OVER (ORDER BY id) AS sequence FROM pending
               )
               UPDATE outbox_event e SET sequence = n.sequence FROM numbered n WHERE e.id = n.id""",
            [limit, last],
        )
        count = cursor.rowcount
        if count:
            cursor.execute(
                "UPDATE outbox_relay SET last_sequence = %s WHERE id = 1", [last + count]
            )
    return count


def _lock_relay(cursor: Any) -> int:
    """Lock the relay's one row, laid again if tables were emptied; return its last number."""
    for _ in range(2):
        cursor.execute("SELECT last_sequence FROM outbox_relay WHERE id = 1 FOR UPDATE")
        row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        cursor.execute(
            """INSERT INTO outbox_relay (id, last_sequence)
               SELECT 1, coalesce(max(sequence), 0) FROM outbox_event ON CONFLICT DO NOTHING"""
        )
    raise AssertionError("unreachable: the row was laid")


def read_feed(*, after: int, types: Sequence[str] = (), limit: int = 100) -> list[Event]:
    """Return events with `sequence > after`, in order; `types` may end in `.*`."""
    events = Event.objects.filter(sequence__gt=after)
    exact = [name for name in types if not name.endswith(".*")]
    families = [name[:-1] for name in types if name.endswith(".*")]
    if exact or families:
        wanted = Q(type__in=exact)
        for family in families:
            wanted |= Q(type__startswith=family)
        events = events.filter(wanted)
    return list(events.order_by("sequence")[:limit])
