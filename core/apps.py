"""What every app builds on. It imports none of them."""

from __future__ import annotations

from django.apps import AppConfig

from core.api import converters


class CoreConfig(AppConfig):
    name = "core"
    label = "core"

    def ready(self) -> None:
        # It listens to people who sign in. Models are there only now.
        from core.pages import security_events  # noqa: F401

        converters.register()
