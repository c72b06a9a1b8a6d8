"""Steps of a fulfilment that lead back, or to an early end."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api.fields import CodeField, StrictSerializer, StringField
from orders.api.answers import FulfilmentAnswer
from orders.api.fulfilments import NothingBody, StepView
from orders.api.personal import PersonalView
from orders.choices import AfterLoss, ReturningReason
from orders.commands.fulfilment.cancel import cancel_fulfilment
from orders.commands.fulfilment.evacuate import evacuate
from orders.commands.fulfilment.lost_parcels import find_parcel, lose_parcel, send_back
from orders.commands.fulfilment.move import move_pickup
from orders.commands.fulfilment.put_back import put_back
from orders.commands.fulfilment.turn_back import turn_back
from orders.commands.fulfilment.unpack import unpack


class CancelFulfilmentBody(StrictSerializer):
    reason = StringField(max_length=500)


class LostBody(StrictSerializer):
    instead = serializers.ChoiceField(
        AfterLoss.choices, default=AfterLoss.REFUND, help_text="What the customer gets"
    )
    reason = StringField(
        required=False, default="", max_length=500, help_text="What the carrier says"
    )


class ReturningBody(StrictSerializer):
    reason = serializers.ChoiceField(ReturningReason.choices, default=ReturningReason.UNDELIVERABLE)


class MovePickupBody(StrictSerializer):
    location = CodeField(help_text="The shop where the customer collects instead")


class LostView(StepView):
    @extend_schema(
        operation_id="lose_fulfilment", request=LostBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Record that the carrier lost the parcel: it is refunded, or sent again from anywhere.

        No stock moves: the goods left when they were shipped.
        """
        body = self.body(LostBody)
        instead = AfterLoss(body["instead"])
        return self.step(lose_parcel, code, instead=instead, reason=body["reason"])


class FoundView(StepView):
    @extend_schema(
        operation_id="find_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Take a lost parcel in that came back to its sender: its units are to be put back."""
        self.body(NothingBody)
        return self.step(find_parcel, code)


class ReturningView(StepView):
    @extend_schema(
        operation_id="return_fulfilment", request=ReturningBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Record that the carrier brings the parcel back: its units are announced as a return."""
        reason = ReturningReason(self.body(ReturningBody)["reason"])
        return self.step(send_back, code, reason=reason)


class TurnBackView(StepView):
    @extend_schema(
        operation_id="turn_back_fulfilment",
        request=NothingBody,
        responses={200: FulfilmentAnswer},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Take a box in again whose van turned back: it is packed where it came from."""
        self.body(NothingBody)
        return self.step(turn_back, code)


class MoveView(StepView):
    @extend_schema(
        operation_id="move_fulfilment", request=MovePickupBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Let the customer collect at another shop: goods that are not there are sent to it."""
        return self.step(move_pickup, code, **self.body(MovePickupBody))


class EvacuateBody(StrictSerializer):
    pickups_to = CodeField(
        required=False, help_text="Where customers collect instead; without it they are left"
    )


class EvacuatedAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    moved = serializers.ListField(child=serializers.CharField(), help_text="Fulfilments")
    left = serializers.ListField(
        child=serializers.CharField(), help_text="Fulfilments that a person must see to"
    )
    more = serializers.BooleanField(help_text="Call again: more can be moved")


class EvacuateView(PersonalView):
    scopes = {"POST": "fulfilment:write"}

    @extend_schema(
        operation_id="evacuate_location", request=EvacuateBody, responses={200: EvacuatedAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Move the open and picked work of a building that closes, a hundred fulfilments a call.

        What it was to send is sourced again from other buildings; its pickups go to `pickups_to`.
        Closed boxes, goods on their way and what waits in a bay are left. New orders are not kept
        from it: take its capabilities away first.
        """
        body = self.body(EvacuateBody)

        def effect() -> tuple[int, Any]:
            done = evacuate(location=code, pickups_to=body.get("pickups_to"), actor=self.actor)
            return 200, {
                "location": code,
                "moved": done.moved,
                "left": done.left,
                "more": done.more,
            }

        return self.act(effect)


class UnpackView(StepView):
    @extend_schema(
        operation_id="unpack_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Open the box or the bay again: the units are picked still, and can be changed."""
        self.body(NothingBody)
        return self.step(unpack, code)


class PutBackView(StepView):
    @extend_schema(
        operation_id="put_back_fulfilment", request=NothingBody, responses={200: FulfilmentAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Put the units back that lie in its box, tote or bay and are not wanted there any more.

        They are on sale again, or go to orders that wait.
        """
        self.body(NothingBody)
        return self.step(put_back, code)


class CancelFulfilmentView(StepView):
    @extend_schema(
        operation_id="cancel_fulfilment",
        request=CancelFulfilmentBody,
        responses={200: FulfilmentAnswer},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Cancel all its units that have not left, and ask for their refund.

        Those in a tote, a box or a bay are to be put back; the others are on sale at once.
        """
        return self.step(cancel_fulfilment, code, **self.body(CancelFulfilmentBody))


urlpatterns = [
    path("locations/<str:code>/evacuate", EvacuateView.as_view()),
    path("fulfilments/<str:code>/lost", LostView.as_view()),
    path("fulfilments/<str:code>/found", FoundView.as_view()),
    path("fulfilments/<str:code>/returning", ReturningView.as_view()),
    path("fulfilments/<str:code>/turn-back", TurnBackView.as_view()),
    path("fulfilments/<str:code>/move", MoveView.as_view()),
    path("fulfilments/<str:code>/unpack", UnpackView.as_view()),
    path("fulfilments/<str:code>/put-back", PutBackView.as_view()),
    path("fulfilments/<str:code>/cancel", CancelFulfilmentView.as_view()),
]
