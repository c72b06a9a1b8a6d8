from __future__ import annotations

from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    name = "core.embedded"
    label = "embedded"
    verbose_name = "Embedded servers"
