"""Locations, bins and channels in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from unfold.decorators import display

from core.admin.base import (
    ROWS,
    KeptAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    actor_of,
    check_code,
    check_object,
    link,
)
from core.admin.visible import seen
from stores.admin.floor_plan import PlanAdmin
from stores.commands.channels import ChannelFacts, put_channel
from stores.commands.locations import LocationFacts, put_location
from stores.hours import is_timezone, validate_hours
from stores.models import Bin, BuildingLayout, Channel, Location, NetworkRevision


class LocationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Validate a location as the API does."""

    class Meta:
        model = Location
        exclude = ("version",)

    def clean_code(self) -> str:
        return check_code(self.cleaned_data["code"])

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"]
        if not is_timezone(name):
            raise ValidationError("Not a time zone of the IANA database, such as Europe/London.")
        return name

    def clean_address(self) -> dict[str, Any]:
        return check_object(self.cleaned_data["address"])

    def clean_hours(self) -> dict[str, Any]:
        answer: dict[str, Any] = _checked_hours(self.cleaned_data["hours"] or {}, {})["hours"]
        return answer

    def clean_exceptions(self) -> dict[str, Any]:
        answer: dict[str, Any] = _checked_hours({}, self.cleaned_data["exceptions"] or {})[
            "exceptions"
        ]
        return answer

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("latitude") is None) != (cleaned.get("longitude") is None):
            self.add_error("latitude", "Give latitude and longitude, or neither.")
        return cleaned


def _checked_hours(hours: Any, exceptions: Any) -> dict[str, Any]:
    wrong = validate_hours(hours, exceptions)
    if wrong:
        raise ValidationError([f"{pointer}: {detail}" for pointer, detail in wrong])
    return {"hours": hours, "exceptions": exceptions}


class LayoutInline(ReadOnlyInline):
    """How the aisles run, which other systems say (`PUT /locations/{code}/layout`)."""

    model = BuildingLayout
    fields = ("aisle_length", "aisle_gap", "middle", "start_aisle")
    verbose_name_plural = "Layout, in metres"
    show_change_link = False


@admin.register(Location)
class LocationAdmin(KeptAdmin):
    inlines = (LayoutInline,)
    form = LocationForm
    scope_to_change = "network:write"
    list_display = ("code", "name", "kind", "timezone", "can", "priority", "contents")
    list_filter = ("kind", "ships", "pickup", "returns", "same_day")
    search_fields = ("code", "name")
    fieldsets = (
        (None, {"fields": ("code", "name", "kind", "priority")}),
        ("Where", {"fields": ("address", "latitude", "longitude")}),
        ("When", {"fields": ("timezone", "hours", "exceptions")}),
        (
            "What it does",
            {
                "fields": (
                    ("ships", "same_day"),
                    ("pickup", "returns"),
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # Other systems refer to a location by its code: a new code means a new location.
        return ("code",) if obj else ()

    @display(description="Can")
    def can(self, location: Location) -> str:
        return ", ".join(location.capabilities) or "–"

    @display(description="")
    def contents(self, location: Location) -> SafeString:
        bins = link("Bins", "stores_bin", location__id__exact=location.pk)
        labels = format_html(
            '<a class="text-link" href="{}">Bin labels</a>',
            reverse("bin-labels", args=[location.code]),
        )
        return SafeString(f"{bins} · {labels}")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        facts = {name: getattr(obj, name) for name in LocationFacts.__dataclass_fields__}
        saved, _ = put_location(
            code=obj.code,
            facts=LocationFacts(**facts | {"capabilities": tuple(obj.capabilities)}),
            actor=actor_of(request),
        )
        obj.pk, obj.version = saved.pk, saved.version
        obj._state.adding = False


@admin.register(Bin)
class BinAdmin(PlanAdmin):
    list_display = ("code", "location", "walk")
    list_filter = ("location",)
    list_select_related = ("location",)
    list_per_page = ROWS
    search_fields = ("=code", "location__code")
    autocomplete_fields = ("location",)
    actions = ("print_labels",)

    @admin.action(description="Print labels", permissions=["view"])
    def print_labels(self, request: HttpRequest, queryset: QuerySet[Bin]) -> HttpResponse | None:
        """Redirect to the labels of the chosen bins, which must belong to one location."""
        places = {each.location.code for each in queryset.select_related("location")}
        if len(places) != 1:
            self.message_user(request, "Choose bins of one location.", messages.WARNING)
            return None
        chosen = urlencode([("bin", code) for code in queryset.values_list("code", flat=True)])
        return HttpResponseRedirect(f"{reverse('bin-labels', args=list(places))}?{chosen}")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("location",) if obj else ()


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Channel
        exclude = ("version",)

    def clean_code(self) -> str:
        return check_code(self.cleaned_data["code"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("all_locations"):
            cleaned["locations"] = Location.objects.none()
        return cleaned


@admin.register(Channel)
class ChannelAdmin(KeptAdmin):
    form = ChannelForm
    scope_to_change = "network:write"
    list_display = ("code", "name", "kind", "sells_from")
    list_filter = ("kind",)
    search_fields = ("code", "name")
    autocomplete_fields = ("locations",)
    fields = ("code", "name", "kind", "all_locations", "locations", "ships_without_address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        places = Prefetch("locations", seen(Location.objects.order_by("code"), request))
        answer: QuerySet[Channel] = super().get_queryset(request).prefetch_related(places)
        return answer

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("code",) if obj else ()

    @display(description="Sells from")
    def sells_from(self, channel: Channel) -> str:
        if channel.all_locations:
            return "all locations"
        return ", ".join(location.code for location in channel.locations.all()) or "nowhere"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved, _ = put_channel(
            code=obj.code,
            facts=ChannelFacts(
                name=obj.name,
                kind=obj.kind,
                locations=None if obj.all_locations else list(form.cleaned_data["locations"]),
                ships_without_address=obj.ships_without_address,
            ),
            actor=actor_of(request),
        )
        obj.pk, obj.version = saved.pk, saved.version
        obj._state.adding = False


@admin.register(NetworkRevision)
class NetworkRevisionAdmin(ReadOnlyAdmin):
    list_display = ("id", "revision")
