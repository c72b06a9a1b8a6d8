from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "omniretail.idempotency"
    label = "idempotency"
    verbose_name = "Idempotency"
