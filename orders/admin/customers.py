"""Customers in the admin. Export and erasure are in the API."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin, Searched, link
from orders.models import Customer


def customers_named(word: str) -> Q:
    """Return the customers with this e-mail or this external id.

    E-mails are in two indexes, of customers with and without an id; both are searched.
    """
    named = Q(external_id=word)
    if "@" in word:
        mailed = Q(email__in={word, word.lower()})
        named |= mailed & Q(external_id__isnull=True) | mailed & Q(external_id__isnull=False)
    return named


@admin.register(Customer)
class CustomerAdmin(Searched, ReadOnlyAdmin):
    list_display = ("id", "name", "email", "phone", "external_id", "orders")
    ordering = ("-id",)
    search_help_text = "E-mail or the shop's id of the customer"
    readonly_fields = ("orders",)

    def find(self, word: str) -> Q:
        return customers_named(word)

    @display(description="Orders")
    def orders(self, customer: Customer) -> SafeString:
        return link("Orders", "orders_order", customer__id__exact=customer.pk)
