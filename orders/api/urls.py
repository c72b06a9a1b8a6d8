"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern

from orders.api import orders

urlpatterns: list[URLPattern] = [
    *orders.urlpatterns,
]
