"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from stores.api import locations

urlpatterns = [*locations.urlpatterns]
