"""Parcels: close the box, give it to the carrier, put it into its bay, hand it over."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from core.access.customers import reads_customers
from core.access.principal import Principal
from core.audit.source import release
from core.pages.staff import NotDone, act_once, actor_of, new_key, staff_page
from orders.choices import FulfilmentState, FulfilmentType, IdentityDocument
from orders.commands.fulfilment.fulfil import pack, ship
from orders.commands.fulfilment.hand_over import make_ready
from orders.commands.fulfilment.identity import Identity
from orders.commands.fulfilment.proof import Proof
from orders.commands.fulfilment.unpack import unpack
from orders.commands.fulfilment.visit import hand_over_all
from orders.masking import masked_name
from orders.models import Fulfilment
from orders.queries.parcels import contents_of, find_parcel, parcels_at, waiting_with
from orders.queries.scan import PREFIX
from orders.transitions import fulfilment_actions
from stores.pages.places import place_of, places_of, show_here

LONGEST = 200  # characters of a field
BEING_PACKED = (FulfilmentState.PICKING, FulfilmentState.PACKED)


@staff_page("fulfilment:write")
def parcels(request: HttpRequest) -> HttpResponse:
    """Show the parcels of the person's place; open the one whose code or pass is scanned."""
    actor = actor_of(request)
    if request.method == "POST":
        return _open(request, actor)
    places = places_of(actor)
    place = place_of(request, places)
    context: dict[str, Any] = {"place": place, "places": places, "now": timezone.now()}
    if place is not None:
        found = parcels_at(place, actor=actor, at=timezone.now())
        context |= {
            "parcels": found,
            "zone": place.timezone,
            "names": {each.pk: name_of(each, actor) for each in found.ready},
        }
    return show_here(request, "orders/parcels/parcels.html", context)


def _open(request: HttpRequest, actor: Principal) -> HttpResponse:
    """Show the parcel that a scanned text names. A pass is kept in the form, not in an address."""
    text = _field(request, "payload")
    code, qr = text, ""
    if text.startswith(f"{PREFIX}pickup:"):
        code, qr = text.removeprefix(f"{PREFIX}pickup:").partition(":")[0], text
    found = find_parcel(code, actor=actor) if code.isprintable() else None
    if found is None:
        messages.error(request, _("There is no such parcel here."))
        return HttpResponseRedirect(reverse("parcels"))
    return _page(request, found, actor, qr=qr)


@never_cache
@staff_page("fulfilment:write")
def parcel(request: HttpRequest, code: str) -> HttpResponse:
    """Show one parcel against its order, and do the next step."""
    actor = actor_of(request)
    found = find_parcel(code, actor=actor)
    if found is None:
        raise Http404
    if request.method != "POST":
        return _page(request, found, actor)
    step = STEPS.get(request.POST.get("do", ""))
    if step is None:
        return _page(request, found, actor, refused=_("This button is not known here."))
    try:
        words = step(request, found, actor)
    except NotDone as why:
        return _page(request, found, actor, refused=str(why))
    messages.success(request, words)
    is_gone = request.POST["do"] in ("ship", "hand-over")
    return HttpResponseRedirect(
        reverse("parcels") if is_gone else reverse("parcel", args=[found.code])
    )


def _pack(request: HttpRequest, found: Fulfilment, actor: Principal) -> str:
    _once(request, partial(pack, code=found.code, actor=actor))
    return _("Packed.")


def _unpack(request: HttpRequest, found: Fulfilment, actor: Principal) -> str:
    _once(request, partial(unpack, code=found.code, actor=actor))
    return _("Opened again.")


def _ship(request: HttpRequest, found: Fulfilment, actor: Principal) -> str:
    given = {"carrier": _field(request, "carrier"), "tracking_number": _field(request, "tracking")}
    _once(request, partial(ship, code=found.code, actor=actor, **given))
    return _("%(parcel)s has left.") % {"parcel": found.code}


def _ready(request: HttpRequest, found: Fulfilment, actor: Principal) -> str:
    bay = _field(request, "bay")
    _once(request, partial(make_ready, code=found.code, bay=bay, actor=actor))
    return _("Ready. The customer is told.")


def _hand_over(request: HttpRequest, found: Fulfilment, actor: Principal) -> str:
    """Hand over all that waits for this customer here, by the pass, the code, or a document."""
    chosen = request.POST.getlist("parcel") or [found.code]
    proof = _proof(request, actor)

    def effect() -> tuple[int, Any]:
        given = hand_over_all(
            location=found.location.code,
            proof=proof,
            fulfilments=chosen,
            collected_by=_field(request, "collected_by"),
            actor=actor,
        )
        return 200, {"parcels": len(given)}

    count = act_once(request, effect)["parcels"]
    return ngettext("%(n)d parcel handed over.", "%(n)d parcels handed over.", count) % {"n": count}


STATES = {
    FulfilmentState.OPEN: gettext_lazy("not begun"),
    FulfilmentState.PICKING: gettext_lazy("being picked"),
    FulfilmentState.PACKED: gettext_lazy("packed"),
    FulfilmentState.READY: gettext_lazy("ready for pickup"),
    FulfilmentState.SHIPPED: gettext_lazy("has left"),
    FulfilmentState.IN_TRANSIT: gettext_lazy("on its way to the shop"),
    FulfilmentState.DELIVERED: gettext_lazy("delivered"),
    FulfilmentState.COLLECTED: gettext_lazy("collected"),
    FulfilmentState.REJECTED: gettext_lazy("rejected"),
    FulfilmentState.CANCELLED: gettext_lazy("cancelled"),
    FulfilmentState.EXPIRED: gettext_lazy("not collected in time"),
    FulfilmentState.LOST: gettext_lazy("lost on its way"),
    FulfilmentState.FOUND: gettext_lazy("found again"),
    FulfilmentState.RETURNING: gettext_lazy("on its way back"),
}
DOCUMENTS = {
    IdentityDocument.PASSPORT: gettext_lazy("Passport"),
    IdentityDocument.ID_CARD: gettext_lazy("Identity card"),
    IdentityDocument.DRIVING_LICENCE: gettext_lazy("Driving licence"),
    IdentityDocument.OTHER: gettext_lazy("Other document"),
}

STEPS: dict[str, Callable[[HttpRequest, Fulfilment, Principal], str]] = {
    "pack": _pack,
    "unpack": _unpack,
    "ship": _ship,
    "ready": _ready,
    "hand-over": _hand_over,
}


def _proof(request: HttpRequest, actor: Principal) -> Proof:
    document, code = request.POST.get("document", ""), _field(request, "code")
    if document:
        if not actor.may("pickup:identity"):
            raise NotDone(_("You may not hand over by a document: ask a colleague who may."))
        if document not in IdentityDocument.values:
            raise NotDone(_("Say which document you saw."))
        return Proof(identity=Identity(IdentityDocument(document)))
    qr = _field(request, "qr")
    if not code and not qr:
        raise NotDone(_("Scan the customer's pass, or type the code."))
    if code.startswith(PREFIX):
        return Proof(qr=code)
    return Proof(code=code) if code else Proof(qr=qr)


def _once(request: HttpRequest, command: Callable[[], Fulfilment]) -> None:
    def effect() -> tuple[int, Any]:
        return 200, {"state": command().state}

    act_once(request, effect)


def _page(
    request: HttpRequest, found: Fulfilment, actor: Principal, *, refused: str = "", qr: str = ""
) -> HttpResponse:
    found.refresh_from_db()
    allowed = fulfilment_actions(found.life_cycle, found.state)
    is_waiting = found.state == FulfilmentState.READY
    is_sent = found.type != FulfilmentType.PICKUP
    address = None
    if is_sent and found.state in BEING_PACKED and found.order.ship_to:
        address = found.order.ship_to  # who packs it writes the label
        release("labels")
    lines = contents_of(found)
    context = {
        "parcel": found,
        "lines": lines,
        "is_picked": all(line.picked >= line.quantity for line in lines),
        "allowed": allowed,
        "address": address,
        "name": name_of(found, actor),
        "waiting": waiting_with(found, actor=actor) if is_waiting else [],
        "may_check_identity": actor.may("pickup:identity"),
        "documents": DOCUMENTS.items(),
        "qr": qr,
        "form_key": new_key(),
        "refused": refused,
        "zone": found.location.timezone,
        "state": STATES[FulfilmentState(found.state)],
    }
    return show_here(request, "orders/parcels/parcel.html", context, status=409 if refused else 200)


def name_of(found: Fulfilment, actor: Principal) -> str:
    """Return the name to call out: masked for those who may not read customers' names."""
    customer = found.order.customer
    name = customer.name if customer else (found.order.ship_to or {}).get("name") or ""
    return name if reads_customers(actor) else masked_name(name)


def _field(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()[:LONGEST]
