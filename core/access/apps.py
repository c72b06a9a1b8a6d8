from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "core.access"
    label = "access"
    verbose_name = "Access"

    def ready(self) -> None:
        from core.access import sessions  # noqa: F401  (listens to people who sign in)
