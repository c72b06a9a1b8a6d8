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
    returns,
    scan,
    ways_back,
)

urlpatterns: list[URLPattern] = [
    *orders.urlpatterns,
    *fulfilments.urlpatterns,
    *ways_back.urlpatterns,
    *pickup.urlpatterns,
    *pick_lists.urlpatterns,
    *returns.urlpatterns,
    *customers.urlpatterns,
    *scan.urlpatterns,
    *availability.urlpatterns,
    *integrity.urlpatterns,
]
