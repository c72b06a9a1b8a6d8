"""Base view of the endpoints of one return."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import QuerySet

from core.access.principal import Principal
from core.api.views import ApiView
from core.problems.catalogue import NotFound
from orders.models import Return

Among = Callable[[Principal], QuerySet[Return]]


class OneReturnView(ApiView):
    """An endpoint of one return."""

    scopes = {"GET": "orders:read", "POST": "returns:write"}

    def ret(self, text: str, *, among: Among | None = None) -> Return:
        """Return the one of the URL, if it is `among` those that the actor may act on, or without
        that among those that it sees."""
        rows = among(self.actor) if among else Return.objects.visible_to(self.actor)
        found = rows.filter(pk=_identity(text)).select_related("order", "drop_off_location").first()
        if found is None:
            raise NotFound(f"There is no return {text[:32]}.")
        return found


def _identity(text: str) -> int:
    """Parse an id of the URL; one outside the column's range is not found."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound(f"There is no return {text[:32]}.")
    return int(text)
