"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern

from orders.api import fulfilments, orders, pick_lists, pickup, returns

urlpatterns: list[URLPattern] = [
    *orders.urlpatterns,
    *fulfilments.urlpatterns,
    *pickup.urlpatterns,
    *pick_lists.urlpatterns,
    *returns.urlpatterns,
]
