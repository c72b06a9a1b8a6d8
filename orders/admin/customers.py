"""Customers in the admin. Export and erasure are in the API."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from core.admin.base import actor_of, link
from orders.admin.people import PeopleSearched
from orders.admin.released import ReleasedAdmin
from orders.masking import masked_email, masked_name, masked_phone, masked_shop_id
from orders.models import Customer
from orders.queries.finding import customers_named


@admin.register(Customer)
class CustomerAdmin(ReleasedAdmin, PeopleSearched):
    personal = ("name", "email", "phone", "external_id")
    released = "customers"
    list_display = ("id", "name", "email", "phone", "external_id", "orders")
    ordering = ("-id",)
    search_help_text = "E-mail or the shop's id of the customer"
    readonly_fields = ("orders",)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may_read = actor_of(request).may("customers:read")
        return may_read and super().has_view_permission(request, obj)

    def find(self, word: str) -> Q:
        return customers_named(word)

    @display(description="Name")
    def masked_name(self, customer: Customer) -> str:
        return masked_name(customer.name)

    @display(description="E-mail")
    def masked_email(self, customer: Customer) -> str:
        return masked_email(customer.email)

    @display(description="Phone")
    def masked_phone(self, customer: Customer) -> str:
        return masked_phone(customer.phone)

    @display(description="External id")
    def masked_external_id(self, customer: Customer) -> str:
        return masked_shop_id(customer.external_id or "") or "–"

    @display(description="Orders")
    def orders(self, customer: Customer) -> SafeString:
        return link("Orders", "orders_order", customer__id__exact=customer.pk)
