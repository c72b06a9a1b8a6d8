"""`/fulfilments`: one location's work for one order, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import MAX_LINES, QuantityField, StrictSerializer, StringField
from core.api.views import ApiView, listed
from core.problems.catalogue import NotFound
from inventory.api.scan_body import LabelledUnitsAnswer
from inventory.queries.labels import labels_of
from orders.api.answers import FulfilmentAnswer
from orders.api.filters import FulfilmentFilters
from orders.choices import RejectReason
from orders.commands.fulfilment.fulfil import accept, deliver, pack, pick, ship
from orders.commands.fulfilment.reject import Refusal, reject
from orders.models import Fulfilment
from orders.queries.documents import fulfilment_document, fulfilment_documents
from orders.queries.serials import fulfilment_reference


class NothingBody(StrictSerializer):
    """An empty object: this action takes no members."""


class UnitsBody(StrictSerializer):
    line_id = StringField(max_length=64)
    quantity = QuantityField()


class PickBody(StrictSerializer):
    lines = UnitsBody(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]


class ShipBody(StrictSerializer):
    """A parcel to a customer needs both; a box for another shop leaves on its transfer."""

    carrier = StringField(max_length=64, required=False)
    tracking_number = StringField(max_length=128, required=False)


class RefusalBody(UnitsBody):
    reason = serializers.ChoiceField(RejectReason.choices, required=False)


class RejectBody(StrictSerializer):
    lines = RefusalBody(  # type: ignore[call-arg]
        many=True,
        required=False,
        allow_empty=False,
        max_length=MAX_LINES,
        help_text="Without it: everything",
    )
    reason = serializers.ChoiceField(
        RejectReason.choices, default=RejectReason.OTHER, help_text="For lines that give none"
    )


def units_of(lines: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(line["line_id"], line["quantity"]) for line in lines]


class FulfilmentsView(ApiView):
    scopes = {"GET": "orders:read"}
    filterset_class = FulfilmentFilters

    @extend_schema(operation_id="list_fulfilments", responses=listed(FulfilmentAnswer))
    def get(self, request: Request) -> Response:
        """List fulfilments, the oldest first."""
        return self.page(Fulfilment.objects.visible_to(self.actor), render=_documents)


def _documents(fulfilments: list[Fulfilment]) -> list[dict[str, Any]]:
    documents = fulfilment_documents([fulfilment.pk for fulfilment in fulfilments])
    return [documents[fulfilment.pk] for fulfilment in fulfilments]


class LabelledFulfilmentAnswer(FulfilmentAnswer):
    labels = LabelledUnitsAnswer(many=True, required=False, help_text="Where labels were read")


class FulfilmentView(ApiView):
    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="get_fulfilment", responses={200: LabelledFulfilmentAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show one fulfilment, with the lots and serial numbers that were picked for it."""
        fulfilment = Fulfilment.objects.visible_to(self.actor).filter(code=code).first()
        if fulfilment is None:
            raise NotFound("There is no such fulfilment.")
        return Response(fulfilment_document(fulfilment) | labels_of(fulfilment_reference(code)))


class StepView(ApiView):
    """Base of a fulfilment's steps: runs the command under the Idempotency-Key, shows the
    result.
    """

    scopes = {"POST": "fulfilment:write"}

    def step(self, command: Callable[..., Fulfilment], code: str, **given: Any) -> HttpResponse:
        def effect() -> tuple[int, Any]:
            fulfilment = command(code=code, actor=self.actor, **given)
            return 200, fulfilment_document(fulfilment)

        return self.act(effect)


class AcceptView(StepView):
    @extend_schema(
        operation_id="accept_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Accept the fulfilment. On a repeat the first accepter stays."""
        self.body(NothingBody)
        return self.step(accept, code)


class RejectView(StepView):
    @extend_schema(
        operation_id="reject_fulfilment", request=RejectBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Reject units that this location cannot supply: they are sourced elsewhere at once.

        Units not found or damaged cannot be promised again until they are counted or inspected.
        """
        body = self.body(RejectBody)
        refusals = None
        if "lines" in body:
            refusals = [
                Refusal(
                    line["line_id"],
                    line["quantity"],
                    RejectReason(line.get("reason", body["reason"])),
                )
                for line in body["lines"]
            ]
        return self.step(reject, code, refusals=refusals, reason=RejectReason(body["reason"]))


class PickView(StepView):
    @extend_schema(
        operation_id="pick_fulfilment", request=PickBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Add picked units, without a pick list."""
        return self.step(pick, code, lines=units_of(self.body(PickBody)["lines"]))


class PackView(StepView):
    @extend_schema(
        operation_id="pack_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Close the box, when all units that are still wanted are in it."""
        self.body(NothingBody)
        return self.step(pack, code)


class ShipView(StepView):
    @extend_schema(
        operation_id="ship_fulfilment", request=ShipBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Ship the box with a carrier, or send it to its shop: the goods leave the stock."""
        return self.step(ship, code, **self.body(ShipBody))


class DeliverView(StepView):
    @extend_schema(
        operation_id="deliver_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Record that the customer has the parcel."""
        self.body(NothingBody)
        return self.step(deliver, code)


urlpatterns = [
    path("fulfilments", FulfilmentsView.as_view()),
    path("fulfilments/<str:code>", FulfilmentView.as_view()),
    path("fulfilments/<str:code>/accept", AcceptView.as_view()),
    path("fulfilments/<str:code>/reject", RejectView.as_view()),
    path("fulfilments/<str:code>/pick", PickView.as_view()),
    path("fulfilments/<str:code>/pack", PackView.as_view()),
    path("fulfilments/<str:code>/ship", ShipView.as_view()),
    path("fulfilments/<str:code>/deliver", DeliverView.as_view()),
]
