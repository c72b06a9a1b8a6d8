"""The endpoints that are asked most: DRF's views, without the steps that the usual request skips.

DRF's request, content negotiation and answer cost as much as all of Django before them. A request
that is usual in every outward way (a key, JSON in, JSON out) gets the same authentication, scope,
parser, method and problem documents here; any other goes through DRF's own `dispatch`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from core.access.authentication import ApiKeyAuthentication
from core.access.permissions import HasScope
from core.access.principal import Principal
from core.access.rate import charge
from core.api.requests import parse_json
from core.api.views import ApiView
from core.problems.handler import as_problem, problem_response

_JSON = ("application/json", "application/json; charset=utf-8")
_ANY = (None, "", "*/*", "application/json")
_authenticate = ApiKeyAuthentication().authenticate
_has_scope = HasScope().has_permission


class UsualRequest:
    """What a view reads of DRF's request: the principal, the JSON, the headers."""

    user: Principal | None = None
    data: Any

    def __init__(self, request: HttpRequest, view: ApiView) -> None:
        self.method, self.META = request.method, request.META
        self.get_full_path = request.get_full_path
        self.parser_context = {"view": view}


class FastView(ApiView):
    """An endpoint whose POST is asked very often. It answers with `HttpResponse`."""

    recent_keys = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_usual(request):
            return super().dispatch(request, *args, **kwargs)
        usual: Any = UsualRequest(request, self)
        self.request = usual
        try:
            known = _authenticate(usual)
            if known is not None:
                usual.user = known[0]
                charge(request, usual.user)
            _has_scope(usual, self)
            usual.data = parse_json(request.read())
            response: HttpResponseBase = self.post(usual, *args, **kwargs)  # type: ignore[attr-defined]
            return response
        except Exception as error:
            if usual.user is not None:
                request.user = usual.user
            return problem_response(as_problem(error))


def is_usual(request: HttpRequest) -> bool:
    """Say whether DRF would find nothing to choose or to refuse about a request's envelope."""
    meta = request.META
    return bool(
        request.method == "POST"
        and meta.get("HTTP_AUTHORIZATION")
        and meta.get("CONTENT_TYPE") in _JSON
        and meta.get("HTTP_ACCEPT") in _ANY
        and meta.get("CONTENT_LENGTH", "0") not in ("", "0")
        and not meta.get("QUERY_STRING")
    )


def json_answer(data: Any) -> HttpResponse:
    """Answer with plain values as JSON."""
    return HttpResponse(msgspec.json.encode(data), content_type="application/json")
