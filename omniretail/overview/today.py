"""A person's day at their place: the next task first, the rest in rows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.access.models import User
from core.pages.staff import actor_of, staff_page
from omniretail.overview.figures import Found, figures
from omniretail.overview.work import may_open
from orders.queries.picking_work import lists_of, work_to_pick
from stores.pages.places import place_of, places_of, show_here

# The figures that no task above says already: title, what they count, what is urgent of them.
WORDS = {
    "packed": (_("Packed"), _("wait for carrier or van"), ""),
    "ready": (_("Ready for pickup"), _("wait in their bay"), _("expire within 24 hours")),
    "waiting": (_("Backorders"), _("lines without stock"), ""),
    "inspect": (_("Returns to inspect"), _("came back, undecided"), ""),
    "due": (_("Deliveries due"), _("by today, not all here"), _("overdue")),
    "arriving": (_("Transfers under way"), _("dispatched, not all arrived"), ""),
    "counts": (_("Counts"), _("being counted, or in review"), _("to review")),
}

# Task pages of their own; the others have the admin's lists.
PAGES = {"packed": reverse_lazy("parcels"), "ready": reverse_lazy("parcels")}


@staff_page("orders:read")
def today(request: HttpRequest) -> HttpResponse:
    """Show what is to be done at the person's place, the most urgent first."""
    actor = actor_of(request)
    assert isinstance(request.user, User)
    places = places_of(actor)
    place = place_of(request, places)
    context: dict[str, Any] = {"place": place, "places": places}
    if place is not None:
        at = timezone.now()
        context |= {"rows": _rows(request.user, place.pk), "zone": place.timezone, "at": at}
        if actor.may("fulfilment:write"):
            context |= {
                "to_pick": work_to_pick(place, actor=actor, at=at),
                "mine": lists_of(place, person=actor.name, actor=actor),
            }
    return show_here(request, "today.html", context)


def _rows(user: User, location_id: int) -> list[dict[str, Any]]:
    """Return the figures of one location that are not nought, with the list of each."""
    rows = []
    for figure in figures(timezone.now()):
        if figure.key not in WORDS:
            continue
        found = figure.count([location_id]).get(location_id, Found())
        if found.all:
            page = PAGES.get(figure.key) if user.principal().may("fulfilment:write") else None
            href = page or figure.address(**figure.at(location_id))
            rows.append(
                {
                    "words": WORDS[figure.key],
                    "count": found.all,
                    "urgent": found.urgent,
                    "href": href if may_open(user, figure.all.model) else "",
                }
            )
    return rows
