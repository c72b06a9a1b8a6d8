"""What the processes of `process_pool` are copies of: the service, loaded once."""

from __future__ import annotations

import gc
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "omniretail.settings"

from django.conf import settings

import omniretail.wsgi  # noqa: F401  sets Django up and reads every view
import tests.conftest  # noqa: F401

settings.ALLOWED_HOSTS.append("testserver")  # as Django's runner does in its own process

# A copy that tidied up what it shares would have to copy all of it first.
gc.freeze()
