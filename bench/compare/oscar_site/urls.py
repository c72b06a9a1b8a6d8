from __future__ import annotations

from django.urls import path

from oscar_site.orders import place_order

urlpatterns = [
    path("orders", place_order, {"locked": False}),
    path("orders/locked", place_order, {"locked": True}),
]
