"""Pick lists of a place: my own, those that wait for a person, and starting a new one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.pages.staff import NotDone, act_once, actor_of, new_key, refuse, staff_page
from orders.choices import PickMode
from orders.commands.picking.pick_lists import start_pick_list
from orders.queries.pick_lists import count_up
from orders.queries.picking_work import due_orders, lists_of, lists_to_take, work_to_pick
from stores.pages.places import place_of, places_of, show_here

SHOWN = 20  # of the orders that wait
MOST_TOTES = 12  # of a cart


@staff_page("fulfilment:write")
def picks(request: HttpRequest) -> HttpResponse:
    """Show the lists under way at the person's place, and the orders that wait, by promise."""
    actor = actor_of(request)
    places = places_of(actor)
    place = place_of(request, places)
    context: dict[str, Any] = {"place": place, "places": places}
    if place is not None:
        mine = list(lists_of(place, person=actor.name, actor=actor))
        free = list(lists_to_take(place, actor=actor))
        counted = {each["id"]: each for each in count_up([*mine, *free])}
        context |= {
            "mine": [(each, counted[str(each.pk)]) for each in mine],
            "free": [(each, counted[str(each.pk)]) for each in free],
            "waiting": due_orders(place, actor=actor, limit=SHOWN),
            "work": work_to_pick(place, actor=actor, at=timezone.now()),
            "form_key": new_key(),
            "zone": place.timezone,
            "now": timezone.now(),
            "most_totes": MOST_TOTES,
        }
    return show_here(request, "orders/picking/picks.html", context)


@require_POST
@staff_page("fulfilment:write")
def start(request: HttpRequest) -> HttpResponse:
    """Take the most urgent order, several with a tote each, or one that was named."""
    actor = actor_of(request)
    place = place_of(request, places_of(actor))
    if place is None:
        return HttpResponseRedirect(reverse("picks"))
    named = request.POST.get("fulfilment")
    is_batch = request.POST.get("mode") == PickMode.BATCH and not named

    def effect() -> tuple[int, Any]:
        pick_list = start_pick_list(
            location=place,
            mode=PickMode.BATCH if is_batch else PickMode.SINGLE,
            codes=[named] if named else None,
            max_orders=MOST_TOTES,
            person=actor.name,
            actor=actor,
        )
        return 201, {"id": pick_list.pk}

    try:
        made = act_once(request, effect)
    except NotDone as why:
        refuse(request, _("Not started: %(why)s") % {"why": why})
        return HttpResponseRedirect(reverse("picks"))
    return HttpResponseRedirect(reverse("pick", args=[made["id"]]))
