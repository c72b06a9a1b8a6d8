"""The language of a page: the person's own choice, else the browser's."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import translation

from core.access.models import User
from core.pages.middleware import has_key

LANGUAGES = tuple(code for code, _ in settings.LANGUAGES)


class LanguageMiddleware:
    """Speaks the person's language while a page is made.

    Only then: the same thread answers requests with a key next, whose texts are English.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if has_key(request):
            return self.get_response(request)
        with translation.override(language_of(request)):
            response = self.get_response(request)
            if isinstance(response, TemplateResponse):
                response.render()
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response


def language_of(request: HttpRequest) -> str:
    chosen = request.user.language if isinstance(request.user, User) else ""
    if chosen in LANGUAGES:
        return chosen
    return translation.get_language_from_request(request)
