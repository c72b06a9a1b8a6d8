from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "omniretail.audit"
    label = "audit"
    verbose_name = "Audit"
