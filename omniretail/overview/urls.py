"""The addresses under /staff/ that all pages of the floor share."""

from __future__ import annotations

from django.urls import path

from core.pages.staff import change_language
from omniretail.overview.today import today
from stores.pages.places import change_place

urlpatterns = [
    path("", today, name="today"),
    path("place", change_place, name="change-place"),
    path("language", change_language, name="change-language"),
]
