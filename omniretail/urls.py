"""Every address of the service."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("stores.api.urls")),
    path("api/v1/", include("inventory.api.urls")),
    path("api/v1/", include("orders.api.urls")),
]

handler400 = "omniretail.problems.bad_request"
handler404 = "omniretail.problems.not_found"
handler500 = "omniretail.problems.server_error"
