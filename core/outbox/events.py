"""Publishing events, in the transaction of the change that they report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.database.bulk_insert import Rows, Table, insert_rows


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """An event about to be published: `data` is the snapshot of the resource `subject`."""

    type: str
    subject: str
    data: dict[str, Any]
    order: str = ""
    actor: str = ""


EVENTS = Table.of(
    "outbox_event", type="text", subject="text", order="text", actor="text", data="json"
)


def event_rows(events: Sequence[OutboxEvent]) -> Rows:
    """Return events as rows of the outbox, for a statement that writes other rows too."""
    return EVENTS, [
        {
            "type": event.type,
            "subject": event.subject,
            "order": event.order,
            "actor": event.actor,
            "data": event.data,
        }
        for event in events
    ]


def publish(*events: OutboxEvent) -> None:
    """Write events to the outbox, in the caller's transaction, as one statement."""
    insert_rows(event_rows(events))
