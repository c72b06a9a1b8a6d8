"""The service for developing it: it starts again at every change of its code.

The web is Django's development server, a worker with its schedule runs beside it, PostgreSQL and
the broker are those of DATA_DIR unless DATABASE_URL and CELERY_BROKER_URL name others.
"""

from __future__ import annotations

import atexit
import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.management.commands import runserver
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV

from core.embedded import data_dir
from core.embedded.broker import Broker
from core.embedded.children import Child, end_leftovers
from core.embedded.connection import is_broker_embedded
from core.embedded.errors import EmbeddedError
from core.embedded.locks import Lock
from core.embedded.port import port_number

GRACE = 5  # seconds for the tasks under way when all stops


class Command(runserver.Command):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.default_addr = os.environ.get("HOST") or self.default_addr
            self.default_port = str(port_number(os.environ.get("PORT") or self.default_port))
            if os.environ.get(DJANGO_AUTORELOAD_ENV):
                super().handle(*args, **options)
            else:
                self.keep_servers(*args, **options)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error

    def keep_servers(self, *args: Any, **options: Any) -> None:
        """Keep what stays through every reload, and end it with the command."""
        home = data_dir()
        lock, broker = Lock(home / "serve.lock"), Broker(home)
        if not lock.take():
            raise EmbeddedError(f"{home} is being served already: stop that first.")
        end_leftovers(home, grace=GRACE)
        try:
            if is_broker_embedded():
                broker.start()
            call_command("migrate", interactive=False, verbosity=0)
            super().handle(*args, **options)
        finally:
            end_leftovers(home, grace=GRACE)
            if is_broker_embedded():
                broker.stop()
            lock.release()

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Serve until the code changes, with a worker that has read the same code."""
        arguments = ("-m", "celery", "--app", "omniretail", "worker", "--beat", "--pool", "solo")
        schedule = str(data_dir() / "beat-schedule")
        quiet = ("--loglevel", "WARNING", "--without-gossip", "--without-mingle")
        worker = Child(
            "worker",
            data_dir(),
            (*arguments, "--schedule", schedule, *quiet),
            role="worker",
            grace=GRACE,
        )
        worker.start()
        atexit.register(worker.stop)
        super().inner_run(*args, **options)
