"""What a process of the nursery has loaded before it gets anything to do."""

from __future__ import annotations

import gc
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "omniretail.settings"

import omniretail.wsgi  # noqa: F401  sets Django up and reads every door
import tests.conftest  # noqa: F401

# A copy that tidied up what it shares would have to copy all of it first.
gc.freeze()
