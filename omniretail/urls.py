"""Every address of the service."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from core.pages import accounts
from omniretail.api import documents, health, metrics
from omniretail.api import events as feed
from omniretail.files.api import exports, imports
from omniretail.overview.page import home

urlpatterns = [
    path("", home),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    *metrics.urlpatterns,
    path("favicon.ico", RedirectView.as_view(url="/static/overview/mark.svg")),
    *accounts.urlpatterns,
    path("staff/", include("omniretail.overview.urls")),
    path("staff/", include("orders.pages.urls")),
    path("admin/", include("inventory.pages.urls")),
    path("admin/", admin.site.urls),
    path("problems/", documents.problem_list),
    path("problems/<str:code>", documents.problem_page),
    path("api/v1/openapi.json", documents.openapi, name="openapi"),
    path("api/v1/docs", documents.api_pages),
    path("api/v1/", include("orders.api.urls")),  # first: they are asked most
    path("api/v1/", include("stores.api.urls")),
    path("api/v1/", include("inventory.api.urls")),
    path("api/v1/", include(imports.urlpatterns)),
    path("api/v1/", include(exports.urlpatterns)),
    path("api/v1/", include(feed.urlpatterns)),
]

handler400 = "core.problems.handler.bad_request"
handler404 = "core.problems.handler.not_found"
handler500 = "core.problems.handler.server_error"
