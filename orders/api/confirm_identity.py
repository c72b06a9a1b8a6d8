"""The second person at the counter, who looked at the customer's document too."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.access.scopes import IDENTITY
from core.api.fields import StrictSerializer
from orders.api.answers import FulfilmentAnswer
from orders.api.fulfilments import StepView
from orders.choices import IdentityDocument
from orders.commands.fulfilment.identity import confirm_identity


class ConfirmIdentityBody(StrictSerializer):
    document = serializers.ChoiceField(IdentityDocument.choices)


class ConfirmIdentityView(StepView):
    scopes = {"POST": IDENTITY}

    @extend_schema(
        operation_id="confirm_identity",
        request=ConfirmIdentityBody,
        responses={200: FulfilmentAnswer},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Confirm that you looked at the customer's document too, within the last minutes.

        For people who are signed in, each as themself. It counts for ten minutes, for a hand-over
        by `identity` with the same kind of document that someone else signs.
        """
        document = IdentityDocument(self.body(ConfirmIdentityBody)["document"])
        return self.step(confirm_identity, code, document=document)


urlpatterns = [path("fulfilments/<str:code>/confirm-identity", ConfirmIdentityView.as_view())]
