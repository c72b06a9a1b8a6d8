"""A column for JSON documents that are stored as text and never searched."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from psycopg.types.json import Json


class DocumentField(models.JSONField):
    """JSON as text (PostgreSQL's `json`), which is copied; `jsonb` is parsed at each write.

    Parsing took twice the CPU for the events of an order, and a quarter more WAL. Use it for
    documents that are read whole, and where the order of members says something, which `jsonb`
    does not keep; a column that is filtered by its contents is a `JSONField`.
    """

    def db_type(self, connection: Any) -> str:
        return "json"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        # Django sends jsonb, which has lost the order by the time that it is text again.
        return None if value is None else Json(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value  # psycopg has read it


def same_document(one: Any, other: Any) -> bool:
    """Compare two values; of JSON objects the order of members counts."""
    if isinstance(one, dict) and isinstance(other, dict):
        return json.dumps(one) == json.dumps(other)
    return bool(one == other)
