"""Customers in the admin. Export and erasure are in the API."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin, Searched, link
from orders.admin.released import ReleasedAdmin
from orders.models import Customer
from orders.queries.finding import customers_named


@admin.register(Customer)
class CustomerAdmin(ReleasedAdmin, Searched, ReadOnlyAdmin):
    released = "customers"
    list_display = ("id", "name", "email", "phone", "external_id", "orders")
    ordering = ("-id",)
    search_help_text = "E-mail or the shop's id of the customer"
    readonly_fields = ("orders",)

    def find(self, word: str) -> Q:
        return customers_named(word)

    @display(description="Orders")
    def orders(self, customer: Customer) -> SafeString:
        return link("Orders", "orders_order", customer__id__exact=customer.pk)
