"""`/returns`: goods that come back through any channel, to any location."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import EmptyBody
from core.api.views import ApiView, listed
from inventory.api.scan_body import LabelledUnitsAnswer
from inventory.queries.labels import labels_of
from orders.api.filters import ReturnFilters
from orders.api.one_return import OneReturnView
from orders.api.return_answers import ReturnAnswer
from orders.api.return_body import (
    DecisionsBody,
    References,
    ResolutionBody,
    ReturnBody,
    ReturnReceiptBody,
    requested_units,
)
from orders.api.return_label import ReturnLabelView
from orders.choices import Disposition, DropOff, Resolution
from orders.commands.returns.change_resolution import change_resolution
from orders.commands.returns.dispose_return import Decision, dispose_return
from orders.commands.returns.finish_return import cancel_return, close_return
from orders.commands.returns.receive_return import Arrival, receive_return
from orders.commands.returns.request_return import Announced, ReturnRequest, request_return
from orders.models import Return
from orders.queries.returns import (
    decidable_returns,
    endable_returns,
    return_document,
    return_documents,
    takeable_returns,
)
from stores.choices import LocationKind
from stores.queries.network import Network, Place


class ReturnsView(ApiView):
    scopes = {"GET": "orders:read", "POST": "returns:write"}
    filterset_class = ReturnFilters

    @extend_schema(operation_id="list_returns", responses=listed(ReturnAnswer))
    def get(self, request: Request) -> Response:
        """List returns, the newest first."""
        return self.page(Return.objects.visible_to(self.actor), render=_documents)

    @extend_schema(operation_id="request_return", request=ReturnBody, responses={201: ReturnAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Announce a return, of an order from any channel or without an order.

        409 `not_returnable` outside of the policy; the scope `returns:override` waives its window.
        """
        body = self.body(ReturnBody)

        def effect() -> tuple[int, Any]:
            ret = request_return(request=self._request(body), actor=self.actor)
            return 201, return_document(ret.pk)

        return self.act(effect)

    def _request(self, body: dict[str, Any]) -> ReturnRequest:
        references = References(self.actor)
        channel = references.channel(body["channel"], "/channel")
        order_id = references.order_id(body["order"], "/order") if body.get("order") else None
        sku_ids = references.sku_ids(body["lines"], order_id)
        place = _drop_off_place(body["drop_off"], references)
        references.check()
        assert channel is not None
        return ReturnRequest(
            order_id=order_id,
            channel_id=channel.id,
            lines=[
                Announced(requested_units(line), sku_id, line["reason"])
                for line, sku_id in zip(body["lines"], sku_ids, strict=True)
            ],
            resolution=body["resolution"],
            drop_off=DropOff(body["drop_off"]["type"]),
            drop_off_location_id=place.id if place else None,
        )


def _documents(found: list[Return]) -> list[dict[str, Any]]:
    documents = return_documents([ret.pk for ret in found])
    return [documents[ret.pk] for ret in found]


def _drop_off_place(drop_off: dict[str, Any], references: References) -> Place | None:
    """Return the location that gets the goods, if it is known. A parcel without one goes to
    `_returns_desk`, what is brought to a shop to the one shop of the actor."""
    code = drop_off.get("location")
    if not code and drop_off["type"] == DropOff.PARCEL:
        return _returns_desk(references.network)
    mine = references.actor.locations or ()
    if not code and len(mine) == 1:
        (code,) = mine
    if not code:
        return None
    place = references.location(code, "/drop_off/location")
    if place and not place.returns:
        references.refuse(
            "/drop_off/location", f"{code} takes no returns from customers.", "takes_no_returns"
        )
    return place


def _returns_desk(network: Network) -> Place | None:
    """Return the default location of parcels: a warehouse before a store, then by priority."""
    desks = [place for place in network.places.values() if place.returns]
    return min(
        desks,
        key=lambda place: (place.kind != LocationKind.WAREHOUSE, place.priority, place.code),
        default=None,
    )


class LabelledReturnAnswer(ReturnAnswer):
    labels = LabelledUnitsAnswer(many=True, required=False, help_text="Where they were given")


class ReturnView(OneReturnView):
    @extend_schema(operation_id="get_return", responses=LabelledReturnAnswer)
    def get(self, request: Request, identity: str) -> Response:
        """Return one return, with the lots and serial numbers that came back."""
        ret = self.ret(identity)
        return Response(return_document(ret.pk) | labels_of(f"returns/{ret.pk}"))


class ReturnReceiptsView(OneReturnView):
    @extend_schema(
        operation_id="receive_return",
        request=ReturnReceiptBody,
        responses={201: ReturnAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Receive goods, at any location; units that were not announced are added.

        409 `not_returnable` for more units than left. Units that are `missing` move no stock and
        are not refunded.
        """
        body = self.body(ReturnReceiptBody)

        def effect() -> tuple[int, Any]:
            ret = self.ret(identity, among=takeable_returns)
            references = References(self.actor)
            place = references.location(body["location"], "/location")
            sku_ids = references.sku_ids(body["lines"], ret.order_id)
            references.check()
            assert place is not None
            receive_return(
                return_id=ret.pk,
                location_id=place.id,
                arrivals=[
                    Arrival(
                        requested_units(line, missing=line["disposition"] == Disposition.MISSING),
                        sku_id,
                        Disposition(line["disposition"]),
                        lot=line.get("lot", ""),
                        serial=line.get("serial", ""),
                    )
                    for line, sku_id in zip(body["lines"], sku_ids, strict=True)
                ],
                actor=self.actor,
            )
            return 201, return_document(ret.pk)

        return self.act(effect)


class ReturnDispositionsView(OneReturnView):
    @extend_schema(
        operation_id="dispose_return", request=DecisionsBody, responses={201: ReturnAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Decide on inspected units. 409 `not_in_inspection` for more units than wait there."""
        body = self.body(DecisionsBody)

        def effect() -> tuple[int, Any]:
            ret = self.ret(identity, among=decidable_returns)
            references = References(self.actor)
            places = [
                references.location(line["location"], f"/lines/{index}/location")
                for index, line in enumerate(body["lines"])
            ]
            sku_ids = references.sku_ids(body["lines"], ret.order_id)
            references.check()
            dispose_return(
                return_id=ret.pk,
                decisions=[
                    Decision(
                        requested_units(line, location=line["location"]),
                        sku_id,
                        place.id,
                        Disposition(line["disposition"]),
                    )
                    for line, sku_id, place in zip(body["lines"], sku_ids, places, strict=True)
                    if place is not None  # else `check` has refused
                ],
                actor=self.actor,
            )
            return 201, return_document(ret.pk)

        return self.act(effect)


class ReturnResolutionView(OneReturnView):
    @extend_schema(
        operation_id="change_return_resolution", request=ResolutionBody, responses=ReturnAnswer
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Turn an exchange into a refund of what no exchange has taken."""
        body = self.body(ResolutionBody)

        def effect() -> tuple[int, Any]:
            ret = change_resolution(
                return_id=self.ret(identity, among=endable_returns).pk,
                resolution=Resolution(body["resolution"]),
                actor=self.actor,
            )
            return 200, return_document(ret.pk)

        return self.act(effect)


class EndReturnView(OneReturnView):
    """Base of closing and cancelling a return by `command`."""

    command: Callable[..., Return]

    def end(self, identity: str) -> HttpResponse:
        self.body(EmptyBody)

        def effect() -> tuple[int, Any]:
            ret = self.ret(identity, among=endable_returns)
            ret = type(self).command(return_id=ret.pk, actor=self.actor)
            return 200, return_document(ret.pk)

        return self.act(effect)


class CloseReturnView(EndReturnView):
    command = staticmethod(close_return)

    @extend_schema(operation_id="close_return", request=None, responses=ReturnAnswer)
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Close a return; units that have not come may be announced again."""
        return self.end(identity)


class CancelReturnView(EndReturnView):
    command = staticmethod(cancel_return)

    @extend_schema(operation_id="cancel_return", request=None, responses=ReturnAnswer)
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Cancel a return before anything has come."""
        return self.end(identity)


urlpatterns = [
    path("returns", ReturnsView.as_view()),
    path("returns/<str:identity>", ReturnView.as_view()),
    path("returns/<str:identity>/receipts", ReturnReceiptsView.as_view()),
    path("returns/<str:identity>/dispositions", ReturnDispositionsView.as_view()),
    path("returns/<str:identity>/resolution", ReturnResolutionView.as_view()),
    path("returns/<str:identity>/close", CloseReturnView.as_view()),
    path("returns/<str:identity>/cancel", CancelReturnView.as_view()),
    path("returns/<str:identity>/label", ReturnLabelView.as_view()),
]
