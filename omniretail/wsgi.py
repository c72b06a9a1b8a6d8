"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omniretail.settings")

_application = get_wsgi_application()

from omniretail.express import ExpressLane  # noqa: E402  (needs the apps that Django has loaded)

application = ExpressLane(_application)
