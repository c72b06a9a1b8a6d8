"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omniretail.settings")

_application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402  (these need the apps that Django has loaded)

from core.api.express import ExpressLane  # noqa: E402

# Read now: else a process's first request beside the lane waits 0.4 s for every door.
_doors = get_resolver().url_patterns
application = ExpressLane(_application)
