"""The ground floor: it knows no app of the trade, and every one of them may use it."""

from __future__ import annotations

from django.apps import AppConfig

from core.api import converters


class CoreConfig(AppConfig):
    name = "core"
    label = "core"

    def ready(self) -> None:
        converters.register()
