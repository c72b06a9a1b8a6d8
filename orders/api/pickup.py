"""Pickup at the counter: ready, the customer's pass, hand-over, giving up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.access.scopes import PASS
from core.api.fields import MAX_LINES, CodeField, QuantityField, StrictSerializer, StringField
from core.api.views import ApiView
from core.problems.catalogue import Forbidden, NotFound
from inventory.timestamps import as_text
from orders.api.answers import FulfilmentAnswer
from orders.api.fulfilments import NothingBody, StepView, UnitsBody, units_of
from orders.choices import FulfilmentType, IdentityDocument
from orders.commands.fulfilment.expire_pickups import expire_pickup
from orders.commands.fulfilment.hand_over import hand_over, make_ready
from orders.commands.fulfilment.pickup_time import LONGEST_DAYS, extend_pickup
from orders.commands.fulfilment.proof import Identity, Proof
from orders.commands.fulfilment.visit import hand_over_all
from orders.models import Fulfilment
from orders.models.fulfilment import UNFINISHED
from orders.pickup_code import pickup_pass
from orders.queries.documents import fulfilment_documents

PROOFS = ("code", "qr", "identity")
IDENTITY = "pickup:identity"


class ReadyBody(StrictSerializer):
    bay = StringField(max_length=64, required=False, allow_blank=True, default="")


class IdentityBody(StrictSerializer):
    document = serializers.ChoiceField(IdentityDocument.choices)
    second_person = StringField(
        max_length=150, required=False, help_text="Who looked at it too, where two must"
    )


class ProofBody(StrictSerializer):
    code = StringField(max_length=32, required=False, help_text="The six digits")
    qr = StringField(max_length=256, required=False, help_text="The text of the QR code")
    identity = IdentityBody(
        required=False, help_text="A document that was looked at; needs `pickup:identity`"
    )
    collected_by = StringField(
        max_length=200, required=False, help_text="Who came for the customer"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(name in attrs for name in PROOFS) != 1:
            raise serializers.ValidationError(
                "Give exactly one of code, qr and identity.", code="exactly_one"
            )
        return attrs


class CollectBody(ProofBody):
    lines = UnitsBody(  # type: ignore[call-arg]
        many=True,
        required=False,
        allow_empty=False,
        max_length=MAX_LINES,
        help_text="Without it: everything; else the rest stays ready",
    )


class VisitBody(ProofBody):
    location = CodeField()
    fulfilments = serializers.ListField(
        child=StringField(max_length=40),
        required=False,
        min_length=1,
        max_length=MAX_LINES,
        help_text="Without it: all that wait for that customer",
    )


class HandedOverAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    fulfilments = FulfilmentAnswer(many=True)


def proof_in(body: dict[str, Any], actor: Principal) -> Proof:
    """Return the proof of a body. Who looks at documents needs a scope for it."""
    if "identity" not in body:
        return Proof(code=body.get("code", ""), qr=body.get("qr", ""))
    if not actor.may(IDENTITY):
        raise Forbidden(f"This needs the scope {IDENTITY}.", scope=IDENTITY)
    identity = body["identity"]
    document = IdentityDocument(identity["document"])
    return Proof(identity=Identity(document, identity.get("second_person", "")))


@extend_schema_field({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]})
class UntilField(serializers.Field[Any, Any, Any, Any]):
    """A time (RFC 3339), or a date: its closing time."""

    default_error_messages = {"invalid": "Give a time with its zone, or a date as 2026-12-24."}

    def to_internal_value(self, data: Any) -> datetime | date:
        try:
            if isinstance(data, str):
                return parse_date(data) or aware(parse_datetime(data))
        except (ValueError, OverflowError):
            pass
        self.fail("invalid")


def aware(at: datetime | None) -> datetime:
    if at is None or at.tzinfo is None:
        raise ValueError
    return at


class ExtendBody(StrictSerializer):
    until = UntilField(
        required=False, help_text="A time or a date: it ends at the closing time after that"
    )
    days = QuantityField(
        required=False, max_value=LONGEST_DAYS, help_text="Opening days of the shop, added"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either until or days.", code="exactly_one")
        return attrs


class PickupPassAnswer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Six digits, to be said or typed")
    qr = serializers.CharField(help_text="The text of a QR code, to be shown")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Null until ready")


class ReadyView(StepView):
    @extend_schema(
        operation_id="ready_fulfilment", request=ReadyBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Put all units into a bay and notify the customer.

        They wait until closing time of the shop, seven of its opening days later.
        """
        return self.step(make_ready, code, bay=self.body(ReadyBody)["bay"])


class CollectView(StepView):
    @extend_schema(
        operation_id="collect_fulfilment", request=CollectBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Hand over to the customer, who shows the pass or an identity document.

        After five wrong codes only a checked identity is accepted.
        """
        body = self.body(CollectBody)
        return self.step(
            hand_over,
            code,
            proof=proof_in(body, self.actor),
            lines=units_of(body["lines"]) if "lines" in body else None,
            collected_by=body.get("collected_by", ""),
        )


class HandOversView(ApiView):
    scopes = {"POST": "fulfilment:write"}

    @extend_schema(operation_id="hand_over", request=VisitBody, responses={201: HandedOverAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Hand over all parcels of a customer that wait at a shop, in one visit.

        The code or the QR code of any of them opens all of that customer's, and is checked against
        all that wait there. With an identity document, `fulfilments` names them. Codes that fit
        none are counted: after twenty within an hour the parcels must be named.
        """
        body = self.body(VisitBody)
        proof = proof_in(body, self.actor)

        def effect() -> tuple[int, Any]:
            given = hand_over_all(
                location=body["location"],
                proof=proof,
                fulfilments=body.get("fulfilments"),
                collected_by=body.get("collected_by", ""),
                actor=self.actor,
            )
            documents = fulfilment_documents([each.pk for each in given])
            return 201, {"location": body["location"], "fulfilments": list(documents.values())}

        return self.act(effect)


class ExpireView(StepView):
    @extend_schema(
        operation_id="expire_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Give up a pickup whose time is over, as the sweep does: a refund is requested.

        The goods are on sale again once they are put back. 409 `pickup_not_over` before its time:
        to end it early, cancel it.
        """
        self.body(NothingBody)
        return self.step(expire_pickup, code)


class ExtendView(StepView):
    @extend_schema(
        operation_id="extend_fulfilment", request=ExtendBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Give the customer more time, until closing time of an opening day of the shop."""
        return self.step(extend_pickup, code, **self.body(ExtendBody))


class PickupPassView(ApiView):
    scopes = {"GET": PASS}

    @extend_schema(operation_id="get_pickup_pass", responses={200: PickupPassAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show the pass of a pickup that waits, for the shop to show to its customer.

        All of one order at one shop have the same code, and any of their QR codes opens them.

        Only clients of the order's channel get it: who hands over must not know the code.
        """
        at_counter = self.actor.locations is not None and self.actor.channels is None
        fulfilment = (
            Fulfilment.objects.visible_to(self.actor)
            .filter(code=code, type=FulfilmentType.PICKUP, state__in=UNFINISHED)
            .select_related("location")
            .first()
        )
        if at_counter or fulfilment is None:
            raise NotFound("There is no pickup pass here.")
        shown = pickup_pass(fulfilment.code, fulfilment.location.code)
        return Response(
            {
                "code": shown.code,
                "qr": shown.qr,
                "expires_at": as_text(fulfilment.pickup_expires_at),
            },
            headers={"Cache-Control": "no-store"},
        )


urlpatterns = [
    path("hand-overs", HandOversView.as_view()),
    path("fulfilments/<str:code>/ready", ReadyView.as_view()),
    path("fulfilments/<str:code>/collect", CollectView.as_view()),
    path("fulfilments/<str:code>/expire", ExpireView.as_view()),
    path("fulfilments/<str:code>/extend", ExtendView.as_view()),
    path("fulfilments/<str:code>/pickup-pass", PickupPassView.as_view()),
]
