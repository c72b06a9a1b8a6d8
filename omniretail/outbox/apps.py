from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "omniretail.outbox"
    label = "outbox"
    verbose_name = "Outbox"
