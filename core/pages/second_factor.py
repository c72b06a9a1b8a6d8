"""The second factor: who must have one, its codes, and what can be done without."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import segno
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django import forms
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.encoding import force_bytes

from core.access.models import User
from core.access.principal import Principal
from core.access.rate import give_back, spend
from core.access.sessions import end_sessions
from core.audit.models import Outcome
from core.audit.record import record
from core.audit.refusals import record_refusal
from core.metrics.counters import REFUSED
from core.pages.middleware import has_key
from core.pages.signing_in import WINDOW, too_many_attempts
from core.problems.catalogue import SecondFactorRequired
from core.problems.handler import problem_response

GIVEN = "second_factor"  # in the session: the id of the person who has given one
ROLES = frozenset({"manager"})
OF_PERSON = 5  # wrong codes in `WINDOW`
CODE_LASTS = 90.0  # seconds in which the clocks of phone and service may differ

# What a person without a second factor may open: to set it up, and to leave.
OPEN_WITHOUT = ("/account/", "/admin/logout/", "/static/", "/healthz", "/readyz", "/favicon.ico")


def must_have_one(user: User) -> bool:
    """Say whether this person does nothing without a second factor."""
    return (user.is_superuser or user.role in ROLES) and not user.is_demo


def note_given(session: SessionBase, user: User) -> None:
    session[GIVEN] = str(user.pk)


def is_given(session: SessionBase) -> bool:
    return SESSION_KEY in session and session.get(GIVEN) == session[SESSION_KEY]


def take_away(*, user: User, actor: Principal) -> int:
    """Remove the second factor of a person who has lost it, and end their sessions; return how
    many ways to give one are gone. The next sign-in leads to a new one."""
    with transaction.atomic():
        gone: int = Authenticator.objects.filter(user=user).delete()[0]
        end_sessions(user)
        record(
            actor=actor,
            action="second_factor.reset",
            subject=f"users/{user.pk}",
            security=Outcome.DONE,
            person=user.username,
            removed=gone,
        )
    return gone


class SecondFactorMiddleware:
    """Leads people who must have a second factor to it, and lets them do nothing before."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if has_key(request) or SESSION_KEY not in request.session or is_given(request.session):
            return self.get_response(request)
        user = request.user
        if (
            request.path_info.startswith(OPEN_WITHOUT)
            or not isinstance(user, User)
            or not must_have_one(user)
        ):
            return self.get_response(request)
        if request.path_info.startswith("/api/"):
            return problem_response(SecondFactorRequired())
        return HttpResponseRedirect(reverse("mfa_activate_totp"))


class CountedCode(forms.Form):
    """Refuses further codes before any is compared, and a code that was used before."""

    user: User
    authenticator: Authenticator

    def clean_code(self) -> str:
        name = f"second-factor:{self.user.pk}"
        wait = spend(name, OF_PERSON, window=WINDOW).wait
        if wait:
            REFUSED.labels("too_many_sign_ins").inc()
            self._record("second_factor.throttled")
            raise too_many_attempts(wait)
        try:
            code: str = super().clean_code()  # type: ignore[misc]
            if self.authenticator.type == Authenticator.Type.TOTP and self._was_used(code):
                raise DefaultMFAAdapter().validation_error("incorrect_code")
        except forms.ValidationError:
            self._record("second_factor.refused")
            raise
        give_back(name, OF_PERSON, window=WINDOW)
        return code

    def _was_used(self, code: str) -> bool:
        """Say whether a code was given before, to whichever process."""
        digits = "".join(filter(str.isdigit, code))
        mark = hashlib.sha256(f"{self.user.pk}:{digits}".encode()).hexdigest()[:32]
        return bool(spend(f"second-factor:used:{mark}", 1, window=CODE_LASTS).wait)

    def _record(self, action: str) -> None:
        record_refusal(actor=self.user.principal(), action=action, subject=f"users/{self.user.pk}")


class CodeForm(CountedCode, AuthenticateForm):
    pass


class CodeAgainForm(CountedCode, ReauthenticateForm):
    pass


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors encrypted: a copy of the database gives none away."""

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def build_totp_svg(self, url: str) -> str:
        picture = BytesIO()
        segno.make_qr(url, error="m").save(picture, kind="svg", scale=4, border=4)
        return picture.getvalue().decode()

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    mark = hashlib.sha256(b"omniretail second factor:" + force_bytes(key)).digest()
    return base64.urlsafe_b64encode(mark)
