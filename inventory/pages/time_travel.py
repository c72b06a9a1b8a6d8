"""The page of a SKU's past stock at a location: "what was available at 14:03, and why"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from core.access.principal import Principal
from core.admin.base import actor_of
from core.problems.catalogue import NotFound
from inventory.admin.links import skus_named
from inventory.choices import Reason
from inventory.models import Sku, StockMovement
from inventory.pages.step_chart import StepPicture, draw_steps
from inventory.queries.time_travel import Moment, available_through, look_back
from inventory.settlement import NamedReference, settlement
from stores.models import Location

AROUND = 8


class MomentForm(forms.Form):
    """The SKU, the location, and the time: local to the location, or with an offset."""

    sku = forms.CharField(max_length=128, label="SKU or barcode")
    location = forms.ModelChoiceField(
        Location.objects.none(), to_field_name="code", empty_label="Choose a location"
    )
    at = forms.CharField(
        max_length=40,
        required=False,
        label="Moment",
        help_text="On the clock of the location. Empty: now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}),
    )

    def __init__(self, *args: Any, places: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["location"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = places

    def clean_sku(self) -> Sku:
        word = self.cleaned_data["sku"].strip()
        found = skus_named(word).first()
        if found is None:
            raise ValidationError(f"There is no SKU {word}, nor one with this barcode.")
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        place = cleaned.get("location")
        if place is not None:
            try:
                cleaned["at"] = _moment(cleaned.get("at", ""), place.zone)
            except (ValueError, OverflowError):
                self.add_error("at", "Write a moment such as 2026-03-29T14:03.")
        return cleaned


def _moment(text: str, zone: ZoneInfo) -> datetime:
    if not text:
        return timezone.now()
    at = datetime.fromisoformat(text)
    if not 1970 <= at.year < 9999:
        raise ValueError("no ledger reaches as far, and no calendar a day further")
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def time_travel(request: HttpRequest) -> HttpResponse:
    """Ask for a time, and show the stock then, the movements around it, and the whole day."""
    actor = actor_of(request)
    if not (request.user.has_perm("inventory.view_stockmovement") and actor.may("stock:read")):
        raise PermissionDenied
    places = Location.objects.visible_to(actor).order_by("code")
    form = MomentForm(request.GET or None, places=places)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "What was available, and why",
        "form": form,
    }
    if form.is_valid():
        try:
            context |= _look(form, actor)
        except NotFound as archived:
            form.add_error("at", archived.detail)
    return TemplateResponse(request, "inventory/stock/time_travel.html", context)


def _look(form: MomentForm, actor: Principal) -> dict[str, Any]:
    """Return what the page shows of a moment. Raises `NotFound` where it is archived."""
    sku, place, at = (form.cleaned_data[name] for name in ("sku", "location", "at"))
    then = look_back(sku_id=sku.pk, location_id=place.pk, at=at, before=AROUND + 1, after=AROUND)
    names = settlement().name_references(
        {row.reference for row in [*then.before, *then.after]}, actor=actor
    )
    # The field shows the local time, also when an offset was given.
    local = at.astimezone(place.zone)
    form.initial["at"] = f"{local:%Y-%m-%dT%H:%M:%S}"
    return {
        "sku": sku,
        "place": place,
        "local": local,
        "then": then,
        "earlier": [_row(row, place.zone, names) for row in reversed(then.before[:AROUND])],
        "later": [_row(row, place.zone, names) for row in then.after],
        "previous": _address(sku, place, _previous(then)),
        "next": _address(sku, place, then.after[0] if then.after else None),
        "picture": _day(sku, place, at),
    }


def _row(row: StockMovement, zone: ZoneInfo, names: Mapping[str, NamedReference]) -> dict[str, Any]:
    named = names.get(row.reference)
    available = row.on_hand_after - row.reserved_after - row.unavailable_after
    return {
        "at": row.recorded_at.astimezone(zone),
        # A late movement: it happened well before it was recorded.
        "happened": row.occurred_at.astimezone(zone)
        if row.recorded_at - row.occurred_at > timedelta(minutes=1)
        else None,
        "reason": Reason(row.reason).label if row.reason in Reason else row.reason,
        "steps": [
            (row.on_hand_delta, row.on_hand_after),
            (row.reserved_delta, row.reserved_after),
            (row.unavailable_delta, row.unavailable_after),
            (row.on_hand_delta - row.reserved_delta - row.unavailable_delta, available),
        ],
        "reference": row.reference,
        "href": _page_of(named) if named else "",
        "kind": named.kind if named else "",
        "actor": row.actor,
    }


def _page_of(named: NamedReference) -> str:
    meta = named.model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[named.pk])


def _previous(then: Moment) -> StockMovement | None:
    """Return the movement of the "previous" link: from a movement itself, the one before it."""
    standing_on_it = then.last is not None and then.last.recorded_at == then.at
    before = then.before[1:] if standing_on_it else then.before
    return before[0] if before else None


def _address(sku: Sku, place: Location, row: StockMovement | None) -> str:
    if row is None:
        return ""
    at = row.recorded_at.astimezone(UTC).isoformat()
    return "?" + urlencode({"sku": sku.code, "location": place.code, "at": at})


def _day(sku: Sku, place: Location, at: datetime) -> StepPicture:
    """Draw the available units from midnight to midnight, local to the location."""
    morning = at.astimezone(place.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = morning.astimezone(UTC), (morning + timedelta(days=1)).astimezone(UTC)
    steps, exact = available_through(sku_id=sku.pk, location_id=place.pk, since=since, until=until)
    return draw_steps(steps, since=since, until=until, at=at, zone=place.zone, exact=exact)


urlpatterns = [
    path("stock/as-of", admin.site.admin_view(time_travel), name="stock-as-of"),
]
