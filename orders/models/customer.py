"""Customers, known by the shop's id or by e-mail."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Func, Q, TextField

_DIGITS = r"ltrim(regexp_replace({}, '\D', '', 'g'), '0')"


class Digits(Func):
    """The digits of a phone number, without the noughts before a country or an area."""

    template = _DIGITS.format("%(expressions)s")
    output_field = TextField()


class Words(Func):
    """What a customer is searched by: name, e-mail and the digits of the phone, in small letters.

    The query has to be written as the index is, else PostgreSQL does not use it.
    """

    template = "lower(%(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = TextField()

    def __init__(self, name: str, email: str, phone: str, **more: Any) -> None:
        super().__init__(name, email, Digits(phone), **more)


class Customer(models.Model):
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
            GinIndex(
                OpClass(Words("name", "email", "phone"), name="gin_trgm_ops"), name="customer_words"
            ),
        ]

    def __str__(self) -> str:
        return f"Customer {self.pk}"  # stands in titles, which all see who open the page
