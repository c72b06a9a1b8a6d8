"""Load the demo retailer: shops, stock, orders in every state. Run again, it changes nothing."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from omniretail.demo.load import NotEmpty, load
from omniretail.demo.people import ADMIN, CLIENT, PASSWORD, STAFF, first_key


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            loaded = load(self._report)
        except NotEmpty:
            self._report("This service has data of its own: the demo is left out.")
            return
        if loaded:
            self._report(f"The demo retailer is there after {time.monotonic() - began:.1f} s.")
        else:
            self._report("The demo retailer is there already.")
        self._say_how_to_log_in(with_key=loaded)

    def _say_how_to_log_in(self, *, with_key: bool) -> None:
        names = ", ".join(name for name, _, _ in STAFF)
        self._report(f"  Log in as {ADMIN}, {names}; the password is {PASSWORD} for all of them.")
        self._report("  Everyone knows these passwords: do not offer this service to a network.")
        self._report("  They and the demo's keys work under make demo, and not under make run.")
        if with_key:
            self._report(f"  API key, shown this once: {first_key()}")
        self._report(f"  Another API key: python manage.py issue_api_key {CLIENT}")

    def _report(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
