"""What all pages of the floor share: who may open them, the place, one act for one press."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from core.access.models import User
from core.access.principal import Principal
from core.idempotency.answers import IdempotencyKey
from core.idempotency.execute import Effect, execute_once, retry_conflicts
from core.pages.language import LANGUAGES
from core.problems.catalogue import DomainError

T = TypeVar("T")

ROLES: dict[str, Promise] = {
    "associate": _("Store associate"),
    "operative": _("Warehouse operative"),
    "agent": _("Call-centre agent"),
    "manager": _("Manager"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu, for who has the scope."""

    title: Promise
    view: str
    scope: str


# Filled by the apps' `urls.py`, in the order in which they are included.
WORK: list[Link] = [Link(_("Today"), "today", "orders:read")]


def staff_page(scope: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Open a page to signed-in members of staff who have a scope."""

    def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @never_cache
        @login_required(login_url="admin:login")
        @wraps(view)
        def page(request: HttpRequest, **named: Any) -> HttpResponse:
            if not actor_of(request).may(scope):
                raise PermissionDenied
            return view(request, **named)

        return page

    return wrap


def actor_of(request: HttpRequest) -> Principal:
    """Return the member of staff who is signed in, as commands know actors."""
    assert isinstance(request.user, User)
    return request.user.principal()


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    """Answer with a page in the common layout."""
    actor = actor_of(request)
    assert isinstance(request.user, User)
    shell = {
        "languages": settings.LANGUAGES,
        "role_name": ROLES.get(request.user.role, ""),
        "menu": [
            {
                "title": link.title,
                "href": reverse(link.view),
                "is_here": request.path.startswith(reverse(link.view))
                and (link.view != "today" or request.path == reverse(link.view)),
            }
            for link in WORK
            if actor.may(link.scope)
        ],
    }
    return TemplateResponse(request, template, shell | context, status=status)


def new_key() -> str:
    """Return a key for a form: the form sent twice is one act."""
    return uuid.uuid4().hex


class NotDone(Exception):
    """An act was refused; the text says why, for the person who asked for it."""


def act_once(request: HttpRequest, effect: Effect) -> Any:
    """Do what a posted form asks for, once for its `form_key`; return the body, again for a repeat.

    Raises `NotDone`.
    """
    said = sorted((name, value) for name, value in request.POST.items() if name != TOKEN)
    key = IdempotencyKey(
        owner=actor_of(request).id,
        key=f"form:{request.POST.get('form_key', '')[:64]}",
        digest=hashlib.sha256(repr((request.path, said)).encode()).digest(),
    )
    try:
        answer = execute_once(key, effect)
    except DomainError as refusal:
        raise NotDone(refusal.detail) from refusal
    body = msgspec.json.decode(answer.body)
    if answer.status >= 400:
        raise NotDone(body["detail"])
    return body


def act(effect: Callable[[], T]) -> T:
    """Do what may be repeated without harm, in one transaction, again after a conflict.

    Raises `NotDone`.
    """

    def once() -> T:
        with transaction.atomic():
            return effect()

    try:
        return retry_conflicts(once)
    except DomainError as refusal:
        raise NotDone(refusal.detail) from refusal


TOKEN = "csrfmiddlewaretoken"


def refuse(request: HttpRequest, words: str) -> None:
    """Say on the next page why an act was not done."""
    messages.error(request, words)


@require_POST
@login_required(login_url="admin:login")
def change_language(request: HttpRequest) -> HttpResponse:
    """Keep the language that a person has chosen."""
    assert isinstance(request.user, User)
    chosen = request.POST.get("language", "")
    if chosen in LANGUAGES:
        request.user.language = chosen
        request.user.save(update_fields=["language"])
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return reverse("today")
