"""Signing in with a password: so many wrong ones for an account, and from an address.

Every way to give a password leads through `AccountAdapter.authenticate`: the form to sign in, and
the one that asks again before a sensitive act.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.forms import LoginForm
from allauth.core import context
from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.access.address import address_of
from core.access.digests import keyed_digest
from core.access.models import User
from core.access.rate import give_back, spend
from core.access.sessions import BEGAN
from core.audit.refusals import UNKNOWN, record_refusal
from core.metrics.counters import REFUSED
from core.pages.sign_on import is_configured
from core.problems.catalogue import Overloaded

WINDOW = 600.0  # seconds
OF_ACCOUNT = 10  # attempts in this time
OF_ADDRESS = 60  # a shop's people share one
RECENT = 900  # seconds in which a sign-in is recent enough for a sensitive act


class SignInForm(LoginForm):
    """A name and a password. The name's field is called `username`, as browsers know it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # allauth has a translation of its own, which is English.
        self.fields["login"].label = pgettext_lazy("signing in", "Username")
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs |= {"autofocus": True, "autocapitalize": "none"}

    def add_prefix(self, field_name: str) -> str:
        return "username" if field_name == "login" else field_name


class AccountAdapter(DefaultAccountAdapter):
    """What allauth asks of the project: accounts are made by administrators, and by no one else."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _(
            "Please enter the correct user name and password of a staff account. Both may be"
            " case-sensitive."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return whose name and password these are, or None.

        Refuses further attempts before any password is hashed; what succeeds does not count.
        """
        name = str(credentials.get("username", ""))
        counted = {
            f"sign-in:account:{_digest(name.lower())}": OF_ACCOUNT,
            f"sign-in:address:{_digest(address_of(request))}": OF_ADDRESS,
        }
        wait = max(spend(each, limit, window=WINDOW).wait for each, limit in counted.items())
        if wait:
            REFUSED.labels("too_many_sign_ins").inc()
            _record_refused("sign_in.throttled", name)
            raise too_many_attempts(wait)
        try:
            user = authenticate(request, username=name, password=credentials.get("password"))
        except Overloaded as busy:
            raise forms.ValidationError(_("Many people are signing in. Try again.")) from busy
        if user is None:
            _record_refused("sign_in.refused", name, why="password")
            return None
        for each, limit in counted.items():
            give_back(each, limit, window=WINDOW)
        assert isinstance(user, User)
        return user

    def get_login_stages(self) -> list[str]:
        """Leave the second factor out where the identity provider has asked for one."""
        if getattr(self.request, "is_second_factor_given", False):
            return []
        stages: list[str] = super().get_login_stages()
        return stages

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        return not is_recent(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return how a person can sign in again: by the provider if there is no other way."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not methods and is_configured():
            methods = [{"id": "sign_on", "description": "", "url": reverse("sign_on")}]
        return methods

    def add_message(self, request: HttpRequest, level: int, *args: Any, **more: Any) -> None:
        """Say nothing of a sign-in that succeeded, which the page itself shows."""
        template = more.get("message_template") or (args[0] if args else "")
        if not str(template).startswith("account/messages/logged_"):
            super().add_message(request, level, *args, **more)


def is_recent(request: HttpRequest) -> bool:
    """Say whether this person has signed in, or has been asked again, lately."""
    times: list[float] = [request.session.get(BEGAN, 0)]
    for each in get_authentication_records(request, request.user):
        if each.get("reauthenticated"):
            times.append(each["at"])
    return time.time() - max(times) < RECENT


def too_many_attempts(wait: int) -> forms.ValidationError:
    """Return the refusal that names the seconds to wait, in minutes."""
    return forms.ValidationError(
        _("There were too many attempts. Try again in %(minutes)d min."),
        code="too_many_attempts",
        params={"minutes": -(-wait // 60)},
    )


def _record_refused(action: str, name: str, **data: Any) -> None:
    """Record which account was tried. A name without one may be a password in the wrong field."""
    person = User.objects.filter(username=name).first()
    record_refusal(
        actor=UNKNOWN if person is None else person.principal(),
        action=action,
        subject="sign-in" if person is None else f"users/{person.pk}",
        **data,
    )


def _digest(text: str) -> str:
    return keyed_digest("core.pages.signing_in", text.encode()).hex()[:32]
