"""Customers, known by the shop's id or by e-mail."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q, TextField

from core.access.principal import Principal
from core.access.visibility import Visible


class Digits(Func):
    """The digits of a phone number, without the noughts before a country or an area."""

    template = r"ltrim(regexp_replace(%(expressions)s, '\D', '', 'g'), '0')"
    output_field = TextField()


class Words(Func):
    """What a customer is searched by: each word of the name, the e-mail, the digits of the phone.

    Whole words in small letters, as they stand: a parser of prose would take addresses apart.
    """

    template = (
        "array_to_tsvector(array_remove(string_to_array(lower(%(expressions)s), ' ', ''), NULL))"
    )
    arg_joiner = " || ' ' || "
    output_field = SearchVectorField()

    def __init__(self, name: str, email: str, phone: str, **more: Any) -> None:
        super().__init__(name, email, Digits(phone), **more)


class Customer(Visible):
    """One person who orders."""

    external_id = models.CharField(max_length=128, null=True, blank=True)
    email = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["external_id"], name="customer_external_id_once"),
            models.UniqueConstraint(
                fields=["email"],
                condition=Q(external_id__isnull=True) & ~Q(email=""),
                name="customer_email_once",
            ),
        ]
        indexes = [
            # Of those who have an id of the shop: the others' are in `customer_email_once`.
            models.Index(
                fields=["email"],
                name="customer_known_email",
                condition=Q(external_id__isnull=False) & ~Q(email=""),
            ),
            # Kept up to date at once: what waits in a list would be added by one order for
            # thousands of others.
            GinIndex(Words("name", "email", "phone"), fastupdate=False, name="customer_words"),
        ]

    def __str__(self) -> str:
        return f"Customer {self.pk}"  # stands in titles, which all see who open the page

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Those with an order that it sees."""
        if not principal.is_tied:
            return Q()
        orders = apps.get_model("orders", "Order").objects.visible_to(principal)
        return Q(Exists(orders.filter(customer=OuterRef("pk"))))
