"""Run the whole service: database, broker, web server, worker and beat."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.embedded import data_dir
from core.embedded.errors import EmbeddedError
from core.embedded.port import port_number
from core.embedded.supervisor import Supervisor


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # `migrate`, which it runs first, makes them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo retailer")
        parser.add_argument(
            "--port", default=os.environ.get("PORT") or "8000", help="also from PORT; default 8000"
        )
        parser.add_argument(
            "--host", default=os.environ.get("HOST") or "127.0.0.1", help="address to listen on"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Its processes inherit it: only the demo lets in accounts whose password is known to all.
        os.environ["OMNIRETAIL_DEMO"] = "1" if options["demo"] else "0"
        try:
            Supervisor(
                data_dir(),
                host=options["host"],
                port=port_number(options["port"]),
                demo=options["demo"],
            ).run()
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
