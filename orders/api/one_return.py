"""The door to one return, which several doors go through."""

from __future__ import annotations

from core.api.views import ApiView
from core.problems.catalogue import NotFound
from orders.models import Return
from orders.queries.returns import visible_returns


class OneReturnView(ApiView):
    """A door to one return.

    Whoever reads, closes or cancels it must see its channel. Taking goods in asks for the
    location alone: a parcel announced on the web site comes to any till.
    """

    scopes = {"GET": "orders:read", "POST": "returns:write"}

    def ret(self, text: str, *, any_channel: bool = False) -> Return:
        rows = Return.objects.all() if any_channel else visible_returns(self.actor)
        found = rows.filter(pk=_identity(text)).select_related("order", "drop_off_location").first()
        if found is None:
            raise NotFound(f"There is no return {text[:32]}.")
        return found


def _identity(text: str) -> int:
    """Read an id of the address; what no table could hold is simply not there."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound(f"There is no return {text[:32]}.")
    return int(text)
