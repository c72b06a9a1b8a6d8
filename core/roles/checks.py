"""`manage.py check --deploy`: whether one role of the database may do everything."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Tags, Warning, register


@register(Tags.security, deploy=True)
def check_roles(**_: Any) -> list[Warning]:
    entry = settings.MIGRATE_DATABASE
    is_one = entry is None or entry["USER"] == settings.DATABASES["default"]["USER"]
    if not is_one:
        return []
    return [
        Warning(
            "The service runs as the role of the database that owns its tables: it could rewrite "
            "the audit.",
            hint="Give it a role of its own: `manage.py database_roles` says how.",
            id="omniretail.W001",
        )
    ]
