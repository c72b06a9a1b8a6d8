"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern

from inventory.api import (
    bins,
    counts,
    deliveries,
    drift,
    placements,
    reservations,
    skus,
    stock,
    transfers,
)

urlpatterns: list[URLPattern] = [
    *skus.urlpatterns,
    *bins.urlpatterns,
    *placements.urlpatterns,
    *stock.urlpatterns,
    *reservations.urlpatterns,
    *transfers.urlpatterns,
    *deliveries.urlpatterns,
    *drift.urlpatterns,
    *counts.urlpatterns,
]
