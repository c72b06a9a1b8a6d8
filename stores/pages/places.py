"""The place at which a signed-in person works: chosen in the header, kept in the session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.access.principal import Principal
from core.pages.staff import actor_of, show, staff_page
from stores.models import Location

CHOSEN = "place"  # in the session: a location's code


def places_of(principal: Principal) -> list[Location]:
    """Return the locations that a person may work at, by name."""
    return list(Location.objects.visible_to(principal).order_by("name", "code"))


def place_of(request: HttpRequest, places: Sequence[Location]) -> Location | None:
    """Return the place that was chosen in this session, else the first; None without any."""
    chosen = request.session.get(CHOSEN, "")
    return next((each for each in places if each.code == chosen), places[0] if places else None)


def show_here(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    """Answer with a page whose header names the place, and offers the person's others."""
    places = context.get("places") or places_of(actor_of(request))
    here = {"places": places, "place": context.get("place") or place_of(request, places)}
    return show(request, template, context | here, status=status)


@require_POST
@staff_page("orders:read")
def change_place(request: HttpRequest) -> HttpResponse:
    """Go to another of a person's places."""
    codes = {each.code for each in places_of(actor_of(request))}
    if request.POST.get("place") in codes:
        request.session[CHOSEN] = request.POST["place"]
    return HttpResponseRedirect(reverse("today"))
