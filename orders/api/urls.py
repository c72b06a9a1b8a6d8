"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern

from orders.api import (
    availability,
    confirm_identity,
    customers,
    fulfilments,
    integrity,
    labels,
    orders,
    parcel_label,
    pick_lists,
    picking,
    pickup,
    product_availability,
    returns,
    scan,
    ways_back,
)

urlpatterns: list[URLPattern] = [
    *orders.urlpatterns,
    *fulfilments.urlpatterns,
    *ways_back.urlpatterns,
    *parcel_label.urlpatterns,
    *pickup.urlpatterns,
    *confirm_identity.urlpatterns,
    *pick_lists.urlpatterns,
    *picking.urlpatterns,
    *returns.urlpatterns,
    *customers.urlpatterns,
    *scan.urlpatterns,
    *labels.urlpatterns,
    *availability.urlpatterns,
    *product_availability.urlpatterns,
    *integrity.urlpatterns,
]
