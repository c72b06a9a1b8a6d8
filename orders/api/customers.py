"""`/customers`: looking up, export and erasure of personal data."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import DatabaseError, transaction
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.permissions import check_scope
from core.access.scopes import READS_CUSTOMERS
from core.api.fields import StrictSerializer, StringField
from core.api.views import ApiView, listed
from core.problems.catalogue import NotFound
from orders.api.answers import OrderAnswer
from orders.api.filters import CustomerFilters
from orders.api.personal import PersonalView
from orders.api.return_answers import ReturnAnswer
from orders.commands.late_copies import clean_late_copies
from orders.commands.privacy import (
    erase_by_email,
    erase_by_order,
    erase_customer,
    export_person,
)
from orders.models import Customer
from orders.queries.customers import customer_document

PRIVACY = "customers:privacy"


class CustomerAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    email = serializers.CharField()
    name = serializers.CharField()
    phone = serializers.CharField()


class CustomersView(PersonalView):
    releases = "customers"
    scopes = {"GET": READS_CUSTOMERS}
    filterset_class = CustomerFilters

    @extend_schema(operation_id="list_customers", responses=listed(CustomerAnswer))
    def get(self, request: Request) -> Response:
        """Look up customers of orders that the client sees; several filters hold together."""
        return self.page(
            Customer.objects.visible_to(self.actor),
            render=lambda found: [customer_document(customer) for customer in found],
        )


class CustomerView(PersonalView):
    releases = "customers"
    scopes = {"GET": READS_CUSTOMERS}

    @extend_schema(operation_id="get_customer", responses=CustomerAnswer)
    def get(self, request: Request, identity: str) -> Response:
        """Return one customer."""
        customer = Customer.objects.visible_to(self.actor).filter(pk=_number(identity)).first()
        if customer is None:
            raise _not_found(identity)
        return Response(customer_document(customer))


def _number(identity: str) -> int:
    """Parse an id of the URL; one outside the column's range is not found."""
    if not (identity.isascii() and identity.isdecimal() and len(identity) < 19):
        raise _not_found(identity)
    return int(identity)


def _not_found(identity: str) -> NotFound:
    return NotFound(f"There is no customer {identity[:32]}.")


class KeptRowAnswer(serializers.Serializer[Any]):
    table = serializers.CharField()
    row = serializers.DictField(help_text="Its id, and its columns with data of the person")


class CustomerExportAnswer(serializers.Serializer[Any]):
    customer = CustomerAnswer()
    orders = OrderAnswer(many=True)
    returns = ReturnAnswer(many=True)
    records = KeptRowAnswer(
        many=True, help_text="Every row with data of the person, copies of orders included"
    )


class ErasureAnswer(serializers.Serializer[Any]):
    id = serializers.CharField(allow_null=True, help_text="Of the first customer; null: a guest")
    customers = serializers.ListField(
        child=serializers.CharField(), help_text="All with the same e-mail"
    )
    erased_at = serializers.DateTimeField()
    orders = serializers.ListField(child=serializers.CharField())
    unfinished_orders = serializers.ListField(
        child=serializers.CharField(), help_text="They have lost their address: look after them"
    )


class ErasureBody(StrictSerializer):
    """The body of an erasure has no members."""


class ErasedPersonBody(StrictSerializer):
    email = StringField(max_length=254, required=False, help_text="In any case")
    order = StringField(max_length=32, required=False, help_text="Of a guest: an order's number")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either email or order.", code="exactly_one")
        return attrs


class CustomerExportView(ApiView):
    scopes = {"GET": PRIVACY}

    @extend_schema(operation_id="export_customer", responses=CustomerExportAnswer)
    @transaction.atomic
    def get(self, request: Request, identity: str) -> Response:
        """Return all data that is stored about a customer, of all with the same e-mail; needs
        `customers:read` as well: a masked export would look like a complete one.

        The audit says who asked for it.
        """
        check_scope(self.actor, READS_CUSTOMERS)
        return Response(export_person(identity=identity, actor=self.actor))


class ErasureView(ApiView):
    scopes = {"POST": PRIVACY}

    def erase(self, effect: Callable[[], dict[str, Any]]) -> HttpResponse:
        """Run an erasure, and look for late copies where no older act runs any more; else the
        sweep does it."""
        answer = self.act(lambda: (200, effect()))
        with suppress(DatabaseError):
            clean_late_copies()
        return answer


class CustomerErasureView(ErasureView):
    @extend_schema(operation_id="erase_customer", request=None, responses=ErasureAnswer)
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Pseudonymise a customer, and all with the same e-mail. Orders, units and prices stay, and
        so does the ledger."""
        self.body(ErasureBody)
        return self.erase(partial(erase_customer, identity=identity, actor=self.actor))


class PersonErasureView(ErasureView):
    @extend_schema(
        operation_id="erase_person", request=ErasedPersonBody, responses={200: ErasureAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Pseudonymise everyone with an e-mail, or the person who placed an order, who may be a
        guest. As for a customer; an e-mail that no customer has is 200 with none."""
        body = self.body(ErasedPersonBody)
        if "order" in body:
            return self.erase(partial(erase_by_order, number=body["order"], actor=self.actor))
        return self.erase(partial(erase_by_email, email=body["email"], actor=self.actor))


urlpatterns = [
    path("customers", CustomersView.as_view()),
    path("customers/erase", PersonErasureView.as_view()),
    path("customers/<str:identity>", CustomerView.as_view()),
    path("customers/<str:identity>/export", CustomerExportView.as_view()),
    path("customers/<str:identity>/erase", CustomerErasureView.as_view()),
]
