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
    delivery_receipts,
    drift,
    keep_rules,
    placements,
    receipts,
    reservations,
    safety_stock,
    skus,
    snapshots,
    stock,
    transfer_receipts,
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
    *delivery_receipts.urlpatterns,
    *drift.urlpatterns,
    *keep_rules.urlpatterns,
    *placements.urlpatterns,
    *receipts.urlpatterns,
    *reservations.urlpatterns,
    *safety_stock.urlpatterns,
    *skus.urlpatterns,
    *snapshots.urlpatterns,
    *stock.urlpatterns,
    *transfer_receipts.urlpatterns,
    *transfers.urlpatterns,
    *unavailable.urlpatterns,
]
