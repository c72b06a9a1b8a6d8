"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern

from orders.api import (
    availability,
    customers,
    fulfilments,
    integrity,
    orders,
    pick_lists,
    pickup,
    product_availability,
    returns,
    scan,
)

urlpatterns: list[URLPattern] = [
    *orders.urlpatterns,
    *fulfilments.urlpatterns,
    *pickup.urlpatterns,
    *pick_lists.urlpatterns,
    *returns.urlpatterns,
    *customers.urlpatterns,
    *scan.urlpatterns,
    *availability.urlpatterns,
    *product_availability.urlpatterns,
    *integrity.urlpatterns,
]
