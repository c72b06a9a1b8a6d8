"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern

from inventory.api import (
    bins,
    channels,
    deliveries,
    reservations,
    safety_stock,
    skus,
    stock,
    transfers,
)

urlpatterns: list[URLPattern] = [
    *skus.urlpatterns,
    *channels.urlpatterns,
    *bins.urlpatterns,
    *stock.urlpatterns,
    *reservations.urlpatterns,
    *transfers.urlpatterns,
    *deliveries.urlpatterns,
    *safety_stock.urlpatterns,
]
