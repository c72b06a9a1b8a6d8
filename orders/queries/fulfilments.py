"""Which fulfilments somebody may see, and which wait for somebody."""

from __future__ import annotations

from django.db.models import QuerySet

from omniretail.access.principal import Principal
from orders.models import Fulfilment


def visible_fulfilments(principal: Principal) -> QuerySet[Fulfilment]:
    """Return the fulfilments at the principal's locations, of its channels' orders."""
    rows = Fulfilment.objects.all()
    if principal.locations is not None:
        rows = rows.filter(location__code__in=principal.locations)
    if principal.channels is not None:
        rows = rows.filter(order__channel__code__in=principal.channels)
    return rows


def find_fulfilments(
    principal: Principal,
    *,
    location: str | None = None,
    state: str | None = None,
    type: str | None = None,
    order: str | None = None,
) -> QuerySet[Fulfilment]:
    """Return visible fulfilments that match every filter given."""
    wanted = {
        "location__code": location,
        "state": state,
        "type": type,
        "order__number": order,
    }
    return visible_fulfilments(principal).filter(
        **{name: value for name, value in wanted.items() if value is not None}
    )
