"""The addresses of orders under /staff/."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from core.pages.staff import WORK, Link
from orders.pages import parcels, pick, picks

WORK.append(Link(_("Picking"), "picks", "fulfilment:write"))

WORK.append(Link(_("Parcels"), "parcels", "fulfilment:write"))

urlpatterns = [
    path("pick/", picks.picks, name="picks"),
    path("pick/start", picks.start, name="start-picking"),
    path("pick/<int:identity>/", pick.pick, name="pick"),
    path("parcels/", parcels.parcels, name="parcels"),
    path("parcels/<str:code>/", parcels.parcel, name="parcel"),
    path("pick/<int:identity>/short/<int:line_id>/", pick.short, name="pick-short"),
]
