"""The addresses of this app under /api/v1/."""

from __future__ import annotations

from stores.api import bin_labels, layouts, locations

urlpatterns = [*locations.urlpatterns, *bin_labels.urlpatterns, *layouts.urlpatterns]
