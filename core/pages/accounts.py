"""The addresses of signing in and of a person's second factor; allauth's others stay closed."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView, reauthenticate
from django.conf import settings
from django.urls import include, path

from core.pages import sign_on


class SignInView(LoginView):
    """The one form to sign in with, for the admin and all other pages."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        name = settings.OIDC_NAME if sign_on.is_configured() else ""
        return context | {"sign_on_name": name}


urlpatterns = [
    path("admin/login/", SignInView.as_view(), name="account_login"),
    path("account/confirm/", reauthenticate, name="account_reauthenticate"),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/sign-on/", sign_on.begin, name="sign_on"),
    path("account/sign-on/callback/", sign_on.complete, name="sign_on_callback"),
]
