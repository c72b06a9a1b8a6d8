from __future__ import annotations

from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    name = "omniretail.embedded"
    label = "embedded"
    verbose_name = "Embedded servers"
