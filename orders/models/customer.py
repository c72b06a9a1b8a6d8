"""Customers, known by the shop's id or by e-mail."""

from __future__ import annotations

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from core.access.principal import Principal
from core.access.visibility import Visible


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
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id or str(self.pk)

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """Those with an order that it sees."""
        if not principal.is_tied:
            return Q()
        orders = apps.get_model("orders", "Order").objects.visible_to(principal)
        return Q(Exists(orders.filter(customer=OuterRef("pk"))))
