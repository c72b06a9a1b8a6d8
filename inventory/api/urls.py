"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern

from inventory.api import (
    adjustments,
    as_of,
    bins,
    channels,
    count_apply,
    counts,
    deliveries,
    drift,
    keep_rules,
    placements,
    receipts,
    reservations,
    safety_stock,
    skus,
    snapshots,
    stock,
    transfers,
    unavailable,
)

urlpatterns: list[URLPattern] = [
    *adjustments.urlpatterns,
    *as_of.urlpatterns,
    *bins.urlpatterns,
    *channels.urlpatterns,
    *count_apply.urlpatterns,
    *counts.urlpatterns,
    *deliveries.urlpatterns,
    *drift.urlpatterns,
    *keep_rules.urlpatterns,
    *placements.urlpatterns,
    *receipts.urlpatterns,
    *reservations.urlpatterns,
    *safety_stock.urlpatterns,
    *skus.urlpatterns,
    *snapshots.urlpatterns,
    *stock.urlpatterns,
    *transfers.urlpatterns,
    *unavailable.urlpatterns,
]
