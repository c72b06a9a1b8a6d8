"""A column for documents that are kept as they were written, and never searched."""

from __future__ import annotations

from typing import Any

from django.db import models


class DocumentField(models.JSONField):
    """JSON as text (PostgreSQL's `json`): written by a copy, where `jsonb` is taken apart first.

    That took twice the CPU for the events of an order, and a quarter more of the log. It holds
    what is read whole; a column that is filtered by its contents is a `JSONField`.
    """

    def db_type(self, connection: Any) -> str:
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value  # psycopg has read it
