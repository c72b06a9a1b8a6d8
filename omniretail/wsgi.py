"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omniretail.settings")

application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402  (needs the apps that Django has loaded)

# Import the URLs now: else a process's first request waits 0.4 s for all views.
_patterns = get_resolver().url_patterns
