"""Base view of the endpoints of one return."""

from __future__ import annotations

from core.problems.catalogue import NotFound
from orders.api.personal import PersonalView
from orders.models import Return
from orders.queries.returns import visible_returns


class OneReturnView(PersonalView):
    """An endpoint of one return.

    Reading, closing or cancelling it needs access to its channel. Receiving goods needs the
    location only: a return announced on the web site may come to any till.
    """

    scopes = {"GET": "orders:read", "POST": "returns:write"}

    def ret(self, text: str, *, any_channel: bool = False) -> Return:
        rows = Return.objects.all() if any_channel else visible_returns(self.actor)
        found = rows.filter(pk=_identity(text)).select_related("order", "drop_off_location").first()
        if found is None:
            raise NotFound(f"There is no return {text[:32]}.")
        return found


def _identity(text: str) -> int:
    """Parse an id of the URL; one outside the column's range is not found."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound(f"There is no return {text[:32]}.")
    return int(text)
