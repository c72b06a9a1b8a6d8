"""What the processes of `process_pool` are copies of: the service, loaded once."""

from __future__ import annotations

import gc
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "omniretail.settings"

import omniretail.wsgi  # noqa: F401  sets Django up and reads every view
import tests.conftest  # noqa: F401

# A copy that tidied up what it shares would have to copy all of it first.
gc.freeze()
