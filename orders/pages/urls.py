"""The addresses of orders under /staff/."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from core.pages.staff import WORK, Link
from orders.pages import pick, picks

WORK.append(Link(_("Picking"), "picks", "fulfilment:write"))

urlpatterns = [
    path("pick/", picks.picks, name="picks"),
    path("pick/start", picks.start, name="start-picking"),
    path("pick/<int:identity>/", pick.pick, name="pick"),
    path("pick/<int:identity>/short/<int:line_id>/", pick.short, name="pick-short"),
]
