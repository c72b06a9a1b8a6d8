from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "omniretail.imports"
    label = "imports"
    verbose_name = "Imports"
