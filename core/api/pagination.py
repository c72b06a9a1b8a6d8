"""Pages of a list: cut by the last row seen, so that none is skipped or repeated meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from core.problems.catalogue import ValidationFailed

DEFAULT_LIMIT, MAX_LIMIT = 50, 200

Render = Callable[[list[Any]], Sequence[Any]]
# Where sorting would go through a long history: told the last id seen and how many rows are
# wanted, it returns few rows among which the next ones are.
NextRows = Callable[[int, int], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Order:
    """The columns that a list is sorted by; together they name one row."""

    columns: tuple[str, ...]
    descending: bool = False

    @property
    def names(self) -> list[str]:
        return [f"-{column}" if self.descending else column for column in self.columns]

    def beyond(self, last: Sequence[Any]) -> Q:
        """Match what follows the row that has these values in the columns."""
        further, at_least = ("lt", "lte") if self.descending else ("gt", "gte")
        if len(self.columns) == 1:
            return Q(**{f"{self.columns[0]}__{further}": last[0]})
        first, second = self.columns
        # Not `or`: an index is walked from the first value on, and few rows are thrown away.
        seen = Q(**{first: last[0]}) & ~Q(**{f"{second}__{further}": last[1]})
        return Q(**{f"{first}__{at_least}": last[0]}) & ~seen


def page(
    request: Request,
    rows: QuerySet[Any] | NextRows,
    *,
    order: Order,
    limit: int | None,
    cursor: str | None,
    render: Render,
) -> Response:
    """Answer one page of a list, with the address of the next one if there is more."""
    limit = limit or DEFAULT_LIMIT
    last = None if cursor is None else _open_cursor(cursor, len(order.columns))
    if not isinstance(rows, QuerySet):
        edge = last[0] if last else 0
        if not isinstance(edge, int):
            raise _bad_cursor()
        rows = rows(edge, limit + 1)
    elif last is not None:
        try:
            rows = rows.filter(order.beyond(last))
        except (ValueError, TypeError, ValidationError) as error:
            raise _bad_cursor() from error
    found = list(rows.order_by(*order.names)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    after = None
    if more:
        query = request.query_params.copy()
        query["cursor"] = _close_cursor([getattr(found[-1], name) for name in order.columns])
        after = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return Response({"results": render(found), "next": after})


def settled_until() -> datetime:
    """Return a time before which no `updated_at` can appear any more.

    Such a time is the clock at a write, and is seen once its transaction has ended. Of those
    still under way, the one that began first may bring the earliest: a reader that went past it
    would never see it. Asked for in a statement before the one that reads the rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
               WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
                 AND datname = current_database()"""
        )
        (until,) = cursor.fetchone()
    assert isinstance(until, datetime)
    return until


def _close_cursor(values: Sequence[Any]) -> str:
    text = json.dumps(values[0] if len(values) == 1 else values, default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _open_cursor(cursor: str, columns: int) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        opened = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise _bad_cursor() from error
    values = opened if isinstance(opened, list) else [opened]
    if len(values) != columns:
        raise _bad_cursor()
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise _bad_cursor()
        if (isinstance(value, int) and abs(value) >= 2**63) or "\x00" in str(value):
            raise _bad_cursor()
    return values


def _bad_cursor() -> ValidationFailed:
    return ValidationFailed.at(
        "/cursor", "This cursor is not one that a list gave. Follow `next`.", "bad_cursor"
    )
