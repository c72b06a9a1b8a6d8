"""`/pick-lists`: lists of units to pick in walking order."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.views import ApiView, listed
from core.problems.catalogue import NotFound, ValidationFailed
from orders.api.filters import PickListFilters
from orders.api.pick_list_body import PickListAnswer, PickListBody, WaveAnswer, WaveBody, row_id
from orders.choices import PickMode
from orders.commands.picking.pick_lists import start_pick_list, start_wave
from orders.models import PickList
from orders.queries.pick_lists import (
    count_up,
    pick_list_document,
    pick_list_documents,
)
from stores.models import Location


class PickListsView(ApiView):
    scopes = {"GET": "orders:read", "POST": "fulfilment:write"}
    filterset_class = PickListFilters

    @extend_schema(operation_id="list_pick_lists", responses=listed(PickListAnswer))
    def get(self, request: Request) -> Response:
        """List pick lists, the oldest first."""
        rows = PickList.objects.visible_to(self.actor).select_related("location")
        return self.page(rows, render=pick_list_documents)

    @extend_schema(
        operation_id="start_pick_list", request=PickListBody, responses={201: PickListAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Make a list of a location's open fulfilments: those named, or those with the oldest
        promise.
        """
        body = self.body(PickListBody)

        def effect() -> tuple[int, Any]:
            pick_list = start_pick_list(
                location=_location(body["location"], self.actor),
                mode=PickMode(body["mode"]),
                codes=body.get("fulfilments"),
                max_orders=body.get("max_orders", 12),
                person=body.get("person", ""),
                actor=self.actor,
            )
            return 201, pick_list_document(pick_list)

        return self.act(effect)


class WavesView(ApiView):
    scopes = {"POST": "fulfilment:write"}

    @extend_schema(operation_id="start_wave", request=WaveBody, responses={201: WaveAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Divide a location's open fulfilments among several lists, the oldest promise first."""
        body = self.body(WaveBody)

        def effect() -> tuple[int, Any]:
            location = _location(body["location"], self.actor)
            lists = start_wave(
                location=location,
                size=body.get("orders_per_list", 12),
                max_orders=body.get("max_orders", 1_000),
                actor=self.actor,
            )
            return 201, {"location": location.code, "pick_lists": count_up(lists)}

        return self.act(effect)


def _location(code: str, actor: Principal) -> Location:
    location = Location.objects.visible_to(actor).filter(code=code).first()
    if location is None:
        raise ValidationFailed.at("/location", "There is no such location.", "unknown_location")
    return location


class PickListView(ApiView):
    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="get_pick_list", responses={200: PickListAnswer})
    def get(self, request: Request, identity: str) -> Response:
        """Show one pick list."""
        rows = PickList.objects.visible_to(self.actor).select_related("location")
        pick_list = rows.filter(pk=row_id(identity)).first()
        if pick_list is None:
            raise NotFound("There is no such pick list.")
        return Response(pick_list_documents([pick_list])[0])


urlpatterns = [
    path("pick-lists", PickListsView.as_view()),
    path("pick-lists/waves", WavesView.as_view()),
    path("pick-lists/<str:identity>", PickListView.as_view()),
]
