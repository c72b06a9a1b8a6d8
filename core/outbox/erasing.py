"""Erasing a person from events: the one way in which they change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from core.access.principal import Principal
from core.outbox.models import Event


def erase_from_events(
    events: QuerySet[Event], *, clean: Callable[[Any], Any], actor: Principal, subject: str
) -> int:
    """Rewrite the data of events, in the caller's transaction; return how many changed.

    They are locked: another erasure that cleans the same one would write back what this one has
    removed. The database notes the erasure, about `subject`, in the audit.
    """
    ids = list(events.values_list("pk", flat=True))
    changes = []
    for event in Event.objects.raw("SELECT * FROM outbox_locked(%s)", [ids]):
        data = clean(event.data)
        if data != event.data:
            changes.append({"id": event.pk, "data": data})
    if changes:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT outbox_erase(%s::json, %s, %s)", [json.dumps(changes), actor.name, subject]
            )
    return len(changes)
