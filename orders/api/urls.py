"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern

from orders.api import (
    adjustments,
    as_of,
    availability,
    channels,
    counts,
    customers,
    delivery_receipts,
    fulfilments,
    integrity,
    keep_rules,
    orders,
    pick_lists,
    pickup,
    receipts,
    returns,
    safety_stock,
    scan,
    snapshots,
    transfer_receipts,
    unavailable,
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
    *channels.urlpatterns,
    *safety_stock.urlpatterns,
    *keep_rules.urlpatterns,
    *integrity.urlpatterns,
    *receipts.urlpatterns,
    *delivery_receipts.urlpatterns,
    *adjustments.urlpatterns,
    *as_of.urlpatterns,
    *counts.urlpatterns,
    *snapshots.urlpatterns,
    *transfer_receipts.urlpatterns,
    *unavailable.urlpatterns,
]
