"""`/channels`: sales channels, with the units ring-fenced for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.permissions import refuse_tied
from core.access.principal import Principal
from core.api.fields import (
    CodeField,
    QuantityField,
    StrictBooleanField,
    StrictSerializer,
    StringField,
)
from core.api.filters import UPDATED_AT
from core.api.views import ApiView, Expect, listed, tagged
from core.database.updated_at import exact_text
from core.problems.catalogue import NotFound, ValidationFailed
from inventory.api.fields import MomentField, SkuField
from inventory.commands.keep_from_sale.ring_fences import Fence, replace_ring_fences
from inventory.models import RingFence
from inventory.queries.sku_codes import named_skus
from inventory.settlement import settlement
from inventory.timestamps import as_text
from stores.api.filters import ChannelFilters
from stores.choices import ChannelKind
from stores.commands.channels import ChannelFacts, put_channel, raise_version
from stores.models import Channel, Location

EVERYWHERE = "all"
MAX_FENCES = 10_000
MAX_LOCATIONS = 5_000


@extend_schema_field(
    {
        "oneOf": [
            {"type": "array", "items": {"type": "string"}},
            {"type": "string", "enum": [EVERYWHERE]},
        ]
    }
)
class SellsFromField(serializers.ListField):
    """A list of location codes, or "all"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=CodeField(), max_length=MAX_LOCATIONS, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return EVERYWHERE if data == EVERYWHERE else super().to_internal_value(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return EVERYWHERE if data == EVERYWHERE else super().run_validation(data)


class RingFenceBody(StrictSerializer):
    sku = SkuField()
    location = CodeField()
    quantity = QuantityField()
    until = MomentField(required=False, allow_null=True)


class ChannelBody(StrictSerializer):
    name = StringField(max_length=200)
    kind = serializers.ChoiceField(ChannelKind.choices)
    locations = SellsFromField()
    ring_fences = serializers.ListField(
        child=RingFenceBody(), max_length=MAX_FENCES, required=False
    )
    ships_without_address = StrictBooleanField(
        required=False,
        default=False,
        help_text="Whether an order to be sent may come before its address",
    )


class RingFenceAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    location = serializers.CharField()
    quantity = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)


class ChannelAnswer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(ChannelKind.choices)
    locations = SellsFromField()
    ring_fences = RingFenceAnswer(many=True)
    ships_without_address = serializers.BooleanField()
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)


class ChannelsView(ApiView):
    scopes = {"GET": "catalogue:read"}
    filterset_class = ChannelFilters

    @extend_schema(operation_id="list_channels", responses={200: listed(ChannelAnswer)})
    def get(self, request: Request) -> Response:
        """List channels."""
        return self.page(
            _shown_channels(self.actor),
            render=lambda found: [render_channel(channel) for channel in found],
        )


class ChannelView(ApiView):
    scopes = {"GET": "catalogue:read", "PUT": "network:write"}
    has_etag = True

    @extend_schema(operation_id="get_channel", responses={200: ChannelAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show a channel: the locations it sells from, and its ring fences."""
        channel = _shown_channels(self.actor).filter(code=code).first()
        if channel is None:
            raise NotFound()
        return tagged(render_channel(channel), channel.version)

    @extend_schema(
        operation_id="put_channel",
        request=ChannelBody,
        responses={200: ChannelAnswer, 201: ChannelAnswer},
    )
    def put(self, request: Request, code: str) -> Response:
        """Create or replace a channel. Units that it no longer fences fill backorders at once."""
        refuse_tied(self.actor, channels=True)
        code = CodeField().run_validation(code)
        if not self.actor.sees_channel(code):
            raise NotFound()
        body = self.body(ChannelBody)

        def put(expect: Expect) -> tuple[Channel, bool]:
            locations, fences = _look_up(body, actor=self.actor)
            channel, created = put_channel(
                code=code,
                facts=ChannelFacts(
                    name=body["name"],
                    kind=body["kind"],
                    locations=locations,
                    ships_without_address=body["ships_without_address"],
                ),
                actor=self.actor,
                expect=expect,
            )
            touched = replace_ring_fences(channel=channel, fences=fences, actor=self.actor)
            if touched and not created:
                raise_version(channel)
            settlement().fill_backorders(sku_ids=touched, actor=self.actor)
            return _shown_channels(self.actor).get(pk=channel.pk), created

        return self.replace(put, render=render_channel)


def _look_up(
    body: dict[str, Any], *, actor: Principal
) -> tuple[list[Location] | None, list[Fence]]:
    """Turn the codes of a body into rows, or refuse all that are wrong at once."""
    asked = body.get("ring_fences", [])
    named = [] if body["locations"] == EVERYWHERE else body["locations"]
    codes = {*named, *(fence["location"] for fence in asked)}
    locations = {
        location.code: location
        for location in Location.objects.filter(code__in=codes)
        if actor.sees_location(location.code)
    }
    skus = named_skus({fence["sku"] for fence in asked})
    errors = [
        _error(f"/locations/{index}", f"There is no location {code}.", "unknown_location")
        for index, code in enumerate(named)
        if code not in locations
    ]
    seen: set[tuple[str, str]] = set()  # the SKU as it is spelt, and the location
    for index, fence in enumerate(asked):
        sku, location, at = fence["sku"], fence["location"], f"/ring_fences/{index}"
        if sku not in skus:
            errors.append(_error(f"{at}/sku", f"There is no SKU {sku}.", "unknown_sku"))
        if location not in locations:
            errors.append(
                _error(f"{at}/location", f"There is no location {location}.", "unknown_location")
            )
        elif body["locations"] != EVERYWHERE and location not in named:
            errors.append(
                _error(
                    f"{at}/location",
                    f"The channel does not sell from {location}: nothing can be kept for it there.",
                    "not_sold_from",
                )
            )
        fenced = (skus[sku].code if sku in skus else sku, location)
        if fenced in seen:
            errors.append(
                _error(at, f"{sku} at {location} is ring-fenced twice.", "duplicate_ring_fence")
            )
        seen.add(fenced)
    if errors:
        raise ValidationFailed(errors)
    return (
        None if body["locations"] == EVERYWHERE else [locations[code] for code in named],
        [
            Fence(
                skus[fence["sku"]].id,
                locations[fence["location"]].pk,
                fence["quantity"],
                fence.get("until"),
            )
            for fence in asked
        ],
    )


def _error(pointer: str, detail: str, code: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail, "code": code}


def _shown_channels(actor: Principal) -> QuerySet[Channel]:
    """Return the channels that an actor sees, with what concerns it of each."""
    fences = RingFence.objects.visible_to(actor).select_related("sku", "location")
    places = Location.objects.visible_to(actor)
    return (
        Channel.objects.visible_to(actor)
        .prefetch_related(Prefetch("locations", places))
        .prefetch_related(Prefetch("ring_fences", fences.order_by("sku__code", "location__code")))
    )


def render_channel(channel: Channel) -> dict[str, Any]:
    return {
        "code": channel.code,
        "name": channel.name,
        "kind": channel.kind,
        "locations": EVERYWHERE
        if channel.all_locations
        else [location.code for location in channel.locations.all()],
        "ring_fences": list(_rendered_fences(channel.ring_fences.all())),
        "ships_without_address": channel.ships_without_address,
        "updated_at": exact_text(channel.updated_at),
    }


def _rendered_fences(fences: Iterable[RingFence]) -> Iterable[dict[str, Any]]:
    for fence in fences:
        yield {
            "sku": fence.sku.code,
            "location": fence.location.code,
            "quantity": fence.quantity,
            "until": as_text(fence.until),
        }


urlpatterns = [
    path("channels", ChannelsView.as_view()),
    path("channels/<str:code>", ChannelView.as_view()),
]
