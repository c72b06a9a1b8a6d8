"""A person with an order, and where their words still are."""

from __future__ import annotations

from typing import Any

from django.db import connection

from tests.conftest import ApiCaller
from tests.factories import OrderBody
from tests.tables import every_table

JO = {"name": "Jo Reed", "email": "jo@example.org", "phone": "+44 20 7946 0000"}
HOME = {"name": "Jo Reed", "line1": "2 Elm Row", "city": "York", "country": "GB"}


def place(api: ApiCaller, external_id: str, **fields: Any) -> dict[str, Any]:
    body = OrderBody(external_id=external_id, customer=JO, ship_to=HOME) | fields
    answer = api.post("orders", body)
    assert answer.status_code in (200, 201), answer.content
    order: dict[str, Any] = answer.json()
    return order


def tables_with(*words: str) -> dict[str, str]:
    """Return the tables in which one of these words stands, in any case, each with such a row.
    Bytes are searched as well."""
    found = {}
    with connection.cursor() as cursor:
        for table in every_table():
            for word in words:
                cursor.execute(
                    f"""SELECT t::text FROM {table} t
                        WHERE strpos(lower(t::text), lower(%s)) > 0
                           OR strpos(t::text, %s) > 0 LIMIT 1""",
                    [word, word.encode().hex()],
                )
                for (row,) in cursor.fetchall():
                    found[table] = f"{word}: {row[:600]}"
    return found
