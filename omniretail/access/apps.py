from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "omniretail.access"
    label = "access"
    verbose_name = "Access"
