from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "omniretail.demo"
    label = "demo"
    verbose_name = "Demo"
