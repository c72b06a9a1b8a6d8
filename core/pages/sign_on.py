"""Single sign-on by OpenID Connect, with the provider that the operator names.

allauth leads through the flow (state, PKCE, code for token). What it leaves to the project is here:
the issuer, the signature and the nonce are checked, and whose account it is. No account is made.
"""

from __future__ import annotations

import secrets
from typing import Any, NoReturn, cast

import jwt
import requests
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from core.access.backends import Accounts
from core.access.models import User
from core.audit.refusals import UNKNOWN, record_refusal

WELL_KNOWN = "/.well-known/openid-configuration"
# Signed with a key that only the provider has; never by the client secret, never unsigned.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
LEEWAY = 60  # seconds between the clocks of provider and service
PATIENCE = 5  # seconds for an answer of the provider

UNKNOWN_PERSON = _("There is no staff account for you here. Ask an administrator.")
FAILED = _("The sign-in by your organisation did not succeed. Try again, or ask an administrator.")


class SignOnError(OAuth2Error):
    """What the provider said is not to be believed; `why` is for the security log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def is_configured() -> bool:
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID)


@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider, with a state and a nonce that the session keeps."""
    if not is_configured():
        raise Http404
    provider = get_adapter(request).get_provider(request, settings.OIDC_ISSUER)
    nonce = secrets.token_urlsafe(24)
    asked = {"nonce": nonce}
    if request.user.is_authenticated:
        asked["prompt"] = "login"  # who is signed in already is here to sign in anew
    try:
        return cast(
            HttpResponse,
            provider.redirect(
                request,
                process="login",
                next_url=get_next_redirect_url(request),
                auth_params=asked,
                nonce=nonce,
            ),
        )
    except (OAuth2Error, requests.RequestException) as error:
        return _refuse(request, _why(error))


@never_cache
@require_GET
def complete(request: HttpRequest) -> HttpResponse:
    """Take the provider's answer."""
    if not is_configured():
        raise Http404
    view = OAuth2CallbackView.adapter_view(StrictProvider(request, settings.OIDC_ISSUER))
    return cast(HttpResponse, view(request))


class StrictProvider(OpenIDConnectOAuth2Adapter):
    """Believes the issuer that is configured, and what it has signed for this service."""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: Any = super().openid_config
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not isinstance(config, dict) or not all(config.get(name) for name in needed):
            raise SignOnError("discovery")
        if config.get("issuer") != settings.OIDC_ISSUER:
            raise SignOnError("issuer")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("sign_on_callback"))

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: Any, **more: Any
    ) -> SocialLogin:
        claims = self._verified(more["response"].get("id_token") or "")
        known = claims
        if "email" not in claims and self.openid_config.get("userinfo_endpoint"):
            known = self._fetch_user_info(token.token)
            if not isinstance(known, dict) or known.get("sub") != claims["sub"]:
                raise SignOnError("userinfo")
        # No more is kept of a person than is needed to find them.
        kept = {
            "sub": claims["sub"],
            "nonce": str(claims.get("nonce", "")),
            "email": str(known.get("email") or ""),
            "email_verified": known.get("email_verified") is True,
        }
        return self.get_provider().sociallogin_from_response(request, {"id_token": kept})

    def _verified(self, id_token: str) -> dict[str, Any]:
        """Return the claims of an ID token that the issuer has signed for this service, lately."""
        try:
            keys = jwt.PyJWKClient(
                self.openid_config["jwks_uri"], cache_keys=False, timeout=PATIENCE
            )
            claims: dict[str, Any] = jwt.decode(
                id_token,
                keys.get_signing_key_from_jwt(id_token).key,
                algorithms=ALGORITHMS,
                audience=settings.OIDC_CLIENT_ID,
                issuer=settings.OIDC_ISSUER,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise SignOnError(f"token: {type(error).__name__}") from error
        if claims.get("azp", settings.OIDC_CLIENT_ID) != settings.OIDC_CLIENT_ID:
            raise SignOnError("token: made for another")
        return claims


class ConfiguredProvider(OpenIDConnectProvider):
    oauth2_adapter_class = StrictProvider


class SignOnAdapter(DefaultSocialAccountAdapter):
    """Finds the account of whom the provider names, and lets no one in without one."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        if not is_configured():
            return []
        return [
            SocialApp(
                provider="openid_connect",
                # With a stored subject: those of another issuer are other people's.
                provider_id=settings.OIDC_ISSUER,
                name=settings.OIDC_NAME,
                client_id=settings.OIDC_CLIENT_ID,
                secret=settings.OIDC_CLIENT_SECRET,
                settings={
                    "server_url": settings.OIDC_ISSUER.rstrip("/") + WELL_KNOWN,
                    "oauth_pkce_enabled": True,
                },
            )
        ]

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> ConfiguredProvider:
        return ConfiguredProvider(request, app=self.get_app(request, provider))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Tie the sign-in to a member of staff, or refuse it."""
        claims = sociallogin.account.extra_data["id_token"]
        asked = sociallogin.state.get("nonce") or ""
        if not asked or not constant_time_compare(claims["nonce"], asked):
            _stop(request, "nonce")
        if sociallogin.is_existing:
            person = sociallogin.user
        else:
            person = self._find(request, claims)
        assert isinstance(person, User)
        if not Accounts().user_can_authenticate(person):
            _stop(request, "not_staff", person)
        if not sociallogin.is_existing:
            account = sociallogin.account
            sociallogin.account, _made = SocialAccount.objects.get_or_create(
                provider=account.provider,
                uid=account.uid,
                defaults={"user": person, "extra_data": account.extra_data},
            )
            if sociallogin.account.user_id != person.pk:
                _stop(request, "another_subject", person)
            sociallogin.user = person
        request.is_second_factor_given = settings.OIDC_SECOND_FACTOR  # type: ignore[attr-defined]

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        if error == AuthError.CANCELLED:
            _stop(request, "cancelled")
        _stop(request, _why(exception) if exception else "state")

    def _find(self, request: HttpRequest, claims: dict[str, Any]) -> User:
        """Return the one member of staff with this verified e-mail address.

        Who has signed on before is known by the subject alone: an address may be given to someone
        else one day.
        """
        if not claims["email"] or not claims["email_verified"]:
            _stop(request, "email_not_verified")
        found = list(User.objects.filter(email__iexact=claims["email"], is_demo=False)[:2])
        if len(found) != 1:
            _stop(request, "ambiguous" if found else "unknown_person")
        if SocialAccount.objects.filter(user=found[0], provider=settings.OIDC_ISSUER).exists():
            _stop(request, "another_subject", found[0])
        return found[0]


def _stop(request: HttpRequest, why: str, person: User | None = None) -> NoReturn:
    raise ImmediateHttpResponse(_refuse(request, why, person))


def _refuse(request: HttpRequest, why: str, person: User | None = None) -> HttpResponse:
    """Record that a sign-in was refused, and lead back to the form that says so."""
    record_refusal(
        actor=UNKNOWN if person is None else person.principal(),
        action="sign_in.refused",
        subject="sign-on" if person is None else f"users/{person.pk}",
        why=why,
    )
    is_unknown = why in ("unknown_person", "not_staff", "another_subject", "email_not_verified")
    messages.error(request, str(UNKNOWN_PERSON if is_unknown else FAILED))
    return HttpResponseRedirect(reverse("account_login"))


def _why(error: Exception) -> str:
    if isinstance(error, SignOnError):
        return error.why
    return "provider" if isinstance(error, OAuth2Error) else "unreachable"
