"""Admin pages beside the model admins: under /admin/, before the model admins' URLs."""

from __future__ import annotations

from django.urls import URLPattern

from inventory.pages import set_apart as setting_apart
from inventory.pages import time_travel

urlpatterns: list[URLPattern] = [*time_travel.urlpatterns, *setting_apart.urlpatterns]
