"""`/customers/{id}`: export and erasure of personal data."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import StrictSerializer
from core.api.views import ApiView
from core.audit.source import release
from core.problems.catalogue import NotFound
from orders.api.answers import OrderAnswer
from orders.api.return_answers import ReturnAnswer
from orders.commands.privacy import erase_customer
from orders.models import Customer
from orders.queries.privacy import export_customer, visible_customer


class CustomerAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    email = serializers.CharField()
    name = serializers.CharField()
    phone = serializers.CharField()


class KeptDecisionAnswer(serializers.Serializer[Any]):
    order = serializers.CharField()
    occasion = serializers.CharField()
    decided_at = serializers.DateTimeField()
    receipt = serializers.DictField()


class KeptEventAnswer(serializers.Serializer[Any]):
    type = serializers.CharField()
    time = serializers.DateTimeField()
    subject = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]


class CustomerExportAnswer(serializers.Serializer[Any]):
    customer = CustomerAnswer()
    orders = OrderAnswer(many=True)
    returns = ReturnAnswer(many=True)
    sourcing = KeptDecisionAnswer(many=True)
    events = KeptEventAnswer(many=True)


class ErasureAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    erased_at = serializers.DateTimeField()
    orders = serializers.ListField(child=serializers.CharField())
    unfinished_orders = serializers.ListField(
        child=serializers.CharField(), help_text="They have lost their address: look after them"
    )


class ErasureBody(StrictSerializer):
    """The body of an erasure has no members."""


class OneCustomerView(ApiView):
    scopes = {"GET": "customers:privacy", "POST": "customers:privacy"}

    def customer(self, identity: str) -> Customer:
        customer = visible_customer(identity, self.actor)
        if customer is None:
            raise NotFound(f"There is no customer {identity[:32]}.")
        return customer


class CustomerExportView(OneCustomerView):
    @extend_schema(operation_id="export_customer", responses=CustomerExportAnswer)
    def get(self, request: Request, identity: str) -> Response:
        """Return all data that is stored about a customer."""
        customer = self.customer(identity)
        release("customers")
        return Response(export_customer(customer))


class CustomerErasureView(OneCustomerView):
    @extend_schema(operation_id="erase_customer", request=None, responses=ErasureAnswer)
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Pseudonymise a customer. Orders, units and prices stay, and so does the ledger."""
        self.body(ErasureBody)

        def effect() -> tuple[int, Any]:
            return 200, erase_customer(customer_id=self.customer(identity).pk, actor=self.actor)

        return self.act(effect)


urlpatterns = [
    path("customers/<str:identity>/export", CustomerExportView.as_view()),
    path("customers/<str:identity>/erase", CustomerErasureView.as_view()),
]
