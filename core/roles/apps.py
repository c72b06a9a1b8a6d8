from django.apps import AppConfig


class RolesConfig(AppConfig):
    name = "core.roles"
    label = "roles"
    verbose_name = "Database roles"

    def ready(self) -> None:
        from core.roles import checks  # noqa: F401
