"""What the security log says of people who sign in and out, and of their second factors."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import user_logged_in as came_in_by_allauth
from allauth.mfa import signals as mfa
from django.contrib.auth import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from core.access.models import User
from core.audit.models import Outcome
from core.audit.record import record
from core.pages.second_factor import GIVEN, note_given


def _record(user: User, action: str, **data: Any) -> None:
    record(
        actor=user.principal(),
        action=action,
        subject=f"users/{user.pk}",
        security=Outcome.DONE,
        **data,
    )


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **more: Any) -> None:
    ways = [each["method"] for each in get_authentication_records(request, user)]
    _record(user, "signed_in", ways=ways)


@receiver(came_in_by_allauth)
def signed_on(request: HttpRequest, user: User, **more: Any) -> None:
    """The identity provider has asked for the second factor."""
    if getattr(request, "is_second_factor_given", False):
        note_given(request.session, user)


@receiver(user_logged_out)
def signed_out(user: User | None, **more: Any) -> None:
    if user is not None:
        _record(user, "signed_out")


@receiver(mfa.authenticator_used)
def second_factor_given(request: HttpRequest, user: User, **more: Any) -> None:
    note_given(request.session, user)


@receiver(mfa.authenticator_added)
def second_factor_added(request: HttpRequest, user: User, authenticator: Any, **more: Any) -> None:
    note_given(request.session, user)  # its first code was right
    _record(user, "second_factor.added", type=authenticator.type)


@receiver(mfa.authenticator_removed)
def second_factor_removed(
    request: HttpRequest, user: User, authenticator: Any, **more: Any
) -> None:
    request.session.pop(GIVEN, None)
    _record(user, "second_factor.removed", type=authenticator.type)


@receiver(mfa.authenticator_reset)
def recovery_codes_made(user: User, authenticator: Any, **more: Any) -> None:
    _record(user, "second_factor.codes_made", type=authenticator.type)
