"""Django's `migrate`, as the role that migrates; then the role that runs gets what it needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate

from core.roles.granting import as_migrator, grant_to


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with as_migrator() as is_another:
            super().handle(*args, **options)
            if is_another and not options["plan"]:
                grant_to(settings.DATABASES["default"]["USER"])
