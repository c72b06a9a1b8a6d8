"""What a role lets a member of staff look at in the admin."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend, ModelBackend

from core.access.models import User

# What the floor and the call centre need to see; keys, accounts and stored answers are not.
LOOKED_AT = frozenset({"stores", "inventory", "orders", "imports"})


class Accounts(ModelBackend):
    """Names and passwords; asked again of each request whose session names an account."""

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user) and (settings.DEMO or not user.is_demo)


class RolePermissions(BaseBackend):
    """Roles may look at the work; what they may do is decided by scopes, at the endpoints.

    Changing the catalogue and the network in the admin stays with superusers, and with those
    who were given Django's own permissions.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        app, _, name = perm.partition(".")
        return (
            isinstance(user_obj, User)
            and user_obj.is_active
            and bool(user_obj.role)
            and app in LOOKED_AT
            and name.startswith("view_")
        )

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self.has_perm(user_obj, f"{app_label}.view_")
