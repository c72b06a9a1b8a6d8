"""`/orders`: placing, looking up, cancelling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.fast_path import FastView
from core.api.fields import MAX_ITEMS, MAX_LINES, QuantityField, StrictSerializer, StringField
from core.api.views import ApiView, listed
from core.idempotency.answers import IdempotencyKey
from core.idempotency.execute import Outcome as Answered
from core.idempotency.execute import respond
from core.idempotency.group_commit import GroupCommit
from core.problems.catalogue import DomainError, NotFound, ValidationFailed
from core.problems.handler import as_problem
from inventory.timestamps import as_text
from orders.api.answers import (
    BatchAnswer,
    OrderAnswer,
    QuoteAnswer,
    SourcingAnswer,
    TimelineAnswer,
)
from orders.api.filters import OrderFilters
from orders.api.order_body import OrderBody, read_order
from orders.commands.fulfilment.cancel import cancel_order
from orders.commands.placing.place import Outcome, place_orders
from orders.commands.placing.quote import quote
from orders.commands.placing.requests import OrderRequest
from orders.models import Order
from orders.queries.documents import order_document, order_documents, returnable_document
from orders.queries.finding import returnable_orders
from orders.queries.timeline import read_timeline
from orders.retention import SOURCING_RECEIPTS
from orders.sourcing import read_receipt


def _place(
    requests: Sequence[OrderRequest], actor: Principal, *, use_savepoint: bool = True
) -> list[Answered]:
    return [
        outcome.problem or (outcome.status, outcome.document)
        for outcome in place_orders(requests, actor=actor, use_savepoint=use_savepoint)
    ]


_commit = GroupCommit(_place, first_try=partial(_place, use_savepoint=False))


class OrdersView(FastView):
    scopes = {"GET": "orders:read", "POST": "orders:write"}
    filterset_class = OrderFilters

    @extend_schema(operation_id="list_orders", responses=listed(OrderAnswer))
    def get(self, request: Request) -> Response:
        """List orders, the newest first."""
        return self.page(
            Order.objects.visible_to(self.actor),
            render=lambda orders: _documents([order.pk for order in orders]),
        )

    @extend_schema(
        operation_id="place_order",
        request=OrderBody,
        responses={201: OrderAnswer, 200: OrderAnswer},
    )
    def post(self, request: Request) -> HttpResponse:
        """Place an order: all or nothing, unless it allows a part or a backorder.

        A known external id answers 200 with the order that it named before.
        """
        wanted = read_order(self.json_object())
        return respond(_commit.execute(IdempotencyKey.of(request), wanted, self.actor))


def _documents(identities: list[int]) -> list[dict[str, Any]]:
    documents = order_documents(identities)
    return [documents[identity] for identity in identities]


class BatchBody(StrictSerializer):
    orders = serializers.ListField(child=serializers.JSONField(), max_length=MAX_ITEMS)


class BatchRequest(serializers.Serializer[Any]):
    """How a batch reads in the OpenAPI document; each order is checked on its own."""

    orders = OrderBody(many=True, max_length=MAX_ITEMS)  # type: ignore[call-arg]


class OrderBatchView(ApiView):
    scopes = {"POST": "orders:write"}

    @extend_schema(operation_id="place_orders", request=BatchRequest, responses={200: BatchAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Place up to 1,000 orders; each stands alone and has its own status."""
        bodies = self.body(BatchBody)["orders"]

        def effect() -> tuple[int, Any]:
            outcomes: dict[int, Outcome] = {}
            wanted = {}
            for index, body in enumerate(bodies):
                try:
                    wanted[index] = _checked(body)
                except DomainError as problem:
                    outcomes[index] = Outcome.refused(problem)
            placed = place_orders(list(wanted.values()), actor=self.actor)
            outcomes |= dict(zip(wanted, placed, strict=True))
            return 200, {"results": [_result(body, outcomes[i]) for i, body in enumerate(bodies)]}

        return self.act(effect)


def _checked(body: Any) -> OrderRequest:
    if not isinstance(body, dict):
        raise ValidationFailed.at("", "An order is a JSON object.", "not_an_object")
    try:
        return read_order(body)
    except serializers.ValidationError as error:
        raise as_problem(error) from error


def _result(body: Any, outcome: Outcome) -> dict[str, Any]:
    named = body.get("external_id") if isinstance(body, dict) else None
    result = {"external_id": named if isinstance(named, str) else None, "status": outcome.status}
    if outcome.problem:
        return result | {"problem": outcome.problem.document()}
    return result | {"order": outcome.document}


class OneOrderView(ApiView):
    """An endpoint of one order that this client may see."""

    scopes = {"GET": "orders:read", "POST": "orders:write"}

    def order(self, number: str) -> Order:
        order = Order.objects.visible_to(self.actor).filter(number=number).first()
        if order is None:
            raise NotFound(f"There is no order {number[:32]}.")
        return order


class OrderView(OneOrderView):
    @extend_schema(operation_id="get_order", responses=OrderAnswer)
    def get(self, request: Request, number: str) -> Response:
        """Return one order.

        A shop that may take returns finds any order, to take goods of it back: of one that does not
        concern it the answer tells goods and prices, and nothing of the customer.
        """
        try:
            return Response(order_document(self.order(number)))
        except NotFound:
            foreign = returnable_orders(self.actor).filter(number=number).first()
            if foreign is None:
                raise
        return Response(returnable_document(foreign))


class TimelineView(OneOrderView):
    @extend_schema(operation_id="get_order_timeline", responses=TimelineAnswer)
    def get(self, request: Request, number: str) -> Response:
        """Tell the order's story: one line per fact, from any channel."""
        order = self.order(number)
        return Response({"order": order.number, "results": read_timeline(order.number)})


class SourcingView(OneOrderView):
    @extend_schema(operation_id="get_order_sourcing", responses=SourcingAnswer)
    def get(self, request: Request, number: str) -> Response:
        """Return the sourcing receipts: why these locations, at each decision."""
        order = self.order(number)
        decisions = [
            {
                "occasion": decision.occasion,
                "decided_at": as_text(decision.decided_at),
                "receipt": read_receipt(decision.receipt),
            }
            for decision in order.sourcing_receipts.order_by("id")
        ]
        kept_days = SOURCING_RECEIPTS.days or None
        return Response({"order": order.number, "kept_days": kept_days, "decisions": decisions})


class CancelLineBody(StrictSerializer):
    line_id = StringField(max_length=64)
    quantity = QuantityField()


class CancellationBody(StrictSerializer):
    # Not `many=True`: what may be null there is each line as well.
    lines = serializers.ListField(
        child=CancelLineBody(), required=False, allow_null=True, min_length=1, max_length=MAX_LINES
    )
    reason = StringField(max_length=500)


class CancellationsView(OneOrderView):
    @extend_schema(
        operation_id="cancel_order", request=CancellationBody, responses={201: OrderAnswer}
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Cancel units that have not left; without lines, all that can be."""
        body = self.body(CancellationBody)
        lines = body.get("lines")

        def effect() -> tuple[int, Any]:
            order = cancel_order(
                number=self.order(number).number,
                lines=lines and [(line["line_id"], line["quantity"]) for line in lines],
                reason=body["reason"],
                actor=self.actor,
            )
            return 201, order_document(order)

        return self.act(effect)


class QuoteView(ApiView):
    scopes = {"POST": "orders:read"}
    reads_only = True

    @extend_schema(operation_id="quote_sourcing", request=OrderBody, responses={200: QuoteAnswer})
    def post(self, request: Request) -> Response:
        """Say where an order would come from, and why; nothing is reserved."""
        return Response(quote(read_order(self.json_object()), actor=self.actor))


urlpatterns = [
    path("orders", OrdersView.as_view()),
    path("orders/batch", OrderBatchView.as_view()),
    path("orders/<str:number>", OrderView.as_view()),
    path("orders/<str:number>/timeline", TimelineView.as_view()),
    path("orders/<str:number>/sourcing", SourcingView.as_view()),
    path("orders/<str:number>/cancellations", CancellationsView.as_view()),
    path("sourcing/quote", QuoteView.as_view()),
]
